// Runs all native unit tests, or those whose name contains one of the arguments.
#include <algorithm>
#include <exception>
#include <string>

#include "check.h"

int main(int argc, char** argv) {
  int run = 0, failed = 0;
  for (const auto& [name, body] : check::registry().tests) {
    const bool wanted = argc == 1 || std::any_of(argv + 1, argv + argc, [&n = name](const char* part) {
                          return n.find(part) != std::string::npos;
                        });
    if (!wanted) continue;
    check::registry().failures = 0;
    try {
      body();
    } catch (const std::exception& error) {
      check::fail("exception", 0, error.what());
    }
    const int failures = check::registry().failures;
    std::printf("%s %s\n", failures ? "FAIL" : "ok  ", name.c_str());
    ++run;
    failed += failures ? 1 : 0;
  }
  std::printf("%d native tests, %d failed\n", run, failed);
  return failed || run == 0 ? 1 : 0;
}

// Runs all native unit tests, or those whose name contains one of the arguments; with --part I/N every N-th of them,
// from the I-th on.
#include <algorithm>
#include <cstdio>
#include <cstring>
#include <exception>
#include <string>

#include "check.h"

int main(int argc, char** argv) {
  int run = 0, failed = 0, number = 0, part = 1, parts = 1;
  if (argc > 2 && std::strcmp(argv[1], "--part") == 0) {
    if (std::sscanf(argv[2], "%d/%d", &part, &parts) != 2 || part < 1 || part > parts) {
      std::fprintf(stderr, "--part must be I/N with I from 1 to N, got %s\n", argv[2]);
      return 2;
    }
    argc -= 2;
    argv += 2;
  }
  for (const auto& [name, body] : check::registry().tests) {
    const bool wanted = argc == 1 || std::any_of(argv + 1, argv + argc, [&n = name](const char* part) {
                          return n.find(part) != std::string::npos;
                        });
    if (!wanted || number++ % parts != part - 1) continue;
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

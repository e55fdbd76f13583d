#pragma once

// The few macros that the native unit tests need: TEST(name) { ... }, CHECK, CHECK_CLOSE. main.cpp runs them.

#include <cmath>
#include <cstdio>
#include <functional>
#include <string>
#include <utility>
#include <vector>

namespace check {

struct Registry {
  std::vector<std::pair<std::string, std::function<void()>>> tests;
  int failures = 0;  // of the test that runs
};

inline Registry& registry() {
  static Registry instance;
  return instance;
}

struct Registration {
  Registration(const char* name, std::function<void()> body) { registry().tests.emplace_back(name, std::move(body)); }
};

inline void fail(const char* file, int line, const std::string& what) {
  // The first few say it; a tensor's worth of them says no more.
  if (++registry().failures <= 5) std::printf("    %s:%d: %s\n", file, line, what.c_str());
}

/// With as many digits as tell neighbouring results apart.
inline std::string digits(double value) {
  char text[32];
  std::snprintf(text, sizeof text, "%.12g", value);
  return text;
}

}  // namespace check

#define TEST(name)                                                             \
  static void test_##name();                                                   \
  static const ::check::Registration registration_##name(#name, &test_##name); \
  static void test_##name()

// LibTorch's logging header has a macro of that name; include this file after LibTorch's.
#undef CHECK
#define CHECK(condition)                                                          \
  do {                                                                            \
    if (!(condition)) ::check::fail(__FILE__, __LINE__, "not true: " #condition); \
  } while (false)

#define CHECK_CLOSE(actual, expected, tolerance)                                                           \
  do {                                                                                                     \
    const double check_a = (actual), check_e = (expected);                                                 \
    if (!(std::abs(check_a - check_e) <= (tolerance))) {                                                   \
      ::check::fail(__FILE__, __LINE__,                                                                    \
                    #actual " is " + ::check::digits(check_a) + ", expected " + ::check::digits(check_e)); \
    }                                                                                                      \
  } while (false)

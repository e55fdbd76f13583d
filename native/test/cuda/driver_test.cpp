// What is wrong with a driver is told apart, and said with what to do.
#include "cuda/driver.h"

#include <cstdlib>
#include <map>
#include <string>

#include "check.h"
#include "core/error.h"

namespace {

using byol::cuda::Driver;

/// What a driver says that answers so; empty where it opens.
std::string refusal(const std::map<std::string, std::string>& answers, int runtime, const char* file = FAKE_DRIVER) {
  for (const auto& [name, value] : answers) setenv(name.c_str(), value.c_str(), 1);
  std::string said;
  try {
    Driver::open(runtime, file);
  } catch (const byol::Error& error) {
    CHECK(error.code() == "ERR_BYOL_CUDA_UNAVAILABLE");
    said = error.what();
  }
  for (const auto& [name, value] : answers) unsetenv(name.c_str());
  return said;
}

bool says(const std::string& text, const char* words) {
  if (text.find(words) != std::string::npos) return true;
  std::printf("    it says: %s\n", text.c_str());
  return false;
}

TEST(cuda_driver_that_is_there) {
  setenv("FAKE_CUDA_DEVICES", "2", 1);
  const Driver driver = Driver::open(13000, FAKE_DRIVER);
  CHECK(driver.devices() == 2);
  CHECK(driver.version() == 13000);
  CHECK(driver.name(1) == "Fake card 1");
  CHECK(driver.capability(0) == 90);
  CHECK(driver.memory(0) == size_t{80} << 30);
  unsetenv("FAKE_CUDA_DEVICES");
}

TEST(cuda_driver_problems_are_told_apart) {
  CHECK(says(refusal({}, 13000, "libcuda-of-nowhere.so.1"), "there is no NVIDIA driver (libcuda-of-nowhere.so.1"));
  CHECK(says(refusal({{"FAKE_CUDA_VERSION", "12040"}}, 13000),
             "too old: it runs CUDA up to 12.4, and LibTorch is built for 13.0; update"));
  // Newer minor versions run on older drivers, and newer drivers run what is older.
  CHECK(refusal({{"FAKE_CUDA_VERSION", "13000"}}, 13020).empty());
  CHECK(refusal({{"FAKE_CUDA_VERSION", "14010"}}, 13000).empty());
  CHECK(says(refusal({{"FAKE_CUDA_INIT", "100"}}, 13000), "shows no device"));
  CHECK(says(refusal({{"FAKE_CUDA_DEVICES", "0"}, {"CUDA_VISIBLE_DEVICES", "7"}}, 13000),
             "shows no device: CUDA_VISIBLE_DEVICES is '7'"));
  CHECK(says(refusal({{"FAKE_CUDA_INIT", "803"}}, 13000), "does not start: system has unsupported display driver"));
}

TEST(cuda_cards_below_the_least_capability_are_refused) {
  CHECK(byol::cuda::capability_problem(0, "Fake", 80).empty());
  CHECK(byol::cuda::capability_problem(1, "Fake", 120).empty());
  CHECK(says(byol::cuda::capability_problem(1, "Tesla T4", 75),
             "cuda:1 (Tesla T4) has compute capability 7.5, and the kernels need 8.0 or more"));
}

}  // namespace

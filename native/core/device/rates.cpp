#include "core/device/rates.h"

#include <ATen/core/grad_mode.h>

#include <algorithm>
#include <chrono>
#include <functional>

#include "core/device/device_mode.h"
#include "core/device/runtime.h"

namespace byol {
namespace {

using Clock = std::chrono::steady_clock;

// Each is repeated for so long, in tries whose best counts: what else the machine does makes single ones slower.
constexpr double kSeconds = 0.25, kTrySeconds = 0.02;

double seconds_of(at::Device device, int repetitions, const std::function<void()>& work) {
  DeviceRuntime* const runtime = device_runtime(device);
  if (runtime != nullptr) runtime->synchronize();
  const Clock::time_point start = Clock::now();
  for (int i = 0; i < repetitions; ++i) work();
  if (runtime != nullptr) runtime->synchronize();
  return std::chrono::duration<double>(Clock::now() - start).count();
}

/// Of one `work`, at best.
double least_seconds(at::Device device, const std::function<void()>& work) {
  work();  // makes kernels and memory
  const double once = std::max(1e-7, seconds_of(device, 1, work));
  const int repetitions = static_cast<int>(std::clamp(kTrySeconds / once, 1.0, 1e6));
  double least = once;
  for (double spent = 0.0; spent < kSeconds;) {
    const double seconds = seconds_of(device, repetitions, work);
    spent += seconds;
    least = std::min(least, seconds / repetitions);
  }
  return least;
}

}  // namespace

DeviceRates measure_rates(at::Device device, at::ScalarType type) {
  const at::NoGradGuard no_grad;
  use_device(device);
  const DeviceMode mode(/*deterministic=*/false);
  // Large enough that starting costs nothing and no cache holds the copy.
  const int64_t side = device.is_cpu() ? 1024 : 8192;
  const int64_t bytes = int64_t{1} << (device.is_cpu() ? 27 : 30);
  const auto options = at::TensorOptions().device(device);
  DeviceRates rates{};
  {
    const at::Tensor a = at::full({side, side}, 0.5, options.dtype(type)), b = at::full_like(a, 0.25);
    at::Tensor out = at::empty_like(a);
    const double operations = 2.0 * static_cast<double>(side) * static_cast<double>(side) * static_cast<double>(side);
    rates.matrix = operations / least_seconds(device, [&] { at::mm_out(out, a, b); });
  }
  const at::Tensor from = at::zeros({bytes}, options.dtype(at::kByte)), to = at::empty_like(from);
  rates.copy = 2.0 * static_cast<double>(bytes) / least_seconds(device, [&] { to.copy_(from); });
  return rates;
}

}  // namespace byol

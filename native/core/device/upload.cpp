#include "core/device/upload.h"

#include <algorithm>

#include "core/device/runtime.h"

namespace byol {

at::Tensor uploaded(at::IntArrayRef numbers, at::Device device) {
  DeviceRuntime* const runtime = device_runtime(device);
  if (runtime == nullptr) return at::tensor(numbers, at::kLong).to(device);
  const auto count = static_cast<int64_t>(numbers.size());
  const at::Tensor host = runtime->host_buffer(count * static_cast<int64_t>(sizeof(int64_t))).view(at::kLong);
  std::ranges::copy(numbers, host.data_ptr<int64_t>());
  const at::Tensor out = at::empty({count}, at::TensorOptions().dtype(at::kLong).device(device));
  return out.copy_(host, /*non_blocking=*/true);
}

}  // namespace byol

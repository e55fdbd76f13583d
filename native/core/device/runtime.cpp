#include "core/device/runtime.h"

#include <array>
#include <atomic>

#include "core/error.h"

namespace byol {
namespace {

constexpr std::size_t kMostDevices = 64;

struct Registry {
  std::atomic<DeviceRuntime*> cpu = nullptr;
  std::array<std::atomic<DeviceRuntime*>, kMostDevices> cuda{};
};

std::atomic<DeviceRuntime*>& slot(at::Device device) {
  static Registry registry;
  if (device.is_cpu()) return registry.cpu;
  const auto index = static_cast<std::size_t>(device.has_index() ? device.index() : 0);
  if (device.is_cuda() && index < kMostDevices) return registry.cuda[index];
  throw Error("ERR_BYOL_VALUE", "There are no kernels for the device '" + device.str() + "'.");
}

}  // namespace

DeviceRuntime* device_runtime(at::Device device) { return slot(device); }

at::Device use_device(at::Device device) {
  if (DeviceRuntime* const runtime = device_runtime(device)) runtime->enter_thread();
  return device;
}

void register_device_runtime(at::Device device, DeviceRuntime* runtime) { slot(device) = runtime; }

}  // namespace byol

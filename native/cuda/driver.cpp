#include "cuda/driver.h"

#include <dlfcn.h>

#include <cstdlib>

#include "core/error.h"

namespace byol::cuda {
namespace {

// Of the driver's C interface, which has kept them since CUDA 2.
constexpr int kNoDevice = 100;
constexpr int kCapabilityMajor = 75;
constexpr int kCapabilityMinor = 76;

[[noreturn]] void unavailable(const std::string& message) { throw Error("ERR_BYOL_CUDA_UNAVAILABLE", message); }

std::string hidden_devices() {
  const char* const visible = std::getenv("CUDA_VISIBLE_DEVICES");
  return visible == nullptr ? std::string() : std::string(": CUDA_VISIBLE_DEVICES is '") + visible + "'";
}

}  // namespace

std::string capability_text(int capability) {
  return std::to_string(capability / 10) + "." + std::to_string(capability % 10);
}

std::string version_text(int version) {
  return std::to_string(version / 1000) + "." + std::to_string(version % 1000 / 10);
}

Driver Driver::open(int runtime, const std::string& file) {
  void* const library = dlopen(file.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (library == nullptr) {
    unavailable(std::string("there is no NVIDIA driver (") + dlerror() +
                "); install one, or give the container the host's (docker run --gpus all)");
  }
  Driver driver(library);
  // The version can be asked for before anything is initialised, which an old driver may refuse.
  const auto version = reinterpret_cast<int (*)(int*)>(driver.function("cuDriverGetVersion"));
  if (const int result = version(&driver.version_); result != 0) driver.refuse(result, "does not tell its version");
  // Within a major version, an older driver runs what newer runtimes compiled.
  if (driver.version_ / 1000 < runtime / 1000) {
    unavailable("the NVIDIA driver is too old: it runs CUDA up to " + version_text(driver.version_) +
                ", and LibTorch is built for " + version_text(runtime) +
                "; update the driver, or take a LibTorch for the older CUDA");
  }
  const auto initialise = reinterpret_cast<int (*)(unsigned)>(driver.function("cuInit"));
  if (const int result = initialise(0); result != 0 && result != kNoDevice) driver.refuse(result, "does not start");
  else if (result == 0) {
    const auto count = reinterpret_cast<int (*)(int*)>(driver.function("cuDeviceGetCount"));
    if (const int counted = count(&driver.devices_); counted != 0) driver.refuse(counted, "does not count its devices");
  }
  if (driver.devices_ == 0) unavailable("the NVIDIA driver shows no device" + hidden_devices());
  return driver;
}

void* Driver::function(const char* name) const {
  void* const found = dlsym(library_, name);
  if (found == nullptr) {
    unavailable(std::string("the NVIDIA driver is too old: it has no function ") + name + "; update it");
  }
  return found;
}

void Driver::refuse(int result, const std::string& what) const {
  const char* text = nullptr;
  if (const auto describe = reinterpret_cast<int (*)(int, const char**)>(dlsym(library_, "cuGetErrorString"))) {
    describe(result, &text);
  }
  unavailable("the NVIDIA driver " + what + ": " + (text != nullptr ? text : "error") + " (" + std::to_string(result) +
              "); nvidia-smi tells more, and a restart mends a driver that was updated");
}

int Driver::handle(int device) const {
  int out = 0;
  const auto get = reinterpret_cast<int (*)(int*, int)>(function("cuDeviceGet"));
  if (const int result = get(&out, device); result != 0) refuse(result, "does not give cuda:" + std::to_string(device));
  return out;
}

std::string Driver::name(int device) const {
  char out[256] = {};
  const auto get = reinterpret_cast<int (*)(char*, int, int)>(function("cuDeviceGetName"));
  if (const int result = get(out, sizeof out, handle(device)); result != 0) refuse(result, "does not name a device");
  return out;
}

int Driver::attribute(int device, int number) const {
  int out = 0;
  const auto get = reinterpret_cast<int (*)(int*, int, int)>(function("cuDeviceGetAttribute"));
  if (const int result = get(&out, number, handle(device)); result != 0) refuse(result, "does not describe a device");
  return out;
}

int Driver::capability(int device) const {
  return 10 * attribute(device, kCapabilityMajor) + attribute(device, kCapabilityMinor);
}

std::size_t Driver::memory(int device) const {
  std::size_t out = 0;
  const auto get = reinterpret_cast<int (*)(std::size_t*, int)>(function("cuDeviceTotalMem_v2"));
  if (const int result = get(&out, handle(device)); result != 0) refuse(result, "does not tell a device's memory");
  return out;
}

std::string capability_problem(int device, const std::string& name, int capability) {
  if (capability >= kLeastCapability) return {};
  return "cuda:" + std::to_string(device) + " (" + name + ") has compute capability " + capability_text(capability) +
         ", and the kernels need " + capability_text(kLeastCapability) + " or more; take another card";
}

}  // namespace byol::cuda

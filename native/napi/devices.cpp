#include "napi/devices.h"

#include <ATen/Context.h>
#include <ATen/Parallel.h>
#include <ATen/detail/CUDAHooksInterface.h>
#include <c10/util/Exception.h>
#include <dlfcn.h>

#include <charconv>
#include <filesystem>
#include <system_error>

#include "core/error.h"

namespace byol::napi {
namespace {

constexpr const char* kCpuBuild = "the LibTorch in use is a CPU build";

// CUDA registers itself when its library is opened. A linker that dropped it, or an addon built against the CPU flavour
// of the same version, leaves it out. Returns why it is not there, or nothing.
std::string open_cuda_library() {
  Dl_info library;
  if (dladdr(reinterpret_cast<void*>(&at::get_num_threads), &library) == 0) return "the folder of LibTorch is unknown";
  const auto file = std::filesystem::path(library.dli_fname).parent_path() / "libtorch_cuda.so";
  std::error_code ignored;
  if (!std::filesystem::exists(file, ignored)) return kCpuBuild;
  // Never through at::hasCUDA() first: LibTorch remembers for good that there was none.
  return dlopen(file.c_str(), RTLD_NOW | RTLD_GLOBAL) == nullptr ? dlerror() : "";
}

const std::string& cuda_library_problem() {
  static const auto* const problem = new std::string(open_cuda_library());
  return *problem;
}

}  // namespace

void load_cuda_library() { cuda_library_problem(); }

CudaStatus cuda_status() {
  CudaStatus status;
  status.problem = cuda_library_problem();
  status.built = status.problem != kCpuBuild;
  if (!status.problem.empty()) return status;
  try {
    status.devices = at::hasCUDA() ? at::detail::getCUDAHooks().deviceCount() : 0;
    if (status.devices == 0) {
      status.problem = "no device is visible (no driver, one that is too old, or CUDA_VISIBLE_DEVICES hides them)";
    }
  } catch (const c10::Error& error) {
    status.problem = error.what_without_backtrace();
  }
  return status;
}

at::Device to_device(const std::string& name) {
  if (name == "cpu") return at::kCPU;
  const bool cuda = name == "cuda" || name.rfind("cuda:", 0) == 0;
  if (cuda) {
    const CudaStatus status = cuda_status();
    if (!status.problem.empty()) {
      throw Error("ERR_BYOL_CUDA_UNAVAILABLE", "The device '" + name + "' cannot be used: " + status.problem + ".");
    }
    int index = 0;
    const char* const end = name.data() + name.size();
    const auto [last, error] = std::from_chars(name.data() + std::min<size_t>(5, name.size()), end, index);
    if (error == std::errc() && last == end && index >= 0) {
      if (index < status.devices) return {at::kCUDA, static_cast<at::DeviceIndex>(index)};
      throw Error("ERR_BYOL_CUDA_UNAVAILABLE",
                  "There is no device '" + name + "': CUDA shows " + std::to_string(status.devices) + ".");
    }
  }
  throw Error("ERR_BYOL_VALUE", "device must be 'cpu' or 'cuda:N', got '" + name + "'.");
}

}  // namespace byol::napi

#include "napi/devices.h"

#include <ATen/Parallel.h>
#include <c10/util/Exception.h>
#include <dlfcn.h>

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <mutex>
#include <optional>
#include <system_error>

#include "core/device/runtime.h"
#include "core/error.h"
#include "cuda/build.h"
#include "cuda/driver.h"
#include "cuda/library.h"

namespace byol::napi {
namespace {

constexpr const char* kCpuBuild = "the LibTorch in use is a CPU build";
constexpr const char* kHowToGetCuda = "; npx byol setup --device cuda gets a CUDA build";

template <class Function>
std::filesystem::path file_of(Function* function) {
  Dl_info library;
  if (dladdr(reinterpret_cast<void*>(function), &library) == 0) return {};
  return library.dli_fname;
}

// CUDA registers itself when its library is opened. A linker that dropped it, or an addon built against the CPU flavour
// of the same version, leaves it out. Returns why it is not there, or nothing.
std::string open_torch_cuda() {
  const auto file = file_of(&at::get_num_threads).parent_path() / "libtorch_cuda.so";
  std::error_code ignored;
  if (!std::filesystem::exists(file, ignored)) return kCpuBuild;
  // Never through at::hasCUDA() first: LibTorch remembers for good that there was none.
  if (dlopen(file.c_str(), RTLD_NOW | RTLD_GLOBAL) != nullptr) return {};
  return std::string("the CUDA part of LibTorch does not load (") + dlerror() +
         "); the Python package torch brings what it needs: install it with its dependencies";
}

const std::string& torch_cuda_problem() {
  static const auto* const problem = new std::string(open_torch_cuda());
  return *problem;
}

// Of LibTorch's CUDA runtime, which is open by now: 13000 for 13.0; 0 where it does not tell.
int runtime_version() {
  int version = 0;
  using Function = int (*)(int*);
  const auto ask = reinterpret_cast<Function>(dlsym(RTLD_DEFAULT, "cudaRuntimeGetVersion"));
  return ask != nullptr && ask(&version) == 0 ? version : 0;
}

/// What byol.node knows of CUDA in this process.
struct Cuda {
  CudaStatus status;
  std::optional<cuda::Driver> driver;
  cuda::RuntimeFunction make_runtime = nullptr;
};

// Throws ERR_BYOL_CUDA_UNAVAILABLE.
cuda::RuntimeFunction open_own_library() {
  const auto refuse = [](const std::string& why) { throw Error("ERR_BYOL_CUDA_UNAVAILABLE", why); };
  if (*BYOL_CUDA_MISSING != '\0') {
    refuse("the addon was built without its CUDA library: " BYOL_CUDA_MISSING);
  }
  const auto file = file_of(&load_cuda_library).parent_path() / "byol_cuda.so";
  void* const library = dlopen(file.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (library == nullptr) {
    refuse(std::string("the addon's CUDA library does not load (") + dlerror() + "); build again: npx byol build");
  }
  const auto build = reinterpret_cast<cuda::BuildFunction>(dlsym(library, "byol_cuda_build"));
  const auto make = reinterpret_cast<cuda::RuntimeFunction>(dlsym(library, "byol_cuda_runtime"));
  if (build == nullptr || make == nullptr || std::string(build()) != BYOL_CUDA_BUILD) {
    refuse(file.string() + " is of another build than the addon; build again: npx byol build");
  }
  return make;
}

void look_at_devices(Cuda& found) {
  found.driver = cuda::Driver::open(runtime_version());
  const cuda::Driver& driver = *found.driver;
  found.status.driver = cuda::version_text(driver.version());
  std::string unsupported;
  bool some = false;
  for (int i = 0; i < driver.devices(); ++i) {
    const std::string name = driver.name(i);
    const int capability = driver.capability(i);
    found.status.devices.push_back(name + " (" + cuda::capability_text(capability) + ")");
    const std::string problem = cuda::capability_problem(i, name, capability);
    some = some || problem.empty();
    if (unsupported.empty()) unsupported = problem;
  }
  if (!some) throw Error("ERR_BYOL_CUDA_UNAVAILABLE", unsupported);
}

Cuda look() {
  Cuda found;
  const std::string& torch = torch_cuda_problem();
  found.status.built = torch != kCpuBuild;
  found.status.problem = found.status.built ? torch : std::string(kCpuBuild) + kHowToGetCuda;
  if (!torch.empty()) return found;
  try {
    look_at_devices(found);
    found.make_runtime = open_own_library();
  } catch (const Error& error) {
    found.status.problem = error.what();
  }
  return found;
}

// Once: what is there does not change while a process runs.
const Cuda& cuda_here() {
  static const auto* const found = new Cuda(look());
  return *found;
}

std::mutex runtimes_mutex;

std::string& kernel_folder() {
  static auto* const folder = new std::string();
  return *folder;
}

at::Device open_device(const std::string& name, int index) {
  const Cuda& here = cuda_here();
  const auto refuse = [&](const std::string& why) {
    throw Error("ERR_BYOL_CUDA_UNAVAILABLE", "The device '" + name + "' cannot be used: " + why + ".");
  };
  if (!here.status.problem.empty()) refuse(here.status.problem);
  const int count = here.driver->devices();
  if (index >= count) {
    throw Error("ERR_BYOL_CUDA_UNAVAILABLE", "There is no device '" + name + "': CUDA shows " + std::to_string(count) + ".");
  }
  const std::string problem = cuda::capability_problem(index, here.driver->name(index), here.driver->capability(index));
  if (!problem.empty()) refuse(problem);
  const at::Device device(at::kCUDA, static_cast<at::DeviceIndex>(index));
  const std::lock_guard lock(runtimes_mutex);
  if (device_runtime(device) == nullptr) {
    register_device_runtime(device, here.make_runtime(*here.driver, index, kernel_folder().c_str()));
  }
  return device;
}

}  // namespace

void load_cuda_library() { torch_cuda_problem(); }

const CudaStatus& cuda_status() { return cuda_here().status; }

void keep_kernels_in(const std::string& folder) {
  const std::lock_guard lock(runtimes_mutex);
  kernel_folder() = folder;
}

at::Device to_device(const std::string& name) {
  if (name == "cpu") return at::kCPU;
  if (name == "cuda") return open_device(name, 0);
  if (name.rfind("cuda:", 0) == 0) {
    int index = 0;
    const char* const end = name.data() + name.size();
    const auto [last, error] = std::from_chars(name.data() + 5, end, index);
    if (error == std::errc() && last == end && index >= 0) return open_device(name, index);
  }
  throw Error("ERR_BYOL_VALUE", "device must be 'cpu' or 'cuda:N', got '" + name + "'.");
}

}  // namespace byol::napi

#include "napi/devices.h"

#include <ATen/Context.h>
#include <ATen/Parallel.h>
#include <ATen/Version.h>
#include <ATen/detail/CUDAHooksInterface.h>
#include <dlfcn.h>
#include <torch/version.h>

#include <filesystem>

#ifdef BYOL_HAVE_JPEG
#include <cstdio>
// jpeglib.h needs stdio's types.
#include <jpeglib.h>
#endif

#include "core/error.h"

namespace byol::napi {
namespace {

#define BYOL_TEXT(x) #x
#define BYOL_VERSION_TEXT(x) BYOL_TEXT(x)

std::string compiled_torch_version() {
  return BYOL_VERSION_TEXT(TORCH_VERSION_MAJOR) "." BYOL_VERSION_TEXT(TORCH_VERSION_MINOR) "." BYOL_VERSION_TEXT(
      TORCH_VERSION_PATCH);
}

// CUDA registers itself when its library is loaded. A linker that dropped it, or an addon built against the CPU flavour
// of the same version, leaves it out: then load the one beside libtorch_cpu.
std::string load_cuda_library() {
  if (at::hasCUDA()) return {};
  Dl_info library;
  if (dladdr(reinterpret_cast<void*>(&at::get_num_threads), &library) == 0) return "LibTorch's folder is unknown.";
  const auto file = std::filesystem::path(library.dli_fname).parent_path() / "libtorch_cuda.so";
  if (!std::filesystem::exists(file)) return "the LibTorch in use is a CPU build.";
  if (dlopen(file.c_str(), RTLD_NOW | RTLD_GLOBAL) == nullptr) return dlerror();
  return {};
}

bool has_bfloat16_instructions() {
#if defined(__x86_64__)
  __builtin_cpu_init();
  return __builtin_cpu_supports("avx512bf16");
#else
  return false;
#endif
}

}  // namespace

std::string loaded_torch_version() {
  // A plain C function of LibTorch's stable interface; absent from versions that lack it.
  using Version = uint64_t (*)();
  const auto version = reinterpret_cast<Version>(dlsym(RTLD_DEFAULT, "aoti_torch_abi_version"));
  if (version == nullptr) return {};
  const uint64_t bytes = version();
  const auto part = [bytes](int shift) { return std::to_string((bytes >> shift) & 0xFF); };
  return part(56) + "." + part(48) + "." + part(40);
}

void check_torch_version() {
  const std::string loaded = loaded_torch_version(), compiled = compiled_torch_version();
  const auto minor = [](const std::string& version) { return version.substr(0, version.rfind('.')); };
  if (loaded.empty() || minor(loaded) == minor(compiled)) return;
  throw Error("ERR_BYOL_LIBTORCH_MISMATCH", "The addon was built for LibTorch " + compiled + ", but " + loaded +
                                                " is loaded. Rebuild it with: npx byol build");
}

CudaStatus cuda_status() {
  CudaStatus status;
  status.problem = load_cuda_library();
  status.built = at::hasCUDA() || status.problem.find("CPU build") == std::string::npos;
  if (!status.problem.empty()) return status;
  status.devices = at::detail::getCUDAHooks().deviceCount();
  if (status.devices == 0)
    status.problem = "no device is visible (driver missing or too old, or CUDA_VISIBLE_DEVICES hides it).";
  return status;
}

Napi::Value info(const Napi::CallbackInfo& call) {
  const Napi::Env env = call.Env();
  const CudaStatus cuda = cuda_status();
  Napi::Object out = Napi::Object::New(env);
  out.Set("torchCompiled", compiled_torch_version());
  out.Set("torchLoaded", loaded_torch_version());
  out.Set("cpuCapability", at::get_cpu_capability());
  out.Set("cpuBfloat16", has_bfloat16_instructions());
  out.Set("threads", at::get_num_threads());
  out.Set("cudaBuilt", cuda.built);
  out.Set("cudaDevices", static_cast<double>(cuda.devices));
  out.Set("cudaProblem", cuda.problem);
#if defined(BYOL_HAVE_JPEG) && defined(LIBJPEG_TURBO_VERSION)
  out.Set("jpeg", "libjpeg-turbo " BYOL_VERSION_TEXT(LIBJPEG_TURBO_VERSION));
#elif defined(BYOL_HAVE_JPEG)
  out.Set("jpeg", "libjpeg " BYOL_VERSION_TEXT(JPEG_LIB_VERSION));
#else
  out.Set("jpeg", "");
#endif
  return out;
}

}  // namespace byol::napi

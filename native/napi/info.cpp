#include "napi/info.h"

#include <ATen/Version.h>
#include <dlfcn.h>
#include <torch/version.h>

#include <string>

#if defined(__x86_64__)
#include <cpuid.h>
#elif defined(__aarch64__) && defined(__linux__)
#include <asm/hwcap.h>
#include <sys/auxv.h>
#endif

#ifdef BYOL_HAVE_JPEG
#include <cstdio>
// jpeglib.h needs stdio's types.
#include <jpeglib.h>
#endif

#include "core/error.h"
#include "napi/devices.h"
#include "napi/errors.h"
#include "napi/thread_count.h"

namespace byol::napi {
namespace {

#define BYOL_TEXT(x) #x
#define BYOL_VALUE_TEXT(x) BYOL_TEXT(x)

struct Version {
  unsigned major, minor, patch;
  std::string text() const { return std::to_string(major) + "." + std::to_string(minor) + "." + std::to_string(patch); }
};

constexpr Version kCompiled = {TORCH_VERSION_MAJOR, TORCH_VERSION_MINOR, TORCH_VERSION_PATCH};

// From a plain C function of LibTorch's stable interface, looked up so that a LibTorch without it is no link error; all
// zeros then.
Version loaded_version() {
  using Function = uint64_t (*)();
  const auto version = reinterpret_cast<Function>(dlsym(RTLD_DEFAULT, "aoti_torch_abi_version"));
  if (version == nullptr) return {0, 0, 0};
  const uint64_t bytes = version();
  const auto part = [bytes](int shift) { return static_cast<unsigned>(bytes >> shift & 0xFF); };
  return {part(56), part(48), part(40)};
}

// Instructions that multiply bfloat16 numbers; without them bfloat16 only costs.
bool has_bfloat16_instructions() {
#if defined(__x86_64__)
  __builtin_cpu_init();
  if (__builtin_cpu_supports("avx512bf16")) return true;
  // Not every compiler has a name for it.
  constexpr unsigned kAmxBf16 = 1U << 22;
  unsigned a = 0, b = 0, c = 0, d = 0;
  return __get_cpuid_count(7, 0, &a, &b, &c, &d) != 0 && (d & kAmxBf16) != 0;
#elif defined(__aarch64__) && defined(HWCAP2_BF16)
  return (getauxval(AT_HWCAP2) & HWCAP2_BF16) != 0;
#else
  return false;
#endif
}

std::string jpeg_version() {
#if defined(BYOL_HAVE_JPEG) && defined(LIBJPEG_TURBO_VERSION)
  return "libjpeg-turbo " BYOL_VALUE_TEXT(LIBJPEG_TURBO_VERSION);
#elif defined(BYOL_HAVE_JPEG)
  return "libjpeg " BYOL_VALUE_TEXT(JPEG_LIB_VERSION);
#else
  return {};
#endif
}

}  // namespace

void check_torch_version() {
  const Version loaded = loaded_version();
  if (loaded.major == 0) return;
  if (loaded.major == kCompiled.major && loaded.minor == kCompiled.minor) return;
  throw Error("ERR_BYOL_LIBTORCH_MISMATCH", "The addon was built for LibTorch " + kCompiled.text() + ", but " +
                                                loaded.text() + " is loaded. Rebuild it with: npx byol build");
}

Napi::Value info(const Napi::CallbackInfo& call) {
  const Napi::Env env = call.Env();
  return guard(env, [&]() -> Napi::Value {
    const CudaStatus& cuda = cuda_status();
    Napi::Array names = Napi::Array::New(env, cuda.devices.size());
    for (uint32_t i = 0; i < cuda.devices.size(); ++i) names.Set(i, Napi::String::New(env, cuda.devices[i]));
    const Version loaded = loaded_version();
    Napi::Object out = Napi::Object::New(env);
    out.Set("torchCompiled", kCompiled.text());
    out.Set("torchLoaded", loaded.major == 0 ? std::string() : loaded.text());
    out.Set("cpuCapability", at::get_cpu_capability());
    out.Set("cpuBfloat16", has_bfloat16_instructions());
    out.Set("threads", ThreadCount::get());
    out.Set("cudaBuilt", cuda.built);
    out.Set("cudaDevices", static_cast<double>(cuda.devices.size()));
    out.Set("cudaDeviceNames", names);
    out.Set("cudaDriver", cuda.driver);
    out.Set("cudaProblem", cuda.problem);
    out.Set("jpeg", jpeg_version());
    return out;
  });
}

}  // namespace byol::napi

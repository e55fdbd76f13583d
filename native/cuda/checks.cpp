#include "cuda/checks.h"

#include <dlfcn.h>

#include <algorithm>
#include <iterator>

#include "core/error.h"
#include "cuda/driver.h"

namespace byol::cuda {
namespace {

static_assert(static_cast<int>(CUDA_ERROR_OUT_OF_MEMORY) == static_cast<int>(cudaErrorMemoryAllocation));
static_assert(static_cast<int>(CUDA_ERROR_LAUNCH_FAILED) == static_cast<int>(cudaErrorLaunchFailure));

// What a kernel did when it ran, of which a later call is told; the numbers are the same in the driver's interface and in the
// runtime's. None of them leaves the process a card.
bool of_running_kernel(int result) {
  constexpr int kernels[] = {CUDA_ERROR_ILLEGAL_ADDRESS,      CUDA_ERROR_LAUNCH_TIMEOUT,     CUDA_ERROR_ASSERT,
                             CUDA_ERROR_HARDWARE_STACK_ERROR, CUDA_ERROR_ILLEGAL_INSTRUCTION, CUDA_ERROR_MISALIGNED_ADDRESS,
                             CUDA_ERROR_INVALID_ADDRESS_SPACE, CUDA_ERROR_INVALID_PC,         CUDA_ERROR_LAUNCH_FAILED};
  return std::find(std::begin(kernels), std::end(kernels), result) != std::end(kernels);
}

[[noreturn]] void fail(int result, const std::string& what, const std::string& name, const std::string& text) {
  const std::string said = what + ": " + text + " (" + name + ").";
  if (result == CUDA_ERROR_OUT_OF_MEMORY) {
    throw Error("ERR_BYOL_OOM", said + " " + kMemoryFull);
  }
  if (of_running_kernel(result)) {
    throw Error("ERR_BYOL_DEVICE", said + " An earlier kernel did that; with CUDA_LAUNCH_BLOCKING=1 in the environment the "
                                          "message names it.");
  }
  throw Error("ERR_BYOL_DEVICE", said);
}

// Of the driver that is open already; without linking to it.
const char* text_of(const char* function, CUresult result) {
  const char* text = nullptr;
  void* const library = dlopen("libcuda.so.1", RTLD_NOW | RTLD_NOLOAD);
  using Describe = CUresult (*)(CUresult, const char**);
  if (const auto describe = library ? reinterpret_cast<Describe>(dlsym(library, function)) : nullptr) {
    describe(result, &text);
  }
  if (library != nullptr) dlclose(library);
  return text != nullptr ? text : "unknown";
}

}  // namespace

void check(cudaError_t result, const char* what) {
  if (result == cudaSuccess) return;
  cudaGetLastError();  // LibTorch's next check is about its own calls
  fail(static_cast<int>(result), what, cudaGetErrorName(result), cudaGetErrorString(result));
}

void check(CUresult result, const std::string& what) {
  if (result == CUDA_SUCCESS) return;
  fail(static_cast<int>(result), what, text_of("cuGetErrorName", result), text_of("cuGetErrorString", result));
}

}  // namespace byol::cuda

#include "cuda/checks.h"

#include <dlfcn.h>

#include "core/error.h"

namespace byol::cuda {
namespace {

[[noreturn]] void fail(bool memory, const std::string& what, const std::string& name, const std::string& text) {
  const std::string said = what + ": " + text + " (" + name + ").";
  if (memory) {
    throw Error("ERR_BYOL_OOM", said + " The card's memory is full: take a smaller batch or more micro-batches, or end other "
                                       "programs on the card (nvidia-smi lists them).");
  }
  // Kernels run later than they are started: the call that is told of a failure is seldom the one that caused it.
  throw Error("ERR_BYOL_DEVICE",
              said + " Where an earlier kernel is to blame, CUDA_LAUNCH_BLOCKING=1 in the environment finds it.");
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
  fail(result == cudaErrorMemoryAllocation, what, cudaGetErrorName(result), cudaGetErrorString(result));
}

void check(CUresult result, const std::string& what) {
  if (result == CUDA_SUCCESS) return;
  fail(result == CUDA_ERROR_OUT_OF_MEMORY, what, text_of("cuGetErrorName", result), text_of("cuGetErrorString", result));
}

}  // namespace byol::cuda

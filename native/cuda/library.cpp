#include "cuda/library.h"

#include <map>
#include <memory>
#include <mutex>

#include "cuda/build.h"
#include "cuda/runtime.h"

#define BYOL_EXPORT __attribute__((visibility("default")))

BYOL_EXPORT const char* byol_cuda_build() { return BYOL_CUDA_BUILD; }

BYOL_EXPORT byol::DeviceRuntime* byol_cuda_runtime(const byol::cuda::Driver& driver, int index, const char* cache) {
  static std::mutex mutex;
  // Leaked: at the process's end the driver is gone before our destructors run.
  static auto* const runtimes = new std::map<int, std::unique_ptr<byol::cuda::CudaRuntime>>();
  const std::lock_guard lock(mutex);
  auto& runtime = (*runtimes)[index];
  if (runtime == nullptr) runtime = std::make_unique<byol::cuda::CudaRuntime>(driver, index, cache);
  return runtime.get();
}

#include "cuda/runtime.h"

#include <ATen/ATen.h>
#include <c10/cuda/CUDACachingAllocator.h>
#include <c10/cuda/CUDAFunctions.h>
#include <dlfcn.h>

#include <filesystem>
#include <map>

#include "core/error.h"
#include "cuda/checks.h"
#include "cuda/graph.h"

namespace byol::cuda {
namespace {

// Where the compiler lies beside LibTorch: in the official archive, and in the Python packages of CUDA 13 and 12.
std::vector<std::string> nvrtc_folders() {
  Dl_info library;
  if (dladdr(reinterpret_cast<void*>(&c10::cuda::device_synchronize), &library) == 0) return {};
  const auto lib = std::filesystem::path(library.dli_fname).parent_path();
  const auto packages = lib / ".." / ".." / "nvidia";
  return {lib, packages / "cu13" / "lib", packages / "cuda_nvrtc" / "lib"};
}

std::string runtime_version() {
  int version = 0;
  check(cudaRuntimeGetVersion(&version), "CUDA's version cannot be asked for");
  return version_text(version);
}

DeviceFacts facts_of(const Driver& driver, int index) {
  const int capability = driver.capability(index);
  const std::string name = driver.name(index);
  if (const std::string problem = capability_problem(index, name, capability); !problem.empty()) {
    throw Error("ERR_BYOL_CUDA_UNAVAILABLE", "The device cannot be used: " + problem + ".");
  }
  DeviceFacts facts;
  facts.name = name;
  facts.capability = capability_text(capability);
  facts.driver = version_text(driver.version());
  facts.runtime = runtime_version();
  facts.multiprocessors = driver.attribute(index, CU_DEVICE_ATTRIBUTE_MULTIPROCESSOR_COUNT);
  facts.total_memory = static_cast<std::int64_t>(driver.memory(index));
  facts.shared_memory = driver.attribute(index, CU_DEVICE_ATTRIBUTE_MAX_SHARED_MEMORY_PER_BLOCK_OPTIN);
  return facts;
}

template <class Function>
void look_up(const Driver& driver, const char* name, Function& out) {
  out = reinterpret_cast<Function>(driver.function(name));
}

}  // namespace

CudaRuntime::CudaRuntime(const Driver& driver, int index, const std::string& cache)
    : driver_(driver),
      index_(static_cast<c10::DeviceIndex>(index)),
      facts_(facts_of(driver, index)),
      kernels_(driver, driver.capability(index), nvrtc_folders(), KernelCache(cache)) {
  look_up(driver, "cuLaunchKernel", launch_kernel_);
  look_up(driver, "cuCtxGetCurrent", current_context_);
  look_up(driver, "cuCtxSetCurrent", set_context_);
}

void CudaRuntime::make_context_current() {
  std::call_once(context_made_, [this] {
    // LibTorch's: the device's primary context, which stays retained.
    at::globalContext().lazyInitDevice(at::kCUDA);
    decltype(&cuDevicePrimaryCtxRetain) retain;
    look_up(driver_, "cuDevicePrimaryCtxRetain", retain);
    check(retain(&context_, index_), "The card cannot be opened");
  });
  CUcontext current = nullptr;
  check(current_context_(&current), "The thread's context cannot be asked for");
  if (current != context_) check(set_context_(context_), "The thread's context cannot be set");
}

void CudaRuntime::enter_thread() {
  make_context_current();
  c10::cuda::set_device(index_, true);
  thread_local std::map<c10::DeviceIndex, c10::cuda::CUDAStream> own;
  auto found = own.find(index_);
  if (found == own.end()) found = own.emplace(index_, c10::cuda::getStreamFromPool(false, index_)).first;
  c10::cuda::setCurrentCUDAStream(found->second);
}

DeviceMemory CudaRuntime::memory() {
  using c10::CachingAllocator::StatType;
  const auto aggregate = static_cast<size_t>(StatType::AGGREGATE);
  make_context_current();
  std::size_t free = 0, total = 0;
  check(cudaMemGetInfo(&free, &total), "The card's memory cannot be asked for");
  const auto stats = c10::cuda::CUDACachingAllocator::getDeviceStats(index_);
  c10::cuda::CUDACachingAllocator::resetPeakStats(index_);
  const auto& held = stats.allocated_bytes[aggregate];
  // LibTorch keeps what tensors gave back, and gives it to new ones.
  const std::int64_t kept = stats.reserved_bytes[aggregate].current - held.current;
  return {static_cast<std::int64_t>(free) + kept, static_cast<std::int64_t>(total), held.peak};
}

void CudaRuntime::synchronize() {
  make_context_current();
  check(cudaDeviceSynchronize(), "The card's work failed");
}

void CudaRuntime::launch(const char* kernel, const LaunchShape& shape, const void* arguments, std::size_t bytes) {
  // LibTorch's threads set the device without a context, as long as they call nothing that needs one.
  make_context_current();
  const Kernels::Kernel found = kernels_.get(kernel, shape.shared_bytes);
  if (found.arguments != 0 && found.arguments != bytes) {
    throw Error("ERR_BYOL_NATIVE", std::string("The kernel '") + kernel + "' takes " + std::to_string(found.arguments) +
                                       " bytes of arguments and was given " + std::to_string(bytes) + ".");
  }
  void* parameters[] = {const_cast<void*>(arguments)};
  const CUresult result =
      launch_kernel_(found.function, shape.x, shape.y, shape.z, found.threads, 1, 1, shape.shared_bytes,
                     c10::cuda::getCurrentCUDAStream(index_), parameters, nullptr);
  if (result != CUDA_SUCCESS) check(result, std::string("The kernel '") + kernel + "' cannot be started");
}

std::unique_ptr<DeviceEvent> CudaRuntime::make_event(bool timed) {
  make_context_current();
  return std::make_unique<CudaEvent>(timed);
}

std::unique_ptr<DeviceGraph> CudaRuntime::capture(const std::function<void()>& work) { return capture_graph(work); }

at::Tensor CudaRuntime::host_buffer(std::int64_t bytes) {
  make_context_current();
  return at::empty({bytes}, at::TensorOptions(at::kByte).pinned_memory(true));
}

const c10::cuda::CUDAStream& CudaRuntime::copy_stream() {
  std::call_once(copy_stream_made_, [this] { copy_stream_ = c10::cuda::getStreamFromPool(false, index_); });
  return *copy_stream_;
}

void CudaRuntime::copy_beside(const at::Tensor& to, const at::Tensor& from, const DeviceEvent* after) {
  if (to.nbytes() != from.nbytes() || !to.is_contiguous() || !from.is_contiguous()) {
    throw Error("ERR_BYOL_NATIVE", "A copy beside the step needs two contiguous tensors of one size.");
  }
  make_context_current();
  if (after != nullptr) static_cast<const CudaEvent*>(after)->hold_back(copy_stream());
  check(cudaMemcpyAsync(to.mutable_data_ptr(), from.const_data_ptr(), from.nbytes(), cudaMemcpyDefault, copy_stream()),
        "A copy between the host and the card cannot be started");
}

void CudaRuntime::join_copies() {
  make_context_current();
  CudaEvent event(false);  // CUDA lets go of it once it was passed
  event.record_on(copy_stream());
  event.hold_back(c10::cuda::getCurrentCUDAStream(index_));
}

}  // namespace byol::cuda

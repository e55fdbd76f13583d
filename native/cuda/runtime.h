#pragma once

#include <c10/cuda/CUDAStream.h>

#include <optional>

#include "core/device/runtime.h"
#include "cuda/driver.h"
#include "cuda/event.h"
#include "cuda/kernels.h"

namespace byol::cuda {

/// One NVIDIA card. Made without touching it: its context is started by the first thread that enters.
class CudaRuntime : public DeviceRuntime {
 public:
  /// `cache`: folder for compiled kernels, or empty. Throws ERR_BYOL_CUDA_UNAVAILABLE where the card is not supported.
  CudaRuntime(const Driver& driver, int index, const std::string& cache);

  const DeviceFacts& facts() const override { return facts_; }
  DeviceMemory memory() override;
  void enter_thread() override;
  void synchronize() override;
  using DeviceRuntime::launch;
  void launch(const char* kernel, const LaunchShape& shape, const void* arguments, std::size_t bytes) override;
  std::unique_ptr<DeviceEvent> make_event(bool timed) override;
  std::unique_ptr<DeviceGraph> capture(const std::function<void()>& work) override;
  at::Tensor host_buffer(std::int64_t bytes) override;
  void copy_beside(const at::Tensor& to, const at::Tensor& from, const DeviceEvent* after) override;
  void join_copies() override;

 private:
  void make_context_current();
  const c10::cuda::CUDAStream& copy_stream();

  const Driver& driver_;
  const c10::DeviceIndex index_;
  DeviceFacts facts_;
  Kernels kernels_;
  decltype(&cuLaunchKernel) launch_kernel_;
  decltype(&cuCtxGetCurrent) current_context_;
  decltype(&cuCtxSetCurrent) set_context_;
  std::once_flag context_made_;
  CUcontext context_ = nullptr;
  std::once_flag copy_stream_made_;
  std::optional<c10::cuda::CUDAStream> copy_stream_;
};

}  // namespace byol::cuda

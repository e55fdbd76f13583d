#pragma once

#include <c10/cuda/CUDAStream.h>

#include "core/device/runtime.h"

namespace byol::cuda {

class CudaEvent : public DeviceEvent {
 public:
  explicit CudaEvent(bool timed);
  ~CudaEvent() override;
  CudaEvent(const CudaEvent&) = delete;

  void record() override;
  bool done() const override;
  void wait() const override;
  double seconds_since(const DeviceEvent& earlier) const override;

  /// On another stream than the calling thread's.
  void record_on(const c10::cuda::CUDAStream& stream);
  /// What `stream` is given from now on comes behind this point; the host goes on.
  void hold_back(const c10::cuda::CUDAStream& stream) const;

 private:
  cudaEvent_t event_ = nullptr;
};

}  // namespace byol::cuda

#include "cuda/event.h"

#include "cuda/checks.h"

namespace byol::cuda {

// Blocking: who waits sleeps, since the cores have images to decode.
CudaEvent::CudaEvent(bool timed) {
  check(cudaEventCreateWithFlags(&event_, cudaEventBlockingSync | (timed ? 0 : cudaEventDisableTiming)),
        "An event cannot be made");
}

// An error here is one of earlier work, and others are told of it.
CudaEvent::~CudaEvent() { cudaEventDestroy(event_); }

void CudaEvent::record() { record_on(c10::cuda::getCurrentCUDAStream()); }

void CudaEvent::record_on(const c10::cuda::CUDAStream& stream) {
  cudaStreamCaptureStatus status = cudaStreamCaptureStatusNone;
  check(cudaStreamIsCapturing(stream, &status), "The stream's state cannot be asked for");
  // External: a node of the graph that records this very event at each replay, instead of a mark within the capture.
  const unsigned flags = status == cudaStreamCaptureStatusNone ? cudaEventRecordDefault : cudaEventRecordExternal;
  check(cudaEventRecordWithFlags(event_, stream, flags), "The event cannot be recorded");
}

bool CudaEvent::done() const {
  const cudaError_t result = cudaEventQuery(event_);
  if (result == cudaErrorNotReady) {
    cudaGetLastError();  // no failure, but it stays behind as one
    return false;
  }
  check(result, "The work before an event failed");
  return true;
}

void CudaEvent::wait() const { check(cudaEventSynchronize(event_), "The work before an event failed"); }

double CudaEvent::seconds_since(const DeviceEvent& earlier) const {
  float milliseconds = 0;
  check(cudaEventElapsedTime(&milliseconds, static_cast<const CudaEvent&>(earlier).event_, event_),
        "The time between two events cannot be taken");
  return milliseconds / 1000.0;
}

void CudaEvent::hold_back(const c10::cuda::CUDAStream& stream) const {
  check(cudaStreamWaitEvent(stream, event_, 0), "A stream cannot wait for an event");
}

}  // namespace byol::cuda

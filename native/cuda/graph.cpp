#include "cuda/graph.h"

#include <c10/cuda/CUDACachingAllocator.h>
#include <c10/cuda/CUDAStream.h>

#include "core/error.h"

namespace byol::cuda {
namespace {

class CudaGraph : public DeviceGraph {
 public:
  explicit CudaGraph(std::unique_ptr<at::cuda::CUDAGraph> graph) : graph_(std::move(graph)) {}
  void replay() override { graph_->replay(); }

 private:
  std::unique_ptr<at::cuda::CUDAGraph> graph_;
};

// Ends a capture that failed, whatever state it is in.
void abandon(std::unique_ptr<at::cuda::CUDAGraph> graph) noexcept {
  try {
    graph->capture_end();  // takes the stream out of capturing before it looks at what was captured
  } catch (...) {
  }
  try {
    graph->reset();
  } catch (...) {
  }
  try {
    // Some releases of LibTorch leave the allocator sending memory to the pool; the others throw here.
    c10::cuda::CUDACachingAllocator::endAllocateToPool(c10::cuda::getCurrentCUDAStream().device_index(), graph->pool());
  } catch (...) {
  }
  cudaGetLastError();
  // Some releases have an allocator of pinned memory that still asks this object whether a stream is being captured.
  graph.release();
}

}  // namespace

std::unique_ptr<DeviceGraph> capture_graph(const std::function<void()>& work) {
  auto graph = std::make_unique<at::cuda::CUDAGraph>();
  // A graph has memory of its own, and what steps before it gave back is as much again.
  c10::cuda::CUDACachingAllocator::emptyCache();
  try {
    // Thread-local: what other threads do meanwhile, as copying images, is none of the capture's business.
    graph->capture_begin({0, 0}, cudaStreamCaptureModeThreadLocal);
    work();
    graph->capture_end();
  } catch (...) {
    abandon(std::move(graph));
    throw;
  }
  return std::make_unique<CudaGraph>(std::move(graph));
}

}  // namespace byol::cuda

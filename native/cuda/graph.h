#pragma once

#include <cuda.h>
// Before LibTorch's header, whose class has other members without it.
#include <ATen/cuda/CUDAGraph.h>

#include <functional>
#include <memory>

#include "core/device/runtime.h"

namespace byol::cuda {

/// Captures what `work` gives to the calling thread's stream. Memory that it takes from LibTorch's allocator comes from a
/// pool of the graph's own, which keeps it until the graph goes. Throws what `work` throws, or ERR_BYOL_DEVICE; the stream
/// is then as before.
std::unique_ptr<DeviceGraph> capture_graph(const std::function<void()>& work);

}  // namespace byol::cuda

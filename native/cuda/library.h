#pragma once

#include "core/device/runtime.h"
#include "cuda/driver.h"

// What byol_cuda.so exports and byol.node looks up by name. Both are built together: `build` tells a library that was not.

extern "C" {

/// A text that is the same in byol.node and byol_cuda.so of one build.
const char* byol_cuda_build();

/// The runtime of card `index`, made at the first call; never freed. `driver` and `cache` as in CudaRuntime. Throws
/// byol::Error.
byol::DeviceRuntime* byol_cuda_runtime(const byol::cuda::Driver& driver, int index, const char* cache);
}

namespace byol::cuda {
using BuildFunction = decltype(&byol_cuda_build);
using RuntimeFunction = decltype(&byol_cuda_runtime);
}  // namespace byol::cuda

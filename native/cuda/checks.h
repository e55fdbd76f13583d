#pragma once

#include <cuda.h>
#include <cuda_runtime_api.h>

#include <string>

namespace byol::cuda {

/// Throws what CUDA says where `result` is not success: ERR_BYOL_OOM for a full memory, else ERR_BYOL_DEVICE. `what`: was
/// tried, as a part of a sentence: "The event cannot be recorded".
void check(cudaError_t result, const char* what);
void check(CUresult result, const std::string& what);

}  // namespace byol::cuda

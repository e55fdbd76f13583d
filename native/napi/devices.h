#pragma once

#include <c10/core/Device.h>

#include <string>
#include <vector>

namespace byol::napi {

struct CudaStatus {
  bool built = false;                // the LibTorch in use is a CUDA build
  std::vector<std::string> devices;  // 'NVIDIA H100 80GB HBM3 (9.0)': name and compute capability
  std::string driver;                // the newest CUDA that the driver runs: '13.0'; empty where there is none
  std::string problem;               // why CUDA cannot be used, and what to do; or empty
};
const CudaStatus& cuda_status();

/// Opens the CUDA part of a LibTorch that has one, once per process; no effect where it is already open.
void load_cuda_library();

/// Where compiled kernels are kept, from now on; without it nowhere.
void keep_kernels_in(const std::string& folder);

/// 'cpu' or 'cuda:N'. A CUDA device has a runtime (core/device/runtime.h) from then on. Throws ERR_BYOL_VALUE, or
/// ERR_BYOL_CUDA_UNAVAILABLE with the reason.
at::Device to_device(const std::string& name);

}  // namespace byol::napi

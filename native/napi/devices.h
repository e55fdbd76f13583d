#pragma once

#include <c10/core/Device.h>

#include <cstdint>
#include <string>

namespace byol::napi {

struct CudaStatus {
  bool built = false;  // the LibTorch in use is a CUDA build
  int64_t devices = 0;
  std::string problem;  // why CUDA cannot be used, or empty
};
CudaStatus cuda_status();

/// Opens the CUDA part of a LibTorch that has one, once per process; no effect where it is already open.
void load_cuda_library();

/// 'cpu' or 'cuda:N'. Throws ERR_BYOL_VALUE, or ERR_BYOL_CUDA_UNAVAILABLE with the reason.
at::Device to_device(const std::string& name);

}  // namespace byol::napi

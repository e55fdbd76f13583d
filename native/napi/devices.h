#pragma once

#include <cstdint>
#include <string>

#include "napi/setup.h"

namespace byol::napi {

struct CudaStatus {
  bool built = false;  // the loaded LibTorch is a CUDA build
  int64_t devices = 0;
  std::string problem;  // why CUDA cannot be used, or empty
};
CudaStatus cuda_status();

/// The process's facts (NativeInfo in lib/binding/native.ts).
Napi::Value info(const Napi::CallbackInfo& call);
/// Version numbers of the LibTorch that is loaded, "2.13.0", or empty if it does not say.
std::string loaded_torch_version();
/// Throws ERR_BYOL_LIBTORCH_MISMATCH where the loaded LibTorch is not the one that this file was compiled against: an
/// addon built for another minor version loads without complaint and then computes nonsense or crashes.
void check_torch_version();

}  // namespace byol::napi

#pragma once

#include "napi/setup.h"

namespace byol::napi {

/// info(): the process's facts (NativeInfo in lib/binding/native.ts).
Napi::Value info(const Napi::CallbackInfo& call);

/// Throws ERR_BYOL_LIBTORCH_MISMATCH where the loaded LibTorch is not of the release that this file was compiled
/// against: an addon built for another one loads without complaint and then computes nonsense or crashes.
void check_torch_version();

}  // namespace byol::napi

#pragma once

#include "core/data/decode_pool.h"
#include "napi/setup.h"

namespace byol::napi {

/// DecodeInput of lib/binding/native.ts.
DecodeRequest read_decode_request(const Napi::Value& value);

/// PixelsInput of lib/binding/native.ts.
DecodeRequest read_pixels_request(const Napi::Value& value);

/// ResizeInput of lib/binding/native.ts.
DecodeRequest read_resize_request(const Napi::Value& value);

/// DecodedImages of lib/binding/native.ts. Its pixels are the batch's own.
Napi::Value decoded_batch_for_js(Napi::Env env, const DecodedBatch& batch);

}  // namespace byol::napi

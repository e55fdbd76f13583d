#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>

#include "napi/setup.h"

namespace byol::napi {

/// Bytes of native memory as a Uint8Array, without a copy where the host allows it (Electron does not).
Napi::Uint8Array arena_for_js(Napi::Env env, const std::shared_ptr<uint8_t[]>& bytes, size_t length);

/// Takes over all bytes of an array, which has none from then on: those of arena_for_js() as they are, of others a copy.
/// Throws ERR_BYOL_VALUE for a part of a buffer, and for one that was taken over before.
std::shared_ptr<uint8_t[]> take_arena(const Napi::Uint8Array& array, const char* path);

}  // namespace byol::napi

#include "napi/arena.h"

#include <algorithm>
#include <memory>
#include <string>

#include "core/error.h"
#include "napi/convert.h"

namespace byol::napi {
namespace {

constexpr napi_type_tag kTag = {0x8d3c1f0b52c94e7aULL, 0x91e64b7f2a05d3c8ULL};

using Bytes = std::shared_ptr<uint8_t[]>;

void release(node_api_basic_env, void*, void* held) { delete static_cast<Bytes*>(held); }

}  // namespace

Napi::Uint8Array arena_for_js(Napi::Env env, const Bytes& bytes, size_t length) {
  auto held = std::make_unique<Bytes>(bytes);
  napi_value made = nullptr;
  if (napi_create_external_arraybuffer(env, bytes.get(), length, release, held.get(), &made) != napi_ok) {
    Napi::Uint8Array copy = Napi::Uint8Array::New(env, length);
    std::copy_n(bytes.get(), length, copy.Data());
    return copy;
  }
  held.release();
  Napi::ArrayBuffer buffer(env, made);
  // The buffer's own reference goes when it is detached or collected; this one says whose the bytes are.
  auto owner = std::make_unique<Bytes>(bytes);
  const auto forget = [](node_api_basic_env, void* data, void*) { delete static_cast<Bytes*>(data); };
  if (napi_wrap(env, buffer, owner.get(), forget, nullptr, nullptr) == napi_ok) {
    owner.release();
    buffer.TypeTag(&kTag);
  }
  return Napi::Uint8Array::New(env, length, buffer, 0);
}

Bytes take_arena(const Napi::Uint8Array& array, const char* path) {
  Napi::ArrayBuffer buffer = array.ArrayBuffer();
  if (buffer.IsDetached() || array.ElementLength() != buffer.ByteLength() || buffer.ByteLength() == 0) {
    refuse(array, path, "all bytes of a buffer that was not taken over yet");
  }
  Bytes bytes;
  void* owner = nullptr;
  // Its reference goes now, and not when the garbage is collected: of each step that is all of its pixels.
  if (buffer.CheckTypeTag(&kTag) && napi_remove_wrap(array.Env(), buffer, &owner) == napi_ok) {
    const std::unique_ptr<Bytes> held(static_cast<Bytes*>(owner));
    bytes = *held;
  } else {
    bytes = Bytes(new uint8_t[array.ElementLength()]);
    std::copy_n(array.Data(), array.ElementLength(), bytes.get());
  }
  buffer.Detach();
  return bytes;
}

}  // namespace byol::napi

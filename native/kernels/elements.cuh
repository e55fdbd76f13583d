#pragma once

// How a thread sees a few neighbouring elements of a tensor: loaded and stored at once, computed with in float32.

#include "kernels/language.cuh"

namespace byol::kernels {

struct alignas(16) FourFloats {
  float v[4];
};

/// `kWide` elements. load() and store() take an index in elements, which is a multiple of kWide in a tensor that is
/// aligned to 16 bytes.
struct Float4 {
  using Raw = FourFloats;
  static constexpr int kWide = 4;
  BYOL_DEVICE Raw load(const void* tensor, long long at) {
    return *reinterpret_cast<const Raw*>(static_cast<const float*>(tensor) + at);
  }
  BYOL_DEVICE void store(void* tensor, long long at, const Raw& raw) {
    *reinterpret_cast<Raw*>(static_cast<float*>(tensor) + at) = raw;
  }
  BYOL_DEVICE void unpack(const Raw& raw, float (&values)[kWide]) {
    for (int k = 0; k < kWide; ++k) values[k] = raw.v[k];
  }
  BYOL_DEVICE Raw pack(const float (&values)[kWide]) {
    Raw raw;
    for (int k = 0; k < kWide; ++k) raw.v[k] = values[k];
    return raw;
  }
};

struct Float1 {
  using Raw = float;
  static constexpr int kWide = 1;
  BYOL_DEVICE Raw load(const void* tensor, long long at) { return static_cast<const float*>(tensor)[at]; }
  BYOL_DEVICE void store(void* tensor, long long at, Raw raw) { static_cast<float*>(tensor)[at] = raw; }
  BYOL_DEVICE void unpack(Raw raw, float (&values)[kWide]) { values[0] = raw; }
  BYOL_DEVICE Raw pack(const float (&values)[kWide]) { return values[0]; }
};

struct alignas(8) TwoWords {
  unsigned w[2];
};

/// Two bfloat16 values in a word, the first one in its lower half.
BYOL_DEVICE void unpack_halves(unsigned word, float* values) {
  values[0] = from_bfloat16(static_cast<unsigned short>(word & 0xFFFFU));
  values[1] = from_bfloat16(static_cast<unsigned short>(word >> 16));
}

BYOL_DEVICE unsigned pack_halves(const float* values) {
  return to_bfloat16(values[0]) | static_cast<unsigned>(to_bfloat16(values[1])) << 16;
}

struct Half4 {
  using Raw = TwoWords;
  static constexpr int kWide = 4;
  BYOL_DEVICE Raw load(const void* tensor, long long at) {
    return *reinterpret_cast<const Raw*>(static_cast<const unsigned short*>(tensor) + at);
  }
  BYOL_DEVICE void store(void* tensor, long long at, const Raw& raw) {
    *reinterpret_cast<Raw*>(static_cast<unsigned short*>(tensor) + at) = raw;
  }
  BYOL_DEVICE void unpack(const Raw& raw, float (&values)[kWide]) {
    for (int k = 0; k < kWide / 2; ++k) unpack_halves(raw.w[k], values + 2 * k);
  }
  BYOL_DEVICE Raw pack(const float (&values)[kWide]) {
    Raw raw;
    for (int k = 0; k < kWide / 2; ++k) raw.w[k] = pack_halves(values + 2 * k);
    return raw;
  }
};

struct Half8 {
  using Raw = Words;
  static constexpr int kWide = 8;
  BYOL_DEVICE Raw load(const void* tensor, long long at) {
    return *reinterpret_cast<const Raw*>(static_cast<const unsigned short*>(tensor) + at);
  }
  BYOL_DEVICE void store(void* tensor, long long at, const Raw& raw) {
    *reinterpret_cast<Raw*>(static_cast<unsigned short*>(tensor) + at) = raw;
  }
  BYOL_DEVICE void unpack(const Raw& raw, float (&values)[kWide]) {
    for (int k = 0; k < kWide / 2; ++k) unpack_halves(raw.w[k], values + 2 * k);
  }
  BYOL_DEVICE Raw pack(const float (&values)[kWide]) {
    Raw raw;
    for (int k = 0; k < kWide / 2; ++k) raw.w[k] = pack_halves(values + 2 * k);
    return raw;
  }
};

struct Half1 {
  using Raw = unsigned short;
  static constexpr int kWide = 1;
  BYOL_DEVICE Raw load(const void* tensor, long long at) { return static_cast<const unsigned short*>(tensor)[at]; }
  BYOL_DEVICE void store(void* tensor, long long at, Raw raw) { static_cast<unsigned short*>(tensor)[at] = raw; }
  BYOL_DEVICE void unpack(Raw raw, float (&values)[kWide]) { values[0] = from_bfloat16(raw); }
  BYOL_DEVICE Raw pack(const float (&values)[kWide]) { return to_bfloat16(values[0]); }
};

}  // namespace byol::kernels

#pragma once

// Vectors of floats in the compiler's own notation, as wide as the instruction set being compiled for, and the scratch
// memory they work on. For files named *.isa.cpp only. Everything has internal linkage, for the reason given in
// pixel_arithmetic.h.

#include <cstdint>
#if defined(__AVX2__)
#include <immintrin.h>
#endif

namespace byol {
namespace {

#if defined(__AVX512F__)
constexpr int kLanes = 16;
#elif defined(__AVX2__)
constexpr int kLanes = 8;
#else
constexpr int kLanes = 4;
#endif

using Lanes = float __attribute__((vector_size(kLanes * sizeof(float))));
/// Red, green, blue and one value too many.
using Quad = float __attribute__((vector_size(4 * sizeof(float))));

template <class V>
inline __attribute__((always_inline)) V load(const float* p) {
  V v;
  __builtin_memcpy(&v, p, sizeof(V));
  return v;
}

template <class V>
inline __attribute__((always_inline)) void store(float* p, V v) {
  __builtin_memcpy(p, &v, sizeof(V));
}

/// As many whole numbers.
using Indices = std::int32_t __attribute__((vector_size(kLanes * sizeof(std::int32_t))));

// Values of `a` and `b`, one after the other, at positions from 0 to 2 * kLanes - 1. The first instruction sets have
// nothing of the kind.
#if defined(__AVX512F__)
constexpr bool kPicks = true;
inline __attribute__((always_inline)) Lanes pick(Lanes a, Indices at, Lanes b) {
  return (Lanes)_mm512_permutex2var_ps((__m512)a, (__m512i)at, (__m512)b);
}
#elif defined(__AVX2__)
constexpr bool kPicks = true;
inline __attribute__((always_inline)) Lanes pick(Lanes a, Indices at, Lanes b) {
  const __m256 from_a = _mm256_permutevar8x32_ps((__m256)a, (__m256i)at);
  const __m256 from_b = _mm256_permutevar8x32_ps((__m256)b, (__m256i)at);
  // Position 8 and beyond: bit 3 becomes the sign.
  return (Lanes)_mm256_blendv_ps(from_a, from_b, _mm256_castsi256_ps(_mm256_slli_epi32((__m256i)at, 28)));
}
#else
constexpr bool kPicks = false;
inline Lanes pick(Lanes a, Indices, Lanes) { return a; }  // not called
#endif

/// Three vectors that hold kLanes pixels: by channel, or as images have them, one pixel after the other.
struct Triple {
  Lanes v[3];
};

/// Which two steps make the one of the other: `first` picks from vectors 0 and 1, `second` from that and vector 2.
struct TripleOrder {
  alignas(64) std::int32_t first[3][kLanes], second[3][kLanes];
};

constexpr TripleOrder order_by_channel() {
  TripleOrder order{};
  for (int c = 0; c < 3; ++c) {
    for (int i = 0; i < kLanes; ++i) {
      const int place = 3 * i + c;
      order.first[c][i] = place < 2 * kLanes ? place : 0;
      order.second[c][i] = place < 2 * kLanes ? i : place - kLanes;
    }
  }
  return order;
}

constexpr TripleOrder order_by_pixel() {
  TripleOrder order{};
  for (int v = 0; v < 3; ++v) {
    for (int i = 0; i < kLanes; ++i) {
      const int channel = (v * kLanes + i) % 3, pixel = (v * kLanes + i) / 3;
      order.first[v][i] = channel < 2 ? channel * kLanes + pixel : 0;
      order.second[v][i] = channel < 2 ? i : kLanes + pixel;
    }
  }
  return order;
}

constexpr TripleOrder kByChannel = order_by_channel(), kByPixel = order_by_pixel();

inline __attribute__((always_inline)) Triple reordered(const Triple& from, const TripleOrder& order) {
  Triple to;
  if constexpr (kPicks) {
    for (int i = 0; i < 3; ++i) {
      Indices first, second;
      __builtin_memcpy(&first, order.first[i], sizeof first);
      __builtin_memcpy(&second, order.second[i], sizeof second);
      to.v[i] = pick(pick(from.v[0], first, from.v[1]), second, from.v[2]);
    }
  } else {
    float values[3 * kLanes];
    for (int i = 0; i < 3; ++i) store(values + i * kLanes, from.v[i]);
    for (int i = 0; i < 3; ++i) {
      for (int lane = 0; lane < kLanes; ++lane) {
        const int second = order.second[i][lane];
        to.v[i][lane] = second < kLanes ? values[order.first[i][second]] : values[2 * kLanes + second - kLanes];
      }
    }
  }
  return to;
}

/// The largest vector of any instruction set: all buffers are padded to it, so that loops need no remainder.
constexpr int kQuantum = 16;

constexpr int padded(int count) { return (count + kQuantum - 1) / kQuantum * kQuantum; }

/// Hands out pieces of one allocation; from nullptr, it only counts.
class Arena {
 public:
  explicit Arena(float* base) : base_(base) {}

  float* take(std::int64_t floats) {
    float* piece = base_ == nullptr ? nullptr : base_ + used_;
    used_ += (floats + kQuantum - 1) / kQuantum * kQuantum;
    return piece;
  }
  std::int64_t used() const { return used_; }

 private:
  float* base_;
  std::int64_t used_ = 0;
};

}  // namespace
}  // namespace byol

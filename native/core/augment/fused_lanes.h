#pragma once

// Vectors of floats in the compiler's own notation, as wide as the instruction set being compiled for, and the scratch
// memory they work on. For files named *.isa.cpp only. Everything has internal linkage, for the reason given in
// pixel_arithmetic.h.

#include <cstdint>

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

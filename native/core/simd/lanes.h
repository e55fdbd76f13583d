#pragma once

// A vector of floats as wide as the instruction set being compiled for, with the operations that the kernels' arithmetic
// needs and loads and stores of float32 and bfloat16 memory. For files named *.isa.cpp only. Everything has internal
// linkage, for the reason given in arithmetic.h.

#include <cstdint>

#if defined(__AVX512F__) || defined(__AVX2__)
// GCC's header leaves don't-care operands uninitialised and then warns about it wherever it is inlined (GCC bug
// 105593).
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wuninitialized"
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"
#include <immintrin.h>
#pragma GCC diagnostic pop
#endif

#include "core/simd/arithmetic.h"

namespace byol {
namespace {

using arithmetic::multiply_add;
using arithmetic::positive_part;
using arithmetic::where_positive;

/// bfloat16 memory: the upper half of a float32.
struct Bfloat16 {
  std::uint16_t bits;
};

/// The same memory, rounded by the CPU's own instruction where there is one: half the work of storing a vector. It
/// differs in one thing, values below the smallest normal float32 (1.2e-38) become zero. Compilers do not emit that
/// instruction unless asked, so the other element types remain safe on an AVX-512 CPU without it.
#if defined(__AVX512BF16__)
struct NativeBfloat16 : Bfloat16 {};
#else
using NativeBfloat16 = Bfloat16;
#endif

/// One value: what is left at the end of a row that is not a multiple of the vector.
struct Scalar {
  static constexpr int kWidth = 1;
  float v;

  static Scalar zero() { return {0.0F}; }
  static Scalar all(float value) { return {value}; }
  static Scalar load(const float* p) { return {*p}; }
  static Scalar load(const Bfloat16* p) { return {__builtin_bit_cast(float, std::uint32_t{p->bits} << 16)}; }
  void store(float* p) const { *p = v; }
  void store(Bfloat16* p) const {
    // Round to nearest, ties to even; the addition would carry a NaN into infinity, so a NaN is quietened instead.
    const auto bits = __builtin_bit_cast(std::uint32_t, v);
    p->bits = static_cast<std::uint16_t>((v != v ? bits | 0x400000U : bits + 0x7FFFU + ((bits >> 16) & 1U)) >> 16);
  }
};

inline Scalar operator+(Scalar a, Scalar b) { return {a.v + b.v}; }
inline Scalar operator-(Scalar a, Scalar b) { return {a.v - b.v}; }
inline Scalar operator*(Scalar a, Scalar b) { return {a.v * b.v}; }
inline float sum_of(Scalar a) { return a.v; }
inline Scalar multiply_add(Scalar a, Scalar b, Scalar c) { return {multiply_add(a.v, b.v, c.v)}; }
inline Scalar positive_part(Scalar a) { return {positive_part(a.v)}; }
inline Scalar where_positive(Scalar condition, Scalar value) { return {where_positive(condition.v, value.v)}; }

#if defined(__AVX512F__)

struct Lanes {
  static constexpr int kWidth = 16;
  static constexpr int kRegisters = 32;
  __m512 v;

  static Lanes zero() { return {_mm512_setzero_ps()}; }
  static Lanes all(float value) { return {_mm512_set1_ps(value)}; }
  static Lanes load(const float* p) { return {_mm512_loadu_ps(p)}; }
  static Lanes load(const Bfloat16* p) {
    const __m256i half = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(p));
    return {_mm512_castsi512_ps(_mm512_slli_epi32(_mm512_cvtepu16_epi32(half), 16))};
  }
  void store(float* p) const { _mm512_storeu_ps(p, v); }
  void store(Bfloat16* p) const {
    const __m512i bits = _mm512_castps_si512(v);
    const __m512i odd = _mm512_and_si512(_mm512_srli_epi32(bits, 16), _mm512_set1_epi32(1));
    const __m512i rounded = _mm512_add_epi32(_mm512_add_epi32(bits, _mm512_set1_epi32(0x7FFF)), odd);
    const __mmask16 nan = _mm512_cmp_ps_mask(v, v, _CMP_UNORD_Q);
    const __m512i result = _mm512_mask_or_epi32(rounded, nan, bits, _mm512_set1_epi32(0x400000));
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(p), _mm512_cvtepi32_epi16(_mm512_srli_epi32(result, 16)));
  }
#if defined(__AVX512BF16__)
  void store(NativeBfloat16* p) const {
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(p), reinterpret_cast<__m256i>(_mm512_cvtneps_pbh(v)));
  }
#endif
};

inline Lanes operator+(Lanes a, Lanes b) { return {_mm512_add_ps(a.v, b.v)}; }
inline Lanes operator-(Lanes a, Lanes b) { return {_mm512_sub_ps(a.v, b.v)}; }
inline Lanes operator*(Lanes a, Lanes b) { return {_mm512_mul_ps(a.v, b.v)}; }
inline Lanes multiply_add(Lanes a, Lanes b, Lanes c) { return {_mm512_fmadd_ps(a.v, b.v, c.v)}; }
// max returns its second operand when one is NaN.
inline Lanes positive_part(Lanes a) { return {_mm512_max_ps(_mm512_setzero_ps(), a.v)}; }
inline Lanes where_positive(Lanes condition, Lanes value) {
  return {_mm512_maskz_mov_ps(_mm512_cmp_ps_mask(condition.v, _mm512_setzero_ps(), _CMP_GT_OQ), value.v)};
}

#elif defined(__AVX2__)

struct Lanes {
  static constexpr int kWidth = 8;
  static constexpr int kRegisters = 16;
  __m256 v;

  static Lanes zero() { return {_mm256_setzero_ps()}; }
  static Lanes all(float value) { return {_mm256_set1_ps(value)}; }
  static Lanes load(const float* p) { return {_mm256_loadu_ps(p)}; }
  static Lanes load(const Bfloat16* p) {
    const __m128i half = _mm_loadu_si128(reinterpret_cast<const __m128i*>(p));
    return {_mm256_castsi256_ps(_mm256_slli_epi32(_mm256_cvtepu16_epi32(half), 16))};
  }
  void store(float* p) const { _mm256_storeu_ps(p, v); }
  void store(Bfloat16* p) const {
    const __m256i bits = _mm256_castps_si256(v);
    const __m256i odd = _mm256_and_si256(_mm256_srli_epi32(bits, 16), _mm256_set1_epi32(1));
    const __m256i rounded = _mm256_add_epi32(_mm256_add_epi32(bits, _mm256_set1_epi32(0x7FFF)), odd);
    const __m256i quiet = _mm256_or_si256(bits, _mm256_set1_epi32(0x400000));
    const __m256i nan = _mm256_castps_si256(_mm256_cmp_ps(v, v, _CMP_UNORD_Q));
    const __m256i high = _mm256_srli_epi32(_mm256_blendv_epi8(rounded, quiet, nan), 16);
    // packus works within 128-bit halves; the permutation puts the two useful quarters together.
    const __m256i packed = _mm256_permute4x64_epi64(_mm256_packus_epi32(high, high), 0b1000);
    _mm_storeu_si128(reinterpret_cast<__m128i*>(p), _mm256_castsi256_si128(packed));
  }
};

inline Lanes operator+(Lanes a, Lanes b) { return {_mm256_add_ps(a.v, b.v)}; }
inline Lanes operator-(Lanes a, Lanes b) { return {_mm256_sub_ps(a.v, b.v)}; }
inline Lanes operator*(Lanes a, Lanes b) { return {_mm256_mul_ps(a.v, b.v)}; }
inline Lanes multiply_add(Lanes a, Lanes b, Lanes c) {
#if defined(__FMA__)
  return {_mm256_fmadd_ps(a.v, b.v, c.v)};
#else
  return {_mm256_add_ps(_mm256_mul_ps(a.v, b.v), c.v)};
#endif
}
// max returns its second operand when one is NaN.
inline Lanes positive_part(Lanes a) { return {_mm256_max_ps(_mm256_setzero_ps(), a.v)}; }
inline Lanes where_positive(Lanes condition, Lanes value) {
  return {_mm256_and_ps(_mm256_cmp_ps(condition.v, _mm256_setzero_ps(), _CMP_GT_OQ), value.v)};
}

#else

// Four floats in the compiler's own vectors: SSE2 on x86-64, NEON on 64-bit ARM, scalar code elsewhere.
struct Lanes {
  static constexpr int kWidth = 4;
  static constexpr int kRegisters = 16;
  using Floats = float __attribute__((vector_size(16)));
  using Words = std::uint32_t __attribute__((vector_size(16)));
  using Halves = std::uint16_t __attribute__((vector_size(8)));
  Floats v;

  static Lanes zero() { return {Floats{}}; }
  static Lanes all(float value) { return {Floats{value, value, value, value}}; }
  static Lanes load(const float* p) {
    Lanes lanes;
    __builtin_memcpy(&lanes.v, p, sizeof(Floats));
    return lanes;
  }
  static Lanes load(const Bfloat16* p) {
    Halves half;
    __builtin_memcpy(&half, p, sizeof(Halves));
    return {reinterpret_cast<Floats>(__builtin_convertvector(half, Words) << 16)};
  }
  void store(float* p) const { __builtin_memcpy(p, &v, sizeof(Floats)); }
  void store(Bfloat16* p) const {
    const auto bits = reinterpret_cast<Words>(v);
    const auto nan = reinterpret_cast<Words>(v != v);
    const Words rounded = bits + 0x7FFFU + ((bits >> 16) & 1U);
    const Words result = ((nan & (bits | 0x400000U)) | (~nan & rounded)) >> 16;
    const Halves half = __builtin_convertvector(result, Halves);
    __builtin_memcpy(p, &half, sizeof(Halves));
  }
};

inline Lanes operator+(Lanes a, Lanes b) { return {a.v + b.v}; }
inline Lanes operator-(Lanes a, Lanes b) { return {a.v - b.v}; }
inline Lanes operator*(Lanes a, Lanes b) { return {a.v * b.v}; }
inline Lanes multiply_add(Lanes a, Lanes b, Lanes c) { return {a.v * b.v + c.v}; }
inline Lanes where_positive(Lanes condition, Lanes value) {
  const auto mask = reinterpret_cast<Lanes::Words>(condition.v > Lanes::Floats{});
  return {reinterpret_cast<Lanes::Floats>(mask & reinterpret_cast<Lanes::Words>(value.v))};
}
inline Lanes positive_part(Lanes a) {
  const auto negative = reinterpret_cast<Lanes::Words>(a.v < Lanes::Floats{});
  return {reinterpret_cast<Lanes::Floats>(~negative & reinterpret_cast<Lanes::Words>(a.v))};
}

#endif

inline float sum_of(Lanes a) {
  float lanes[Lanes::kWidth];
  a.store(lanes);
  float sum = 0.0F;
  for (const float lane : lanes) sum += lane;
  return sum;
}

}  // namespace
}  // namespace byol

#pragma once

// Operations on one value that the fused kernels' arithmetic is written in, for `float`; a vector has its own of the same
// names (lanes.h). No include, no standard library, no memory: run-time compiled device kernels take it too.

#if defined(__CUDACC__) || defined(__CUDACC_RTC__)
#define BYOL_ARITHMETIC static __device__ __forceinline__
#else
// Internal linkage on purpose: the host compiles this header once per instruction set, and a linker that merged those
// copies could put AVX-512 code on the path of a CPU without it.
#define BYOL_ARITHMETIC static inline __attribute__((always_inline))
#endif

namespace byol::arithmetic {

/// a * b + c, rounded once where the target has the instruction.
BYOL_ARITHMETIC float multiply_add(float a, float b, float c) {
#if defined(__CUDACC__) || defined(__CUDACC_RTC__)
  return fmaf(a, b, c);
#elif defined(__FMA__) || defined(__aarch64__)
  return __builtin_fmaf(a, b, c);
#else
  return a * b + c;
#endif
}

/// max(v, 0). NaN stays NaN: a diverging run must show it in its loss instead of hiding it behind a ReLU.
BYOL_ARITHMETIC float positive_part(float v) { return v < 0.0F ? 0.0F : v; }

/// `value` where `condition` > 0, else 0: the derivative of ReLU.
BYOL_ARITHMETIC float where_positive(float condition, float value) { return condition > 0.0F ? value : 0.0F; }

}  // namespace byol::arithmetic

#pragma once

// What the kernels are written in: CUDA C++ as NVRTC compiles it, without any include of CUDA's or the standard library,
// and plain C++ for the tests, where native/test/shim/language.h gives the same words a meaning on the CPU.
// Sizes and indices are `int` or `long long`; bfloat16 travels as `unsigned short`.

#if defined(__CUDACC__) || defined(__CUDACC_RTC__)

/// A kernel of one struct of arguments `a`, whose blocks have `count` threads along x. Everything inside is device code.
/// One more number: the blocks that a multiprocessor must have registers for. Left alone, the compiler chooses, and may
/// choose more blocks than registers suffice for without spilling.
#define BYOL_KERNEL(name, Arguments, count, ...) \
  extern "C" __global__ void __launch_bounds__(count __VA_OPT__(, ) __VA_ARGS__) name(const Arguments a)
#define BYOL_DEVICE static __device__ __forceinline__
/// A member function.
#define BYOL_MEMBER __device__ __forceinline__
/// Before a loop whose indices choose registers.
#define BYOL_UNROLL _Pragma("unroll")
/// `pointer`, the launch's dynamic shared memory, aligned to 16 bytes.
#define BYOL_DYNAMIC_SHARED(type, pointer)                              \
  extern __shared__ __align__(16) unsigned char byol_dynamic_shared[]; \
  type* const pointer = reinterpret_cast<type*>(byol_dynamic_shared)

namespace byol::kernels {

/// Of all threads of a warp, that `mask` away. All of them call it.
BYOL_DEVICE float shuffle_xor(float value, int mask) { return __shfl_xor_sync(0xFFFFFFFFU, value, mask); }
BYOL_DEVICE double shuffle_xor(double value, int mask) { return __shfl_xor_sync(0xFFFFFFFFU, value, mask); }
BYOL_DEVICE int shuffle_xor(int value, int mask) { return __shfl_xor_sync(0xFFFFFFFFU, value, mask); }

/// Rounded to nearest, ties to even.
BYOL_DEVICE unsigned short to_bfloat16(float value) {
  unsigned short bits;
  asm("cvt.rn.bf16.f32 %0, %1;" : "=h"(bits) : "f"(value));
  return bits;
}

BYOL_DEVICE float from_bfloat16(unsigned short bits) { return __uint_as_float(static_cast<unsigned>(bits) << 16); }

/// Of a clock that the whole device shares; in steps of a microsecond at most.
BYOL_DEVICE long long nanoseconds() {
  long long now;
  asm volatile("mov.u64 %0, %%globaltimer;" : "=l"(now));
  return now;
}

}  // namespace byol::kernels

#else
#include "language.h"  // native/test/shim
#endif

namespace byol::kernels {

constexpr int kWarp = 32;

/// Sixteen bytes, which a thread loads or stores at once.
struct alignas(16) Words {
  unsigned w[4];
};

/// The sum over the warp, which every thread of it gets: always in the same order.
template <class T>
BYOL_DEVICE T warp_sum(T value) {
  for (int mask = kWarp / 2; mask > 0; mask /= 2) value += shuffle_xor(value, mask);
  return value;
}

}  // namespace byol::kernels

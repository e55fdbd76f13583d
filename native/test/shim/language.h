#pragma once

// The words of native/kernels/language.cuh on the CPU. The threads of a block are fibers of one thread of the system,
// which take turns at barriers; blocks run one after the other, so that memory of a block can be static.

#include <chrono>
#include <cmath>
#include <cstring>

#include "blocks.h"

#define BYOL_KERNEL(name, Arguments, count, ...)                                       \
  static void name(const Arguments& a);                                                \
  static const ::byol::shim::Registration registration_##name(                         \
      #name, count, sizeof(Arguments),                                                 \
      [](const void* arguments) { name(*static_cast<const Arguments*>(arguments)); }); \
  static void name([[maybe_unused]] const Arguments& a)
#define BYOL_DEVICE static inline
#define BYOL_MEMBER inline
#define BYOL_UNROLL
#define BYOL_DYNAMIC_SHARED(type, pointer) type* const pointer = reinterpret_cast<type*>(::byol::shim::dynamic_shared())
#define __shared__ static
#define __restrict__ __restrict
#define __device__
#define __forceinline__ inline

namespace byol::kernels {

using shim::blockDim;
using shim::blockIdx;
using shim::gridDim;
using shim::threadIdx;

inline void __syncthreads() { shim::block_barrier(); }
inline void __syncwarp() { shim::warp_barrier(); }
/// Blocks follow each other, so what one wrote the next one sees.
inline void __threadfence() {}

inline unsigned atomicAdd(unsigned* at, unsigned value) {
  const unsigned before = *at;
  *at += value;
  return before;
}

template <class T>
T shuffle_xor(T value, int mask) {
  T* const slots = shim::warp_slots<T>();
  slots[threadIdx.x % 32] = value;
  shim::warp_barrier();
  const T other = slots[(threadIdx.x % 32) ^ static_cast<unsigned>(mask)];
  shim::warp_barrier();
  return other;
}

inline unsigned short to_bfloat16(float value) {
  unsigned bits;
  std::memcpy(&bits, &value, sizeof(bits));
  if (std::isnan(value)) return 0x7FFF;  // as the device's instruction
  return static_cast<unsigned short>((bits + 0x7FFFU + (bits >> 16 & 1U)) >> 16);
}

inline long long nanoseconds() {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::steady_clock::now().time_since_epoch())
      .count();
}

inline float from_bfloat16(unsigned short half) {
  const unsigned bits = static_cast<unsigned>(half) << 16;
  float value;
  std::memcpy(&value, &bits, sizeof(value));
  return value;
}

}  // namespace byol::kernels

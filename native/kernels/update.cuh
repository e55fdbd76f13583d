#pragma once

// The update of all parameters of a network: LARS or SGD, and the moving average that follows (core/optim/optimizer.h).

#include "core/optim/update_arithmetic.h"
#include "kernels/elements.cuh"
#include "kernels/language.cuh"
#include "kernels/update_arguments.h"

namespace byol::kernels {

/// Calls body.template operator()<F, H>(at) for the block's elements: with float32 and bfloat16 elements four at a
/// time, then one at a time. `at` is an index into the flat buffers.
template <class Body>
BYOL_DEVICE void each_element(const UpdateBlock& block, const Body& body) {
  const int thread = static_cast<int>(threadIdx.x), whole = block.count / 4 * 4;
  for (int i = 4 * thread; i < whole; i += 4 * kUpdateThreads) {
    body.template operator()<Float4, Half4>(block.offset + i);
  }
  if (thread < block.count - whole) body.template operator()<Float1, Half1>(block.offset + whole + thread);
}

template <class F, class H>
BYOL_DEVICE void load_gradient(const UpdateBuffers& buffers, bool mirrored, long long at, float (&g)[F::kWide]) {
  if (!mirrored) {
    F::unpack(F::load(buffers.gradient, at), g);
    return;
  }
  H::unpack(H::load(buffers.low_gradient, at), g);
  if (!buffers.collected) return;
  float collected[F::kWide];
  F::unpack(F::load(buffers.gradient, at), collected);
  for (int k = 0; k < F::kWide; ++k) g[k] += collected[k];
}

template <class F, class H>
BYOL_DEVICE void clear_gradient(const UpdateBuffers& buffers, bool mirrored, long long at) {
  const float zero[F::kWide] = {};
  if (!mirrored || buffers.collected) F::store(buffers.gradient, at, F::pack(zero));
  if (mirrored) H::store(buffers.low_gradient, at, H::pack(zero));
}

/// The sum over the block, which its first thread gets: always in the same order. Every thread of the block calls it.
template <class T>
BYOL_DEVICE T sum_block(T value, T* warps) {
  const int thread = static_cast<int>(threadIdx.x);
  const T sum = warp_sum(value);
  if (thread % kWarp == 0) warps[thread / kWarp] = sum;
  __syncthreads();
  T all = 0;
  for (int i = 0; thread == 0 && i < kUpdateThreads / kWarp; ++i) all += warps[i];
  __syncthreads();
  return all;
}

BYOL_KERNEL(update_inspect, UpdateInspectArguments, kUpdateThreads) {
  __shared__ float warps[kUpdateThreads / kWarp];
  const UpdateBlock block = a.blocks[blockIdx.x];
  const UpdateSegment segment = a.segments[block.segment];
  const float decay = segment.decay ? a.weight_decay : 0.0F;
  float parameters = 0.0F, gradient = 0.0F, zero = 0.0F;
  each_element(block, [&]<class F, class H>(long long at) {
    float p[F::kWide] = {}, g[F::kWide];
    if (segment.adapt) F::unpack(F::load(a.buffers.parameters, at), p);
    load_gradient<F, H>(a.buffers, segment.mirrored, at, g);
    for (int k = 0; k < F::kWide; ++k) {
      const float d = arithmetic::decayed_gradient(g[k], p[k], decay);
      parameters = arithmetic::multiply_add(p[k], p[k], parameters);
      gradient = arithmetic::multiply_add(d, d, gradient);
      zero = arithmetic::multiply_add(g[k], 0.0F, zero);
    }
  });
  const UpdateSums sums{sum_block(parameters, warps), sum_block(gradient, warps), sum_block(zero, warps)};
  if (threadIdx.x == 0) a.sums[blockIdx.x] = sums;
}

BYOL_KERNEL(update_judge, UpdateJudgeArguments, kUpdateThreads) {
  __shared__ double warps[kUpdateThreads / kWarp];
  const int index = static_cast<int>(blockIdx.x), thread = static_cast<int>(threadIdx.x);
  if (index == a.segment_count) {
    double zero = 0.0;
    for (int i = thread; i < a.block_count; i += kUpdateThreads) zero += static_cast<double>(a.sums[i].zero);
    zero = sum_block(zero, warps);
    if (thread == 0 && !(zero == 0.0)) *a.alive = false;
    return;
  }
  const UpdateSegment segment = a.segments[index];
  double parameters = 0.0, gradient = 0.0;
  for (int i = thread; segment.adapt && i < segment.blocks; i += kUpdateThreads) {
    const UpdateSums sums = a.sums[segment.first_block + i];
    parameters += static_cast<double>(sums.parameters);
    gradient += static_cast<double>(sums.gradient);
  }
  parameters = sum_block(parameters, warps);
  gradient = sum_block(gradient, warps);
  if (thread != 0) return;
  a.ratios[index] = segment.adapt ? static_cast<float>(arithmetic::trust_ratio(sqrt(parameters), sqrt(gradient),
                                                                               a.trust_coefficient))
                                  : 1.0F;
}

BYOL_KERNEL(update_apply, UpdateApplyArguments, kUpdateThreads) {
  const UpdateBlock block = a.blocks[blockIdx.x];
  const UpdateSegment segment = a.segments[block.segment];
  const UpdateBuffers& buffers = a.buffers;
  if (!*a.alive) {
    each_element(block, [&]<class F, class H>(long long at) { clear_gradient<F, H>(buffers, segment.mirrored, at); });
    return;
  }
  const float decay = segment.decay ? a.weight_decay : 0.0F;
  const float ratio = a.ratios[block.segment], rate = a.rates[segment.rate];
  const float weight = *a.target_weight;
  each_element(block, [&]<class F, class H>(long long at) {
    float p[F::kWide], m[F::kWide], g[F::kWide], xi[F::kWide] = {};
    F::unpack(F::load(buffers.parameters, at), p);
    F::unpack(F::load(buffers.momentum, at), m);
    load_gradient<F, H>(buffers, segment.mirrored, at, g);
    if (buffers.target != nullptr) F::unpack(F::load(buffers.target, at), xi);
    for (int k = 0; k < F::kWide; ++k) {
      const float u = ratio * arithmetic::decayed_gradient(g[k], p[k], decay);
      m[k] = arithmetic::next_momentum(a.momentum, m[k], u);
      p[k] = arithmetic::descend(p[k], -rate, a.nesterov ? arithmetic::multiply_add(a.momentum, m[k], u) : m[k]);
      if (buffers.target != nullptr) {
        xi[k] = arithmetic::moving_average(xi[k], p[k], weight, weight - 1.0F, weight < 0.5F);
      }
    }
    F::store(buffers.momentum, at, F::pack(m));
    F::store(buffers.parameters, at, F::pack(p));
    if (segment.mirrored) H::store(buffers.mirror, at, H::pack(p));
    clear_gradient<F, H>(buffers, segment.mirrored, at);
    if (buffers.target == nullptr) return;
    F::store(buffers.target, at, F::pack(xi));
    if (segment.mirrored && buffers.target_mirror != nullptr) H::store(buffers.target_mirror, at, H::pack(xi));
  });
}

}  // namespace byol::kernels

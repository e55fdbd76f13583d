#pragma once

// Weight standardisation (core/model/weight_standardization.h) of all weights of a network: a warp for each output
// unit.

#include "core/simd/arithmetic.h"
#include "kernels/elements.cuh"
#include "kernels/language.cuh"
#include "kernels/standardize_arguments.h"

namespace byol::kernels {

static_assert(kStandardizeUnits == kStandardizeThreads / kWarp);

/// The unit that this thread's warp has.
struct StandardizeUnit {
  bool there;
  int number;           // among all
  int fan_in;
  long long offset;     // of its weights, in the flat buffers
  long long in_weight;  // the same in its weight
};

BYOL_DEVICE StandardizeUnit standardize_unit(const StandardizeBlock& block) {
  const int warp = static_cast<int>(threadIdx.x) / kWarp;
  const long long skipped = static_cast<long long>(warp) * block.fan_in;
  return {warp < block.units, block.first_unit + warp, block.fan_in, block.offset + skipped,
          block.unit_offset + skipped};
}

/// Calls body(i) with the places in the unit of the thread's weights, `wide` at a time. In the same order each time.
template <int kWide, class Body>
BYOL_DEVICE void each_weight(const StandardizeUnit& unit, const Body& body) {
  const int lane = static_cast<int>(threadIdx.x) % kWarp;
  for (int i = kWide * lane; i < unit.fan_in; i += kWide * kWarp) body(i);
}

/// F: elements of the weights; T: as many of the result.
template <class F, class T>
BYOL_DEVICE void standardize_forward(const StandardizeForwardArguments& a, const StandardizeUnit& unit) {
  const auto n = static_cast<float>(unit.fan_in);
  float sum = 0.0F;
  each_weight<F::kWide>(unit, [&](int i) {
    float w[F::kWide];
    F::unpack(F::load(a.weights, unit.offset + i), w);
    for (int k = 0; k < F::kWide; ++k) sum += w[k];
  });
  const float mean = warp_sum(sum) / n;
  float square = 0.0F;
  each_weight<F::kWide>(unit, [&](int i) {
    float w[F::kWide];
    F::unpack(F::load(a.weights, unit.offset + i), w);
    for (int k = 0; k < F::kWide; ++k) {
      const float d = w[k] - mean;
      square = arithmetic::multiply_add(d, d, square);
    }
  });
  const float inverse_deviation = 1.0F / sqrtf(warp_sum(square) / n + a.eps);
  each_weight<F::kWide>(unit, [&](int i) {
    float w[F::kWide];
    F::unpack(F::load(a.weights, unit.offset + i), w);
    for (int k = 0; k < F::kWide; ++k) w[k] = (w[k] - mean) * inverse_deviation;
    T::store(a.out, unit.offset - a.begin + i, T::pack(w));
  });
  if (threadIdx.x % kWarp != 0 || a.statistics == nullptr) return;
  a.statistics[unit.number] = mean;
  a.statistics[a.units + unit.number] = inverse_deviation;
}

/// With g the gradient of the standardised weights, xhat these, and averages over the fan-in:
/// (g - average(g) - xhat * average(g * xhat)) * inverse deviation.
template <class F, class T>
BYOL_DEVICE void standardize_backward(const StandardizeBackwardArguments& a, const StandardizeUnit& unit,
                                      const void* gradients) {
  const float mean = a.statistics[unit.number], inverse_deviation = a.statistics[a.units + unit.number];
  const auto load = [&](int i, float (&g)[F::kWide], float (&xhat)[F::kWide]) {
    T::unpack(T::load(gradients, unit.in_weight + i), g);
    F::unpack(F::load(a.weights, unit.offset + i), xhat);
    for (int k = 0; k < F::kWide; ++k) xhat[k] = (xhat[k] - mean) * inverse_deviation;
  };
  float sum = 0.0F, product = 0.0F;
  each_weight<F::kWide>(unit, [&](int i) {
    float g[F::kWide], xhat[F::kWide];
    load(i, g, xhat);
    for (int k = 0; k < F::kWide; ++k) {
      sum += g[k];
      product = arithmetic::multiply_add(g[k], xhat[k], product);
    }
  });
  const auto n = static_cast<float>(unit.fan_in);
  const float average = warp_sum(sum) / n, slope = warp_sum(product) / n;
  each_weight<F::kWide>(unit, [&](int i) {
    float g[F::kWide], xhat[F::kWide], before[F::kWide];
    load(i, g, xhat);
    F::unpack(F::load(a.gradient, unit.offset + i), before);
    for (int k = 0; k < F::kWide; ++k) {
      const float centred = arithmetic::multiply_add(-slope, xhat[k], g[k] - average);
      before[k] = arithmetic::multiply_add(inverse_deviation, centred, before[k]);
    }
    F::store(a.gradient, unit.offset + i, F::pack(before));
  });
}

// Units of a fan-in that vectors divide begin where vectors do.

template <class Wide, class One>
BYOL_DEVICE void standardize_forward_block(const StandardizeForwardArguments& a) {
  const StandardizeUnit unit = standardize_unit(a.blocks[blockIdx.x]);
  if (!unit.there) return;
  if (unit.fan_in % Wide::kWide == 0) {
    standardize_forward<Float4, Wide>(a, unit);
  } else {
    standardize_forward<Float1, One>(a, unit);
  }
}

template <class Wide, class One>
BYOL_DEVICE void standardize_backward_block(const StandardizeBackwardArguments& a) {
  const StandardizeBlock block = a.blocks[blockIdx.x];
  const StandardizeUnit unit = standardize_unit(block);
  const void* const gradients = a.gradients[block.weight - a.first_weight];
  if (!unit.there || gradients == nullptr) return;
  if (unit.fan_in % Wide::kWide == 0) {
    standardize_backward<Float4, Wide>(a, unit, gradients);
  } else {
    standardize_backward<Float1, One>(a, unit, gradients);
  }
}

BYOL_KERNEL(standardize_forward_float32, StandardizeForwardArguments, kStandardizeThreads) {
  standardize_forward_block<Float4, Float1>(a);
}
BYOL_KERNEL(standardize_forward_bfloat16, StandardizeForwardArguments, kStandardizeThreads) {
  standardize_forward_block<Half4, Half1>(a);
}
BYOL_KERNEL(standardize_backward_float32, StandardizeBackwardArguments, kStandardizeThreads) {
  standardize_backward_block<Float4, Float1>(a);
}
BYOL_KERNEL(standardize_backward_bfloat16, StandardizeBackwardArguments, kStandardizeThreads) {
  standardize_backward_block<Half4, Half1>(a);
}

}  // namespace byol::kernels

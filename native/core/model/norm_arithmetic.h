#pragma once

// The arithmetic of one element of the fused normalisation, and nothing else: no standard library, no memory. The host's
// vector kernels and a run-time compiled device kernel both take it from here, so what the tests prove on the CPU holds
// for the device. Every function is templated on the value: `float`, or a vector that has the same operations.

#include "core/simd/arithmetic.h"

namespace byol::arithmetic {

/// (x - m) / sqrt(variance + eps) * gamma + beta, from `centred` = x - mean, scale = gamma / sqrt(variance + eps) and
/// shift = beta - (m - mean) * scale. `mean` is m rounded to float32: near it, the subtraction is exact, and `shift`
/// makes up for the rounding, so that a large mean costs no accuracy.
template <class V>
BYOL_ARITHMETIC V normalise(V centred, V scale, V shift) {
  return multiply_add(centred, scale, shift);
}

/// The gradient that passes a ReLU whose input was normalise(centred, scale, shift). The sign is computed again with
/// the very operation of the forward pass, which is cheaper than reading the output back.
template <class V>
BYOL_ARITHMETIC V masked_gradient(V centred, V dy, V scale, V shift) {
  return where_positive(normalise(centred, scale, shift), dy);
}

/// With g the gradient at the normalisation's output and averages over the n values of a channel,
///   dx = scale * (g - average(g) - xhat * average(g * xhat)),   xhat = (x - m) / sqrt(variance + eps),
/// is linear in g and x: scale * g + slope * (x - mean) + offset.
template <class V>
BYOL_ARITHMETIC V input_gradient(V centred, V g, V scale, V slope, V offset) {
  return multiply_add(scale, g, multiply_add(slope, centred, offset));
}

/// `slope` of input_gradient. sum_g_centred is the sum of g * (x - m) over the n values of the channel.
BYOL_ARITHMETIC double input_gradient_slope(double sum_g_centred, double scale, double inverse_deviation, double n) {
  return -scale * inverse_deviation * inverse_deviation * sum_g_centred / n;
}

/// `offset` of input_gradient. sum_g is the sum of g over the n values of the channel; mean_rest is m - mean.
BYOL_ARITHMETIC double input_gradient_offset(double sum_g, double slope, double scale, double mean_rest, double n) {
  return -scale * sum_g / n - slope * mean_rest;
}

}  // namespace byol::arithmetic

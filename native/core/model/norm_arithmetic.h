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

/// With g the gradient at the normalisation's output and averages over the n values that share statistics,
///   dx = scale * g - average(scale * g) - xhat * average(scale * g * xhat),   xhat = (x - m) / sqrt(variance + eps),
/// is linear in g and x: scale * g + slope * (x - mean) + offset.
template <class V>
BYOL_ARITHMETIC V input_gradient(V centred, V g, V scale, V slope, V offset) {
  return multiply_add(scale, g, multiply_add(slope, centred, offset));
}

/// `slope` of input_gradient. scaled_centred is the sum of scale * g * (x - m) over the n values that share statistics.
template <class V>
BYOL_ARITHMETIC V input_gradient_slope(V scaled_centred, V inverse_deviation, V n) {
  return -inverse_deviation * inverse_deviation * scaled_centred / n;
}

/// `offset` of input_gradient. scaled is the sum of scale * g over the n values that share statistics; mean_rest is
/// m - mean.
template <class V>
BYOL_ARITHMETIC V input_gradient_offset(V scaled, V slope, V mean_rest, V n) {
  return -scaled / n - slope * mean_rest;
}

}  // namespace byol::arithmetic

#pragma once

#include <ATen/ATen.h>

namespace byol {

/// Inside the root: weights of 1/sqrt(fan_in) have variances down to 2e-4, so it is felt in wide layers.
constexpr double kStandardizationEpsilon = 1e-4;

/// Weight standardisation as in BYOL without batch statistics (arXiv 2010.10241; byol-facts 5.11): each output unit's
/// weights less their mean over the fan-in, divided by sqrt(variance + 1e-4), the variance biased.
///
/// `weight`: float32 or float64, [out, in] or [out, in, h, w], with a fan-in of at least 1 (of 1 the result is 0).
/// Differentiable once; the optimiser goes on updating the raw weight. The memory format is kept.
at::Tensor standardize_weight(const at::Tensor& weight);

}  // namespace byol

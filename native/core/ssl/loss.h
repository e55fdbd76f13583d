#pragma once

#include <ATen/ATen.h>

namespace byol {

/// x / sqrt(max(sum x^2, 1e-12)) over the last axis, as the official code (byol-facts 1.6).
at::Tensor l2_normalize(const at::Tensor& x);

/// 2 - 2 cos(prediction, target) per row: [B, D], [B, D] -> [B], float32, 0 to 4. Equation 2 of the paper, one
/// direction.
at::Tensor regression_loss(const at::Tensor& prediction, const at::Tensor& target);

/// sqrt(D) * mean over dimensions of the standard deviation over the batch of the l2-normalised rows: near 1 when
/// spread over the sphere, 0 when all rows are the same.
at::Tensor spread(const at::Tensor& projection);

}  // namespace byol

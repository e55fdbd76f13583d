#pragma once

#include <ATen/ATen.h>

namespace byol {

/// x * rsqrt(max(sum x^2, 1e-12)) over the last axis, as the official code (helpers.l2_normalize): below a norm of 1e-6 a
/// vector is multiplied by 1e6, its gradient too, and zero stays zero.
at::Tensor l2_normalize(const at::Tensor& x);

/// sqrt(D) * mean over dimensions of the standard deviation over the batch of the l2-normalised rows: near 1 when
/// spread over the sphere, 0 when all rows are the same.
at::Tensor spread(const at::Tensor& projection);

/// exp(entropy) of the normalised singular values of the centred, l2-normalised rows [B, D]: how many dimensions the
/// projections use, 1 to min(B - 1, D) (Roy and Vetterli 2007). 0 for values that are not finite.
double effective_rank(const at::Tensor& projection);

}  // namespace byol

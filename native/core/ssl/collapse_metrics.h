#pragma once

#include <ATen/ATen.h>

namespace byol {

/// sqrt(D) * mean over dimensions of the standard deviation over the batch of the l2-normalised rows: near 1 when
/// spread over the sphere, 0 when all rows are the same.
at::Tensor spread(const at::Tensor& projection);

/// exp(entropy) of the normalised singular values of the centred, l2-normalised rows [B, D]: how many dimensions the
/// projections use, 1 to min(B - 1, D) (Roy and Vetterli 2007). 0 for values that are not finite.
double effective_rank(const at::Tensor& projection);

}  // namespace byol

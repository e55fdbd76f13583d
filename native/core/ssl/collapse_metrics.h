#pragma once

#include <ATen/ATen.h>

namespace byol {

/// sqrt(D) * mean over dimensions of the standard deviation over the batch of the l2-normalised rows: near 1 when
/// spread over the sphere, 0 when all rows are the same.
at::Tensor spread(const at::Tensor& projection);

/// What effective_rank() takes: of the centred, l2-normalised rows [B, D], the products of all rows or of all columns
/// with each other, whichever are fewer; float64, square. Never read back.
at::Tensor rank_matrix(const at::Tensor& projection);

/// exp(entropy) of the normalised singular values of these rows: how many dimensions the projections use, 1 to
/// min(B - 1, D) (Roy and Vetterli 2007). `matrix`: rank_matrix() on the CPU. 0 for values that are not finite.
double effective_rank(const at::Tensor& matrix);

}  // namespace byol

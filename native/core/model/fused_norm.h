#pragma once

#include <ATen/ATen.h>

#include <optional>

namespace byol {

/// Per-channel statistics, float32 [C]. The variance is biased (divided by n, not n - 1), as in the official code.
struct NormStatistics {
  at::Tensor mean;
  at::Tensor variance;
};

/// Batch normalisation in training mode with what follows it, as one operation:
///
///   y = act((x - mean) / sqrt(variance + eps) * gamma + beta [+ residual]),   act = ReLU or identity,
///
/// with the statistics of this batch over N, H, W. Differentiable once in x, gamma, beta and residual; when grad mode
/// is off or nothing requires a gradient, nothing is kept.
///
/// `x`: [N, C, H, W], or [N, C]; not empty. A 4-d input that is not channels_last is made so first. On the CPU float32
/// and bfloat16 take the fused kernels, with float32 arithmetic and statistics whose chunks are merged in float64 in an
/// order that does not depend on the number of threads; other types and devices take reference_batch_norm. `gamma`,
/// `beta`: [C], float32. `residual`: like x. `eps` > 0 lies under the root. `batch_mean`, `batch_variance`: float32
/// [C], contiguous; they are written with the batch's statistics, outside autograd. Returns y in x's type,
/// channels_last if 4-d. Throws ERR_BYOL_SHAPE for an empty batch, sizes or types that do not fit.
at::Tensor fused_batch_norm(const at::Tensor& x, const at::Tensor& gamma, const at::Tensor& beta,
                            const std::optional<at::Tensor>& residual, bool relu, double eps, at::Tensor batch_mean,
                            at::Tensor batch_variance);

/// The same, for an x that the caller gives away, e.g. a convolution's result: where no gradient is needed and nothing
/// else holds its memory, y is written over it.
at::Tensor fused_batch_norm(at::Tensor&& x, const at::Tensor& gamma, const at::Tensor& beta,
                            const std::optional<at::Tensor>& residual, bool relu, double eps, at::Tensor batch_mean,
                            at::Tensor batch_variance);

/// The same operation with given statistics (running averages), float32 [C], which are constants to autograd.
at::Tensor fused_norm_inference(const at::Tensor& x, const at::Tensor& gamma, const at::Tensor& beta,
                                const std::optional<at::Tensor>& residual, bool relu, double eps,
                                const at::Tensor& mean, const at::Tensor& variance);

/// The same, for an x that the caller gives away.
at::Tensor fused_norm_inference(at::Tensor&& x, const at::Tensor& gamma, const at::Tensor& beta,
                                const std::optional<at::Tensor>& residual, bool relu, double eps,
                                const at::Tensor& mean, const at::Tensor& variance);

/// fused_batch_norm as a plain composition of ATen operations on any device, differentiable any number of times. The
/// arithmetic is float32, or float64 if x is float64 (gamma, beta and the statistics may then be float64 too).
at::Tensor reference_batch_norm(const at::Tensor& x, const at::Tensor& gamma, const at::Tensor& beta,
                                const std::optional<at::Tensor>& residual, bool relu, double eps, at::Tensor batch_mean,
                                at::Tensor batch_variance);

}  // namespace byol

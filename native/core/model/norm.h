#pragma once

#include <ATen/ATen.h>

#include <optional>

namespace byol {

// Normalisation with what follows it, as one operation:
//
//   y = act((x - mean) / sqrt(variance + eps) * gamma + beta [+ residual]),   act = ReLU or identity.
//
// The kinds differ in which values share a mean and a (biased) variance. Differentiable once in x, gamma, beta and
// residual; when grad mode is off or nothing requires a gradient, nothing is kept, and y is written over an x that the
// caller gives away (moves) and nothing else holds.
//
// `x`: [N, C, H, W], or [N, C]; not empty. A 4-d input that is not channels_last is made so first. On the CPU float32
// and bfloat16 take the kernels, with float32 arithmetic and statistics whose chunks are merged in float64 in an order
// that does not depend on the number of threads; other types and devices take norm_reference.h. `gamma`, `beta`: [C],
// float32. `residual`: like x. `eps` lies under the root. Returns y in x's type, channels_last if 4-d. Throws
// ERR_BYOL_SHAPE for an empty input, sizes or types that do not fit.

/// Statistics of each channel over N, H, W. `batch_mean`, `batch_variance` are written with them, outside autograd:
/// float32 [C], or [G, C] where each of G equal runs of samples has statistics of its own.
at::Tensor batch_norm(at::Tensor x, const at::Tensor& gamma, const at::Tensor& beta,
                      const std::optional<at::Tensor>& residual, bool relu, double eps, const at::Tensor& batch_mean,
                      const at::Tensor& batch_variance);

/// With given statistics (running averages), float32 [C], which are constants to autograd.
at::Tensor batch_norm_inference(at::Tensor x, const at::Tensor& gamma, const at::Tensor& beta,
                                const std::optional<at::Tensor>& residual, bool relu, double eps,
                                const at::Tensor& mean, const at::Tensor& variance);

/// Statistics of each sample over H, W and the channels of one of `groups` equal groups (Wu and He 2018); one group is
/// layer normalisation. The same in training and inference. Undefined gamma and beta: 1 and 0.
at::Tensor group_norm(at::Tensor x, int64_t groups, const at::Tensor& gamma, const at::Tensor& beta,
                      const std::optional<at::Tensor>& residual, bool relu, double eps);

/// No statistics: act(x * scale + shift [+ residual]).
at::Tensor affine_norm(at::Tensor x, const at::Tensor& scale, const at::Tensor& shift,
                       const std::optional<at::Tensor>& residual, bool relu);

}  // namespace byol

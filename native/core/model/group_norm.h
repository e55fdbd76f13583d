#pragma once

#include <ATen/ATen.h>

#include <optional>

namespace byol {

/// Group normalisation (Wu & He 2018) with what follows it:
///
///   y = act((x - mean) / sqrt(variance + eps) * gamma + beta [+ residual]),   act = ReLU or identity,
///
/// with mean and biased variance of each sample over H, W and the channels of one of `groups` equal groups; one group
/// is layer normalisation. The same in training and inference.
///
/// `x`: [N, C, H, W] or [N, C], of any floating type; the arithmetic is float32 (float64 for float64). `gamma`, `beta`:
/// [C]. `residual`: like x. Returns y in x's type, channels_last if 4-d. Throws ERR_BYOL_SHAPE where the groups do not
/// divide the channels.
at::Tensor group_norm(const at::Tensor& x, int64_t groups, const at::Tensor& gamma, const at::Tensor& beta,
                      const std::optional<at::Tensor>& residual, bool relu, double eps);

}  // namespace byol

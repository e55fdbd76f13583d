#pragma once

#include <ATen/ATen.h>

#include <optional>

namespace byol {

// The operations of norm.h as plain compositions of ATen operations, on any device and differentiable any number of
// times: what the kernels are tested against, and what computes where there are none. The arithmetic is float32, or
// float64 if x is float64 (gamma, beta and the statistics may then be float64 too). Inputs are those that norm.h
// accepts.

at::Tensor reference_batch_norm(const at::Tensor& x, const at::Tensor& gamma, const at::Tensor& beta,
                                const std::optional<at::Tensor>& residual, bool relu, double eps,
                                const at::Tensor& batch_mean, const at::Tensor& batch_variance);

at::Tensor reference_batch_norm_inference(const at::Tensor& x, const at::Tensor& gamma, const at::Tensor& beta,
                                          const std::optional<at::Tensor>& residual, bool relu, double eps,
                                          const at::Tensor& mean, const at::Tensor& variance);

at::Tensor reference_group_norm(const at::Tensor& x, int64_t groups, const at::Tensor& gamma, const at::Tensor& beta,
                                const std::optional<at::Tensor>& residual, bool relu, double eps);

at::Tensor reference_affine_norm(const at::Tensor& x, const at::Tensor& scale, const at::Tensor& shift,
                                 const std::optional<at::Tensor>& residual, bool relu);

}  // namespace byol

#include "core/model/norm_reference.h"

#include <ATen/core/grad_mode.h>

#include <vector>

namespace byol {
namespace {

at::Tensor in_working_type(const at::Tensor& x) { return x.scalar_type() == at::kDouble ? x : x.to(at::kFloat); }

// A value per channel, beside x.
at::Tensor per_channel(const at::Tensor& value, const at::Tensor& x) {
  std::vector<int64_t> shape(static_cast<size_t>(x.dim()), 1);
  shape[1] = x.size(1);
  return value.to(x.scalar_type()).view(shape);
}

// `y`: normalised, in the working type.
at::Tensor finish(at::Tensor y, const std::optional<at::Tensor>& residual, bool relu, at::ScalarType type) {
  if (residual) y = y + residual->to(y.scalar_type());
  if (relu) y = y.relu();
  y = y.to(type);
  return y.dim() == 4 ? y.contiguous(at::MemoryFormat::ChannelsLast) : y;
}

at::Tensor normalised(const at::Tensor& x, const at::Tensor& mean, const at::Tensor& variance, double eps) {
  return (x - per_channel(mean, x)) / (per_channel(variance, x) + eps).sqrt();
}

at::Tensor scaled(const at::Tensor& x, const at::Tensor& gamma, const at::Tensor& beta) {
  return gamma.defined() ? x * per_channel(gamma, x) + per_channel(beta, x) : x;
}

}  // namespace

at::Tensor reference_batch_norm(const at::Tensor& x, const at::Tensor& gamma, const at::Tensor& beta,
                                const std::optional<at::Tensor>& residual, bool relu, double eps,
                                const at::Tensor& batch_mean, const at::Tensor& batch_variance) {
  std::vector<int64_t> but_channels{0, 2, 3};
  but_channels.resize(static_cast<size_t>(x.dim()) - 1);
  const int64_t groups = batch_mean.dim() == 2 ? batch_mean.size(0) : 1;
  std::vector<at::Tensor> parts;
  for (int64_t g = 0; g < groups; ++g) {
    const int64_t samples = x.size(0) / groups;
    const at::Tensor part = in_working_type(x.narrow(0, g * samples, samples));
    const at::Tensor mean = part.mean(but_channels);
    const at::Tensor variance = (part - per_channel(mean, part)).square().mean(but_channels);
    {
      const at::NoGradGuard no_grad;
      batch_mean.view({groups, -1})[g].copy_(mean);
      batch_variance.view({groups, -1})[g].copy_(variance);
    }
    parts.push_back(normalised(part, mean, variance, eps));
  }
  return finish(scaled(groups == 1 ? parts[0] : at::cat(parts), gamma, beta), residual, relu, x.scalar_type());
}

at::Tensor reference_batch_norm_inference(const at::Tensor& x, const at::Tensor& gamma, const at::Tensor& beta,
                                          const std::optional<at::Tensor>& residual, bool relu, double eps,
                                          const at::Tensor& mean, const at::Tensor& variance) {
  const at::Tensor y = normalised(in_working_type(x), mean.detach(), variance.detach(), eps);
  return finish(scaled(y, gamma, beta), residual, relu, x.scalar_type());
}

at::Tensor reference_group_norm(const at::Tensor& x, int64_t groups, const at::Tensor& gamma, const at::Tensor& beta,
                                const std::optional<at::Tensor>& residual, bool relu, double eps) {
  const at::Tensor rows = in_working_type(x).contiguous().view({x.size(0), groups, -1});
  const at::Tensor centred = rows - rows.mean(2, /*keepdim=*/true);
  const at::Tensor y = centred / (centred.square().mean(2, /*keepdim=*/true) + eps).sqrt();
  return finish(scaled(y.view(x.sizes()), gamma, beta), residual, relu, x.scalar_type());
}

at::Tensor reference_affine_norm(const at::Tensor& x, const at::Tensor& scale, const at::Tensor& shift,
                                 const std::optional<at::Tensor>& residual, bool relu) {
  return finish(scaled(in_working_type(x), scale, shift), residual, relu, x.scalar_type());
}

}  // namespace byol

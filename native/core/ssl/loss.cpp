#include "core/ssl/loss.h"

#include <cmath>

namespace byol {

at::Tensor l2_normalize(const at::Tensor& x) {
  return x * at::rsqrt(at::clamp_min(x.square().sum(-1, /*keepdim=*/true), 1e-12));
}

at::Tensor regression_loss(const at::Tensor& prediction, const at::Tensor& target) {
  // Low-precision heads end here: norms and products of the loss are float32 (or float64 when tested so).
  const auto widen = [](const at::Tensor& x) { return x.scalar_type() == at::kBFloat16 ? x.to(at::kFloat) : x; };
  return 2.0 - 2.0 * (l2_normalize(widen(prediction)) * l2_normalize(widen(target))).sum(-1);
}

at::Tensor spread(const at::Tensor& projection) {
  at::NoGradGuard no_grad;
  const at::Tensor z = l2_normalize(projection.to(at::kFloat));
  return z.std(0, /*unbiased=*/false).mean() * std::sqrt(static_cast<double>(z.size(1)));
}

}  // namespace byol

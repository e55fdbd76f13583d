#include "core/ssl/collapse_metrics.h"

#include <cmath>

#include "core/row_norms.h"

namespace byol {

at::Tensor spread(const at::Tensor& projection) {
  at::NoGradGuard no_grad;
  const at::Tensor z = l2_normalize(projection.to(at::kFloat));
  return z.std(0, /*unbiased=*/false).mean() * std::sqrt(static_cast<double>(z.size(1)));
}

double effective_rank(const at::Tensor& projection) {
  at::NoGradGuard no_grad;
  const at::Tensor z = l2_normalize(projection.to(at::kCPU, at::kDouble));
  if (!at::isfinite(z).all().item<bool>()) return 0.0;
  const at::Tensor values = at::linalg_svdvals(z - z.mean(0));
  const at::Tensor shares = values / values.sum().clamp_min(1e-30);
  return std::exp(-at::xlogy(shares, shares).sum().item<double>());
}

}  // namespace byol

#include "core/ssl/collapse_metrics.h"

#include <cmath>
#include <limits>

#include "core/row_norms.h"

namespace byol {

at::Tensor spread(const at::Tensor& projection) {
  at::NoGradGuard no_grad;
  const at::Tensor z = l2_normalize(projection.to(at::kFloat));
  return z.std(0, /*unbiased=*/false).mean() * std::sqrt(static_cast<double>(z.size(1)));
}

at::Tensor rank_matrix(const at::Tensor& projection) {
  at::NoGradGuard no_grad;
  const at::Tensor z = l2_normalize(projection.to(at::kDouble));
  const at::Tensor centred = z - z.mean(0);
  return z.size(0) < z.size(1) ? centred.mm(centred.t()) : centred.t().mm(centred);
}

double effective_rank(const at::Tensor& matrix) {
  at::NoGradGuard no_grad;
  if (!at::isfinite(matrix).all().item<bool>()) return 0.0;
  // The squares of the singular values. What rounding alone can have made is none.
  const at::Tensor squares = at::linalg_eigvalsh(matrix);
  const double noise = static_cast<double>(matrix.size(0)) * std::numeric_limits<double>::epsilon();
  const at::Tensor values = squares.where(squares.gt(squares.max() * noise), at::zeros_like(squares)).sqrt();
  const at::Tensor shares = values / values.sum().clamp_min(1e-30);
  return std::exp(-at::xlogy(shares, shares).sum().item<double>());
}

}  // namespace byol

#include "core/model/weight_standardization.h"

#include <numeric>
#include <vector>

namespace byol {
namespace {

// Inside the root: weights of 1/sqrt(fan_in) have variances down to 2e-4, so it is felt in wide layers.
constexpr double kEpsilon = 1e-4;

}  // namespace

at::Tensor standardize_weight(const at::Tensor& weight) {
  std::vector<int64_t> fan_in(static_cast<size_t>(weight.dim()) - 1);
  std::iota(fan_in.begin(), fan_in.end(), 1);
  const at::Tensor centred = weight - weight.mean(fan_in, /*keepdim=*/true);
  return centred * (centred.square().mean(fan_in, /*keepdim=*/true) + kEpsilon).rsqrt();
}

}  // namespace byol

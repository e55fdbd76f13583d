#include "core/model/weight_standardization.h"

#include <optional>

#include "core/model/norm.h"

namespace byol {
namespace {

// Inside the root: weights of 1/sqrt(fan_in) have variances down to 2e-4, so it is felt in wide layers.
constexpr double kEpsilon = 1e-4;

}  // namespace

at::Tensor standardize_weight(const at::Tensor& weight) {
  // A norm whose samples are the output units.
  return group_norm(weight, 1, {}, {}, std::nullopt, /*relu=*/false, kEpsilon);
}

}  // namespace byol

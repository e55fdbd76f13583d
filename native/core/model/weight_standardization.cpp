#include "core/model/weight_standardization.h"

#include <optional>

#include "core/model/norm.h"

namespace byol {

at::Tensor standardize_weight(const at::Tensor& weight) {
  // A norm whose samples are the output units.
  return group_norm(weight, 1, {}, {}, std::nullopt, /*relu=*/false, kStandardizationEpsilon);
}

}  // namespace byol

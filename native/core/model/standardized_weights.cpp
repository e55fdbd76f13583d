#include "core/model/standardized_weights.h"

#include <utility>
#include <vector>

#include "core/model/weight_standardization.h"

namespace byol {

const at::Tensor& StandardizedWeights::of(size_t index) {
  if (device_ && made_.empty()) {
    std::vector<at::Tensor> all = device_->standardize();
    for (size_t i = 0; i < all.size(); ++i) made_[device_->indices()[i]] = std::move(all[i]);
  }
  at::Tensor& made = made_[index];
  // Standardised in float32, then rounded.
  if (!made.defined()) made = standardize_weight(parameters_[index]).to(parameters_.compute_dtype());
  return made;
}

}  // namespace byol

#include "core/model/standardized_weights.h"

#include "core/model/weight_standardization.h"

namespace byol {

const at::Tensor& StandardizedWeights::of(const ParameterStore& parameters, size_t index) {
  at::Tensor& made = made_[index];
  // Standardised in float32, then rounded.
  if (!made.defined()) made = standardize_weight(parameters[index]).to(parameters.compute_dtype());
  return made;
}

}  // namespace byol

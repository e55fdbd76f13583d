#pragma once

#include <ATen/ATen.h>

#include <map>

#include "core/parameters/parameter_store.h"

namespace byol {

/// Standardised weights in the precision that passes compute in, made once for all passes of one graph: the passes'
/// gradients are added before they go back through the standardisation.
class StandardizedWeights {
 public:
  const at::Tensor& of(const ParameterStore& parameters, size_t index);

 private:
  std::map<size_t, at::Tensor> made_;
};

}  // namespace byol

#pragma once

#include <ATen/ATen.h>

#include "core/optim/parameter_store.h"
#include "core/ssl/learner_spec.h"

namespace byol {

/// LARS exactly as the official code (byol-facts 2.1), or SGD as torch.optim.SGD, on a flat parameter store.
class Optimizer {
 public:
  Optimizer(const OptimizerSpec& spec, ParameterStore& store);

  /// One step on store.gradient(), which is used up. `learning_rate`: float32, 0-dim or one for every
  /// element of the store. `alive`: 0-dim bool; false changes
  /// neither parameters nor momentum. No value is read back from the device.
  void step(const at::Tensor& learning_rate, const at::Tensor& alive);

  at::Tensor& momentum() { return momentum_; }
  const at::Tensor& momentum() const { return momentum_; }

 private:
  void adapt_layerwise();

  OptimizerSpec spec_;
  ParameterStore& store_;
  at::Tensor momentum_;
  std::vector<at::Tensor> parameter_views_, gradient_views_;
};

}  // namespace byol

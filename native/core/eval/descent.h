#pragma once

#include <ATen/ATen.h>

namespace byol {

/// A step of SGD as torch.optim.SGD defines it, each column with a learning rate of its own.
struct Descent {
  const at::Tensor& rates;  // float32 [C]
  double scale;             // of the rates
  double momentum;
  bool nesterov;
  double weight_decay;
};

/// g += weight_decay * p; v = momentum * v + g; p -= rate * scale * (nesterov ? g + momentum * v : v), for float32 [C] or
/// [D, C]. The rate lies outside the momentum. On the CPU one pass over memory; uses the gradient up, and of what is as
/// large allocates nothing: a step either fails before this or is done.
void descend(at::Tensor& parameters, at::Tensor& velocity, at::Tensor& gradient, const Descent& descent);

}  // namespace byol

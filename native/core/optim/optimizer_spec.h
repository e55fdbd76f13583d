#pragma once

namespace byol {

enum class OptimizerKind { Lars, Sgd };

struct OptimizerSpec {
  OptimizerKind kind = OptimizerKind::Lars;
  double momentum = 0.9;
  double weight_decay = 0.0;
  bool nesterov = false;             // SGD only
  double trust_coefficient = 1e-3;   // LARS only
  bool decay_norm_and_bias = false;  // official LARS: no
};

}  // namespace byol

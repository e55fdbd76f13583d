#pragma once

#include <ATen/ATen.h>

#include <cstdint>
#include <vector>

#include "core/eval/feature_bank.h"

namespace byol {

/// Linear classifiers on frozen features, one per learning rate, trained in one pass: softmax cross-entropy, SGD with
/// (Nesterov) momentum, L2 weight decay on the weights; all classifiers see the same batches.
class LinearProbe {
 public:
  /// `learning_rates`: peak values, one classifier each. Weights N(0, 0.01) from `seed`, the same for each classifier; biases 0.
  LinearProbe(int64_t features, int64_t classes, std::vector<double> learning_rates, double momentum, bool nesterov,
              double weight_decay, uint64_t seed, at::Device device);
  /// Feature standardisation is not part of the protocol. `scale` multiplies every learning rate (the schedule). Mean loss per classifier.
  std::vector<double> step(const FeatureBank& bank, const std::vector<int64_t>& rows, double scale);
  std::vector<Accuracy> evaluate(const FeatureBank& bank) const;

 private:
  int64_t classes_;
  std::vector<double> learning_rates_;
  double momentum_;
  bool nesterov_;
  double weight_decay_;
  at::Tensor weights_;   // [L, D, C]
  at::Tensor biases_;    // [L, C]
  at::Tensor weight_momentum_;
  at::Tensor bias_momentum_;
};

}  // namespace byol

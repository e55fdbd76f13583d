#pragma once

#include <ATen/ATen.h>

#include <cstdint>
#include <vector>

#include "core/eval/accuracy_counter.h"
#include "core/eval/feature_bank.h"

namespace byol {

/// Linear classifiers on frozen features, one per learning rate, trained in one pass: softmax cross-entropy, SGD with
/// (Nesterov) momentum as torch.optim.SGD defines it, L2 weight decay on the weights; all classifiers see the same
/// batches.
class LinearProbe {
 public:
  /// `learning_rates`: peak values, one classifier each. Weights N(0, 0.01) from `seed`, the same for each classifier;
  /// biases 0. Throws ERR_BYOL_VALUE for fewer than one feature, class or learning rate.
  LinearProbe(int64_t features, int64_t classes, std::vector<double> learning_rates, double momentum, bool nesterov,
              double weight_decay, uint64_t seed, at::Device device);
  /// One step on these rows of the bank; unlabelled ones are ignored. Feature standardisation is not part of the
  /// protocol. `scale` multiplies every learning rate (the schedule). A device is not waited for. Throws ERR_BYOL_SHAPE
  /// for a row outside the bank or another feature size, ERR_BYOL_VALUE if no row has a label or one is not below
  /// `classes`.
  void step(const FeatureBank& bank, const std::vector<int64_t>& rows, double scale);
  /// The mean loss of each classifier over the rows of the last step, before that changed it; none before the first.
  std::vector<double> losses() const;
  /// Accuracy of each classifier on the labelled rows of the bank.
  std::vector<Accuracy> evaluate(const FeatureBank& bank) const;

 private:
  /// [B, D] -> [B, L, C]: one matrix product for all classifiers.
  at::Tensor logits(const at::Tensor& features) const;
  void check_dimension(const FeatureBank& bank) const;

  int64_t classes_;
  int64_t classifiers_;
  double momentum_;
  bool nesterov_;
  double weight_decay_;
  at::Tensor learning_rates_;  // [L * C], each rate repeated for its classes
  at::Tensor weights_;         // [D, L * C]
  at::Tensor biases_;          // [L * C]
  at::Tensor weight_momentum_;
  at::Tensor bias_momentum_;
  at::Tensor losses_;  // [L], of the last step
};

}  // namespace byol

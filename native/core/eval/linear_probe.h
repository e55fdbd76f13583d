#pragma once

#include <ATen/ATen.h>

#include <cstdint>
#include <optional>
#include <vector>

#include "core/eval/accuracy_counter.h"
#include "core/eval/feature_bank.h"

namespace byol {

/// Logits x become clipped = alpha * tanh(x / alpha) in the loss, which gains beta * mean(clipped^2) over rows and
/// classes (paper C.1, the variant of Table 7: alpha 20, beta 0.01).
struct LogitRegularizer {
  double alpha;
  double beta;
};

struct LinearProbeSpec {
  int64_t features, classes;
  std::vector<double> learning_rates;  // peak values, one classifier each
  double momentum;
  bool nesterov;
  double weight_decay;
  std::optional<LogitRegularizer> logit_regularizer;
  uint64_t seed;
};

/// Linear classifiers on frozen features, one per learning rate, trained in one pass: softmax cross-entropy, SGD with
/// (Nesterov) momentum as torch.optim.SGD defines it, L2 weight decay on the weights; all classifiers see the same
/// batches. On the CPU a step is its two matrix products and little else: what it needs is kept from step to step.
class LinearProbe {
 public:
  /// Weights N(0, 0.01) from the seed, the same for each classifier; biases 0. Throws ERR_BYOL_VALUE for fewer than one
  /// feature, class or learning rate.
  LinearProbe(const LinearProbeSpec& spec, at::Device device);
  /// One step on these rows of the bank; unlabelled ones are ignored. Feature standardisation is not part of the
  /// protocol. `scale` multiplies every learning rate (the schedule). A device is not waited for. Throws ERR_BYOL_SHAPE
  /// for a row outside the bank or another feature size, ERR_BYOL_VALUE if no row has a label or one is not below
  /// `classes`.
  void step(const FeatureBank& bank, const std::vector<int64_t>& rows, double scale);
  /// The mean loss of each classifier over the rows of the last step, before that changed it, penalty included; none
  /// before the first.
  std::vector<double> losses() const;
  /// Seconds of the two matrix products of a step on so many rows, and of nothing else: what a step is measured by. A
  /// device is waited for.
  double time_products(int64_t rows) const;
  /// Accuracy of each classifier on the labelled rows of the bank, by the logits as they are: clipping keeps their order.
  std::vector<Accuracy> evaluate(const FeatureBank& bank) const;

 private:
  /// [B, D] -> [B, L * C]: one matrix product for all classifiers.
  at::Tensor logits(const at::Tensor& features) const;
  /// From `logits_` to their gradient times B, in their place; returns the losses [L].
  at::Tensor differentiate(const at::Tensor& labels);
  void check_dimension(const FeatureBank& bank) const;

  int64_t classes_;
  int64_t classifiers_;
  double momentum_;
  bool nesterov_;
  double weight_decay_;
  std::optional<LogitRegularizer> logit_regularizer_;
  at::Tensor learning_rates_;  // [L * C], each rate repeated for its classes
  at::Tensor weights_;         // [D, L * C]
  at::Tensor biases_;          // [L * C]
  at::Tensor weight_momentum_;
  at::Tensor bias_momentum_;
  at::Tensor weight_gradient_;  // of the last step
  at::Tensor logits_, log_probability_;  // [B, L * C], of the last step: new where it had other rows
  at::Tensor losses_;  // [L], of the last step
};

}  // namespace byol

#pragma once

#include <ATen/ATen.h>

#include <cstdint>
#include <optional>
#include <vector>

#include "core/eval/feature_bank.h"
#include "core/eval/lbfgs.h"

namespace byol {

/// Logistic regression on frozen features with an L2 penalty on the weights and none on the biases, by L-BFGS:
///   minimise  sum over rows of the loss + penalty / 2 * |W|^2,
/// scikit-learn's meaning with C = 1 / penalty. Features are float32, and so are the products with them; weights,
/// gradients, sums over rows and the history are float64. Two changes of variables leave the minimum where it is and
/// bring it nearer: features count less their mean, which the biases take up, and biases are measured in units in which
/// they curve as the steepest direction of the weights does.
class LogisticRegression {
 public:
  enum class Loss {
    Softmax,  // one class per row: cross-entropy
    Sigmoid,  // any number of classes per row: binary cross-entropy of each class, one against the rest
  };
  struct Fit {
    int64_t iterations;    // of this call
    double objective;      // the sum that is minimised
    double gradient_part;  // the gradient's norm, as a part of that at the start
    Lbfgs::Stop stop;
  };

  /// Throws ERR_BYOL_VALUE for fewer than one feature or class.
  LogisticRegression(int64_t features, int64_t classes, Loss loss, at::Device device);
  LogisticRegression(const LogisticRegression&) = delete;

  /// More rows to learn from, before the first fit(). A run of neighbouring rows is not copied: the bank must stay as
  /// it is. `labels`, `offsets`: the classes of rows[i] are labels[offsets[i]] to labels[offsets[i + 1] - 1]; without
  /// offsets, labels[i], and a row with a label below 0 is left out. Throws ERR_BYOL_SHAPE for a row outside the bank
  /// or another feature size, ERR_BYOL_VALUE for labels that do not fit the rows, the classes or the loss, and after
  /// the first fit().
  void add(const FeatureBank& bank, const std::vector<int64_t>& rows, const std::vector<int64_t>& labels,
           const std::optional<std::vector<int64_t>>& offsets);

  /// At most so many iterations more, from where the last call ended, with whatever penalty: first from weights of 0
  /// and biases that give each class its share of the rows. Ends early where the gradient's norm is at most `tolerance`
  /// times that at the start, or where rounding hides what more there is to gain. Throws ERR_BYOL_VALUE without rows,
  /// ERR_BYOL_NOT_FINITE for features so large that their products overflow.
  Fit fit(double penalty, double tolerance, int64_t iterations);

  /// Of rows of a bank, float32 [R, C]: logits. Throws ERR_BYOL_SHAPE as add() does.
  at::Tensor scores(const FeatureBank& bank, const std::vector<int64_t>& rows) const;
  /// float64 [C, D] and [C], for the features as they are.
  at::Tensor weights() const;
  at::Tensor biases() const;

 private:
  struct Part {
    at::Tensor features;  // float32 [n, D]
    at::Tensor targets;   // Softmax: int64 [n]; Sigmoid: float32 [n, C], 0 or 1
  };

  /// Mean, scale of the biases, start.
  void begin();
  Lbfgs::Evaluation evaluate(const at::Tensor& point, double penalty) const;
  /// Loss, float64 []; `logits` become its gradient.
  at::Tensor loss_of(at::Tensor& logits, const at::Tensor& targets) const;
  at::Tensor features_of(const FeatureBank& bank, const std::vector<int64_t>& rows) const;
  int64_t block_rows() const;

  int64_t dimension_, classes_;
  Loss loss_;
  at::Device device_;
  std::vector<Part> parts_;
  int64_t rows_ = 0;
  std::vector<double> frequency_;  // rows of each class
  at::Tensor mean_;                // float64 [D]; undefined before begin()
  at::Tensor bias_scale_;          // float64 []
  at::Tensor point_;  // float64 [C * D + C]: weights, then biases of centred features in units of bias_scale_
  double start_norm_ = 0.0;
  double penalty_ = -1.0;
  std::optional<Lbfgs> solver_;
};

}  // namespace byol

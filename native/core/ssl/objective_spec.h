#pragma once

#include <cstdint>
#include <optional>

namespace byol {

/// How prediction and target are normalised before their squared distance is taken (paper Table 20).
enum class Similarity {
  L2,
  Layer,  // per row to mean 0 and variance 1, divided by sqrt(D); no parameters
  Batch,  // per dimension over the batch, divided by sqrt(D); no parameters
  None,
  Softmax  // class probabilities, divided by sqrt(D): Mean Teacher's mean squared error
};

enum class TargetMode {
  Ema,           // the target network
  StopGradient,  // the online network's projections as constants
  Gradient       // the same, with their gradient
};

enum class NegativesKind { Batch, Queue };

/// beta * 2 alpha * ln(sum of exp(S / alpha)), section 5 of the paper.
struct NegativesSpec {
  NegativesKind kind = NegativesKind::Batch;
  double weight = 1.0;       // beta
  double temperature = 0.1;  // alpha
  int64_t size = 0;          // of the queue
};

struct ObjectiveSpec {
  Similarity similarity = Similarity::L2;
  TargetMode target = TargetMode::Ema;
  bool symmetric = true;          // both directions, summed; false: view 1 predicts view 2
  double scale = 1.0;             // of the loss
  bool joint_statistics = false;  // both views in one forward pass
  int64_t statistics_groups = 1;  // parts of the batch with batch statistics of their own, other ones for the target
  std::optional<NegativesSpec> negatives;
};

/// The projector's outputs as class scores: cross-entropy over the rows whose label is given, or a sigmoid for each class.
struct SupervisionSpec {
  double label_smoothing = 0.0;  // of the cross-entropy
  bool target = true;            // false: labels alone, the objective is not computed
  bool many = false;             // rows have any number of classes: classify_many()
};

}  // namespace byol

#pragma once

#include <optional>
#include <utility>
#include <vector>

#include "core/model/convolution_choices.h"
#include "core/model/encoder_state.h"
#include "core/model/mlp.h"
#include "core/ssl/learner.h"
#include "core/ssl/metric_sums.h"
#include "core/ssl/step_passes.h"
#include "core/ssl/step_times.h"
#include "core/ssl/target_queue.h"
#include "core/ssl/update.h"

namespace byol {

/// The online linear classifier on stopped gradients (byol-facts 1.6): float32, trained by the learner's own optimiser.
class LinearClassifier {
 public:
  LinearClassifier(NetworkBuilder& builder, int64_t features, int64_t classes)
      : weight_(builder.linear_weight("classifier.weight", features, classes, ParameterRole::FullPrecisionWeight)),
        bias_(builder.linear_bias("classifier.bias", features, classes)),
        flops_(2.0 * static_cast<double>(features) * static_cast<double>(classes)) {}
  at::Tensor forward(const ParameterStore& parameters, const at::Tensor& representation) const {
    return at::linear(representation, parameters[weight_], parameters[bias_]);
  }

  /// Floating-point operations of its matrix product for one row.
  double flops() const { return flops_; }

 private:
  size_t weight_, bias_;
  double flops_;
};

/// The structure of the networks: `shared` by online and target, and `own` of the online side alone. No tensors.
struct LearnerStructure {
  explicit LearnerStructure(const LearnerSpec& spec);

  NetworkBuilder shared_builder, own_builder;
  Encoder encoder;
  int64_t encoder_parameters;
  Mlp projector;
  std::optional<Mlp> predictor;
  std::optional<LinearClassifier> classifier;
};

/// The structure and the states of the networks.
struct Learner::Impl : LearnerStructure {
  Impl(const LearnerSpec& spec, at::Device device);
  Impl(const Impl&) = delete;  // the update refers to the networks beside it

  /// Enough of the target's parameters to see it move.
  at::Tensor sample_target() const;
  /// Gives the affine layers that wait for it their data-dependent initialisation, the online and the target network
  /// each from its own pass over this batch; true if there were any. affine_initialization.cpp
  bool initialize_affine(const at::Tensor& view);
  bool affine_waits() const { return online.affine.any_waits() || target.affine.any_waits() || own.affine.any_waits(); }
  /// Whether both views of these rows go through the networks as one batch. The same either way but for rounding.
  bool views_go_together(const at::Tensor& view) const;
  std::optional<bool> views_together;  // instead of that rule

  /// Before the first micro-batch of a step, once: what accumulate() changes in place and clear_step() cannot tell.
  void remember();
  /// Back to what was remembered.
  void restore();
  /// Gradients, staged statistics and staged rows of the queue.
  void clear_step();

  NetworkState online, target, own;
  ConvolutionChoices convolutions;
  std::optional<TargetQueue> queue;
  Update update;
  at::Tensor scalars;                                 // float32 [kScalarSlots], of the step that comes next
  at::Tensor rates, target_weight, objective_weight;  // views of them

  at::Tensor target_at_start;  // a sample of the target's parameters
  at::Tensor last_projection;  // of the last micro-batch
  MetricSums metrics;
  int64_t steps_since_read = 0;
  int64_t micro_batches_done = 0;  // of the step in progress
  StepClock* clock = nullptr;      // of the step in progress, where somebody wants its times
  void end_of(StepPart part) const {
    if (clock != nullptr) clock->end(part);
  }

  bool whole = true;  // false: Learner::require_whole()
  std::shared_ptr<std::string> failure = std::make_shared<std::string>();  // of the device, or empty
  struct Remembered {
    std::vector<std::pair<at::Tensor, at::Tensor>> contents;  // a tensor, and a copy of what it held
    std::vector<NetworkState*> waited;                        // for the data-dependent initialisation of affine layers
    at::Tensor last_projection;
  };
  std::optional<Remembered> remembered;
};

}  // namespace byol

#pragma once

#include <ATen/ATen.h>

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "core/device/late.h"
#include "core/io/tensor_file.h"
#include "core/ssl/execution.h"
#include "core/ssl/learner_spec.h"
#include "core/ssl/step_metrics.h"
#include "core/ssl/step_scalars.h"
#include "core/ssl/step_times.h"

namespace byol {

class DeviceSteps;  // device_steps.h
struct StepInput;   // step_input.h

/// What one forward and backward pass sees.
struct MicroBatch {
  at::Tensor view1{}, view2{};  // [B, 3, H, W] in compute_dtype()
  at::Tensor labels{};          // int64 [B], -1: unlabelled; for the online classifier, which nothing else learns from
  /// int64 [B], -1: unlabelled; with many labels [B, classes] as classify_many() takes them. Needed with supervision only.
  at::Tensor supervised_labels{};
  int64_t micro_batches = 1;       // per optimiser step: gradients are divided by it
};

/// What is known of a learner before it is made.
struct LearnerFacts {
  int64_t features, encoder_parameters;
  double bytes;  // of its tensors, about
};
/// Throws ERR_BYOL_SHAPE for networks that cannot be. Touches no tensor: any thread may ask.
LearnerFacts facts_of(const LearnerSpec& spec);

/// Online and target network, optimiser and EMA of BYOL (Grill et al. 2020, Algorithm 1) and of the objectives around
/// it (section 5).
class Learner {
 public:
  struct Impl;  // learner_parts.h
  explicit Learner(const LearnerSpec& spec, at::Device device);
  ~Learner();
  Learner(const Learner&) = delete;
  Learner& operator=(const Learner&) = delete;

  /// All of a step, or, where it throws, nothing of it. Throws ERR_BYOL_SHAPE and ERR_BYOL_VALUE for rows that do not
  /// fit and for plans that check_plan() refuses.
  Late<StepTimes> run(const StepInput& step);

  // The parts of a step, for those who bring views of their own.

  /// Throws ERR_BYOL_SHAPE for a number of rows that no micro-batch can have: one that does not split into the groups
  /// of batch statistics, or does not divide the queue.
  void check_rows(int64_t rows) const;
  /// Of the step that comes next: float32 [kScalarSlots] on the CPU (step_scalars.h), copied.
  void set_scalars(const at::Tensor& scalars);
  /// Adds this micro-batch's gradient / `micro_batches`. After whatever it throws, abandon() is due.
  void accumulate(const MicroBatch& batch);
  /// Forgets the micro-batches since the last apply(), also one that threw half-way: gradients, statistics, metrics,
  /// everything is as if they had never been.
  void abandon();
  /// One optimiser step on the accumulated gradient, then the EMA of the target. A step whose loss or gradient is not
  /// finite, and every later one, changes nothing: what remains is the last good state.
  void apply();

  /// Asks for the means since the last call; of a device they come without waiting for what it is given meanwhile.
  Late<StepMetrics> ask_metrics();
  StepMetrics read_metrics() { return ask_metrics().get(); }
  Execution execution() const;

  /// Representations y of the online encoder; see represent() in model/encoder_state.h.
  at::Tensor embed(const at::Tensor& images, EmbedStatistics statistics) const;
  /// The projector's outputs for them, float32 [B, outputs]: class scores of a learner with supervision.
  at::Tensor project(const at::Tensor& images, EmbedStatistics statistics) const;

  /// How many steps at once keep a learner there busy: on the CPU one is computed while one waits; a device with kernels
  /// has one more, since a step is on its way until the device has passed it.
  static int64_t steps_in_flight(at::Device device);

  int64_t step() const { return step_; }
  /// Whether anything looks at view 2.
  bool needs_view2() const { return !spec_.supervision || spec_.supervision->target || spec_.objective.symmetric; }
  int64_t features() const { return spec_.encoder.features(); }
  at::ScalarType compute_dtype() const;
  at::Device device() const { return device_; }
  /// Trainable parameters of the online encoder alone.
  int64_t encoder_parameters() const;
  /// The networks and everything else that a step changes, for those who look at a step from inside.
  Impl& parts() const { return *impl_; }

  /// Everything needed to go on bit-exactly, by name ("online.encoder.conv1.weight", "momentum....", "target....").
  NamedTensors state() const;
  /// Strict: throws ERR_BYOL_CHECKPOINT where a name is missing, unknown, or of another shape or type. What is refused
  /// changes nothing.
  void load_state(const NamedTensors& tensors);
  /// Copies only the parameters and statistics of the networks present in `tensors` (init-from): encoder needed, rest
  /// optional. What is refused changes nothing.
  void load_weights(const NamedTensors& tensors);
  /// The online encoder with torchvision's parameter names, float32, with the running statistics of its batch
  /// normalisations. Weights under weight standardisation are the raw ones.
  NamedTensors encoder_state() const;

 private:
  friend class DeviceSteps;

  // A step's work, which a graph can repeat: what is host's bookkeeping alone is count_step()'s.
  void forward_backward(const MicroBatch& batch);
  void update();
  void count_step();
  /// Whether no part of a step waits for the device or depends on values that the host reads.
  bool capturable() const { return !spec_.optimal_predictor; }

  /// Throws ERR_BYOL_DEVICE after the device failed, and ERR_BYOL_NATIVE after a change of the state that threw half-way (an allocation that failed): what is there
  /// is neither the old state nor the new one. Only load_state() mends that.
  void require_whole() const;
  void begin_change();
  /// Forgets failures and metrics; movement of the target counts from now.
  void restart();
  void after_load();

  LearnerSpec spec_;
  at::Device device_;
  int64_t step_ = 0;
  std::unique_ptr<Impl> impl_;
  std::unique_ptr<DeviceSteps> device_steps_;  // null where LibTorch alone computes
};

}  // namespace byol

#pragma once

#include <ATen/ATen.h>

#include "core/model/network_state.h"
#include "core/optim/optimizer.h"
#include "core/ssl/learner_spec.h"
#include "core/ssl/target_queue.h"

namespace byol {

/// What ends an optimiser step: parameters, target, mirrors, running statistics and queue take the step's values, in
/// place, unless a loss or a gradient was not finite; gradients become 0.
class Update {
 public:
  /// `own`: the online side's networks that the target does not have. All outlive this; `queue` may be null.
  Update(const LearnerSpec& spec, NetworkState& online, NetworkState& own, NetworkState& target, TargetQueue* queue,
         at::Device device);
  Update(const Update&) = delete;

  /// A loss that is not finite refuses this step and all later ones.
  void judge(const at::Tensor& loss);
  /// See Optimizer::apply().
  void apply(const at::Tensor& rates, const at::Tensor& target_weight);
  /// Forgets what was not finite; the next step is number `step`.
  void restart(int64_t step);

  Optimizer online_optimizer, own_optimizer;
  at::Tensor alive;     // 0-dim bool: no loss or gradient was ever not finite
  at::Tensor bad_step;  // 0-dim int64: the first step that was not, or -1

 private:
  NetworkState &online_, &own_, &target_;
  TargetQueue* queue_;
  at::Tensor step_;  // 0-dim int64: of the step that comes next
};

}  // namespace byol

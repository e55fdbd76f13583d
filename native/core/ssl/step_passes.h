#pragma once

#include "core/ssl/learner_spec.h"

namespace byol {

/// How many of the two views go through which networks in a step; follows from the objective alone.
struct StepPasses {
  explicit StepPasses(const LearnerSpec& spec)
      : objective(!spec.supervision || spec.supervision->target),
        moving_target(objective && spec.objective.target == TargetMode::Ema) {
    const ObjectiveSpec& o = spec.objective;
    const bool batch_negatives = o.negatives && o.negatives->kind == NegativesKind::Batch;
    online = o.symmetric || (objective && o.target != TargetMode::Ema) ? 2 : 1;
    // Of both views where each is a target, or where negatives come from the prediction's own view.
    if (moving_target) target = o.symmetric || batch_negatives || o.joint_statistics ? 2 : 1;
    if (objective) predictions = o.symmetric ? 2 : 1;
    online_backward = spec.supervision || o.target == TargetMode::Gradient ? online : predictions;
  }

  bool objective;      // false: labels alone
  bool moving_target;  // targets come from a network of their own
  int online;          // forward; view 1, then view 2
  int target = 0;      // view 2, or both
  int predictions = 0;
  int online_backward;  // of the online passes, those that the gradient goes back through
};

}  // namespace byol

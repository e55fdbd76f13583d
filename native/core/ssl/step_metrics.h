#pragma once

#include <cstdint>

namespace byol {

/// What was measured in the steps since the last read.
struct StepMetrics {
  int64_t steps = 0;  // optimiser steps since the last read

  // Sums over these steps (metric_sums.h); for one step its mean over the rows.
  double loss = 0.0;             // the objective before its scale; BYOL: 2 - 2cos, both directions summed, 0..8
  double supervised_loss = 0.0;  // cross-entropy of the projector's outputs on the labelled rows
  double supervised_top1 = 0.0;
  double probe_loss = 0.0;  // cross-entropy of the online classifier
  double probe_top1 = 0.0;  // on the augmented training view
  double probe_top5 = 0.0;
  double projection_std = 0.0;  // sqrt(d) * mean std of the l2-normalised online projections: 1 spread, 0 collapsed

  double projection_rank = 0.0;  // effective_rank() of the last online projections; 0 before the first step
  double target_distance =
      0.0;  // ||theta - xi|| / ||theta|| over the shared parameters, at the last step; 0 without EMA
  double target_movement = 0.0;  // largest absolute change of a target parameter since the learner was made or loaded
  int64_t first_bad_step = -1;   // global index of the first optimiser step whose loss or gradient was not finite
};

}  // namespace byol

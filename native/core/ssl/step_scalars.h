#pragma once

#include "core/optim/segment_table.h"

namespace byol {

/// One optimiser step's scalars; the schedules that make them live in TypeScript.
struct StepScalars {
  double learning_rate = 0.0;
  double tau = 1.0;
  /// Of the heads, relative to the learning rate (paper Tables 21 and 22).
  double projector_rate = 1.0;
  double predictor_rate = 1.0;
  double objective_weight = 1.0;  // of the objective beside supervision
};

/// Where they lie in a step's packet, and on the learner's device: float32 each, so that a step has no constant of its
/// own.
enum ScalarSlot : int { kRates, kTargetWeight = static_cast<int>(kRateSlots), kObjectiveWeight, kScalarSlots };

/// `slots`: kScalarSlots numbers. The target's weight is 1 - tau.
inline void write_scalars(const StepScalars& scalars, float* slots) {
  const auto rate = static_cast<float>(scalars.learning_rate);
  float* const rates = slots + kRates;
  rates[kBaseRate] = rate;
  rates[kProjectorRate] = rate * static_cast<float>(scalars.projector_rate);
  rates[kPredictorRate] = rate * static_cast<float>(scalars.predictor_rate);
  slots[kTargetWeight] = static_cast<float>(1.0 - scalars.tau);
  slots[kObjectiveWeight] = static_cast<float>(scalars.objective_weight);
}

}  // namespace byol

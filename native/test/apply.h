#pragma once

#include "core/ssl/learner.h"

inline void set_scalars(byol::Learner& learner, const byol::StepScalars& scalars) {
  at::Tensor slots = at::empty({byol::kScalarSlots}, at::kFloat);
  byol::write_scalars(scalars, slots.data_ptr<float>());
  learner.set_scalars(slots);
}

/// An optimiser step's end, where the objective's weight is 1.
inline void apply(byol::Learner& learner, const byol::StepScalars& scalars) {
  set_scalars(learner, scalars);
  learner.apply();
}

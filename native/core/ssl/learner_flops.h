#pragma once

#include <cstdint>

#include "core/ssl/learner_spec.h"

namespace byol {

/// Floating-point operations of convolutions and matrix products, where a multiplication and an addition are two and
/// padding counts. Norms, the loss with its negatives, and the update are left out: they are bound by memory.
struct LearnerFlops {
  double forward;  // one view once through the online encoder, projector and predictor
  double target;   // one view once through the target's encoder and projector; 0 where a step has no such passes
  double step;     // of an optimiser step, for each of its images: all passes forward and backward
};

/// Of views of this size, counted from the layers that the networks have. Touches no tensor: any thread may ask.
LearnerFlops learner_flops(const LearnerSpec& spec, int64_t height, int64_t width);

}  // namespace byol

#pragma once

#include "kernels/language.cuh"
#include "kernels/step_clock_arguments.h"

namespace byol::kernels {

/// Writes down when its turn comes, which is when all that was given to the stream before it is done. Events would not
/// do: a graph records the same ones at each replay, and the next one is on its way before they are read.
BYOL_KERNEL(step_clock, StepClockArguments, 32) {
  if (threadIdx.x == 0) *a.stamp = nanoseconds();
}

}  // namespace byol::kernels

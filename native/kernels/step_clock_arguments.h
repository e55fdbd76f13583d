#pragma once

namespace byol::kernels {

struct StepClockArguments {
  long long* stamp;  // receives nanoseconds since some point in the past, the same for all stamps
};

}  // namespace byol::kernels

#pragma once

#include <chrono>
#include <utility>

namespace byol {

/// Seconds of the parts of one optimiser step, summed over its micro-batches, and of all of it.
struct StepTimes {
  double augment = 0.0;
  double forward = 0.0;  // all networks and the objective
  double backward = 0.0;
  double update = 0.0;  // optimiser, moving average, running statistics, queue
  double total = 0.0;
};

/// The parts of a step as members, so that a part can be told by a value.
using StepPart = double StepTimes::*;

/// Is told where the parts of a step end.
class StepClock {
 public:
  virtual ~StepClock() = default;
  /// What was done since the last call, or since the beginning, belongs to `part`.
  virtual void end(StepPart part) = 0;
};

/// Of a step whose work is done when a call returns.
class HostClock : public StepClock {
 public:
  void end(StepPart part) override {
    const Clock::time_point now = Clock::now();
    const double seconds = std::chrono::duration<double>(now - std::exchange(last_, now)).count();
    times_.*part += seconds;
    times_.total += seconds;
  }
  const StepTimes& times() const { return times_; }

 private:
  using Clock = std::chrono::steady_clock;
  Clock::time_point last_ = Clock::now();
  StepTimes times_;
};

}  // namespace byol

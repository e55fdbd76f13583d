#pragma once

#include <ATen/ATen.h>

#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "core/data/device_images.h"
#include "core/device/late.h"
#include "core/device/runtime.h"
#include "core/ssl/execution.h"
#include "core/ssl/learner.h"
#include "core/ssl/step_input.h"

namespace byol {

/// The steps of a learner on a device with kernels. A step is one packet up and then work that reads nothing but what
/// lies at fixed addresses, so that a graph can repeat it; nothing comes back inside. A few steps are on their way at
/// once.
class DeviceSteps {
 public:
  /// `learner`: outlives this.
  DeviceSteps(DeviceRuntime& runtime, Learner& learner);
  ~DeviceSteps();
  DeviceSteps(const DeviceSteps&) = delete;

  /// Gives the device a step that was checked. Waits until no more than kInFlight - 1 others are on their way. What it
  /// throws leaves nothing of the step; what the device says later is thrown by get(), and the learner is of no use then.
  Late<StepTimes> run(const StepInput& input);
  const Execution& execution() const { return execution_; }

  static constexpr size_t kInFlight = 3;  // what Learner::steps_in_flight() tells
  /// Steps of a kind before it is captured: libraries measure and make their memory in them.
  static constexpr int kEagerSteps = 3;

 private:
  struct Flight;   // a step on its way
  struct Slot;     // what a step on its way occupies
  struct Program;  // a kind of step

  Program& program_of(const StepInput& input, const DeviceImages& images);
  void enqueue(Program& program);
  bool may_capture(const Program& program);
  bool capture(Program& program);
  void work(Program& program);
  at::Tensor views_of(const Program& program, int64_t first, size_t view, size_t count) const;

  DeviceRuntime& runtime_;
  Learner& learner_;
  std::array<std::shared_ptr<Slot>, kInFlight> slots_;
  size_t next_slot_ = 0;
  std::vector<std::unique_ptr<Program>> programs_;
  Execution execution_;
  std::string refused_;  // why nothing is captured any more
};

}  // namespace byol

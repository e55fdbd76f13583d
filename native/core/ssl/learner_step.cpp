// One optimiser step, from images to changed weights.
#include "core/augment/plan_check.h"
#include "core/device/device_mode.h"
#include "core/ssl/device_steps.h"
#include "core/ssl/learner_parts.h"
#include "core/ssl/step_input.h"

namespace byol {
namespace {

at::IntArrayRef indices_of(const StepInput& step, int64_t first, int64_t rows) {
  return {step.packet.indices().data() + first, static_cast<size_t>(rows)};
}

/// Rows [first, first + rows) as the networks see them, made on the host.
MicroBatch micro_batch(const StepInput& step, const Learner& learner, int64_t first, int64_t rows) {
  const at::IntArrayRef indices = indices_of(step, first, rows);
  const auto view = [&](int64_t i) {
    return execute_plan(step.images, indices, step.packet.plan(i).data() + first * kPlanColumns,
                        step.views[static_cast<size_t>(i)], learner.compute_dtype())
        .to(learner.device());
  };
  MicroBatch batch;
  batch.view1 = view(0);
  batch.labels = step.images.labels_of(indices).to(learner.device());
  if (learner.needs_view2()) batch.view2 = view(1);
  if (!step.packet.supervised_labels().empty()) {
    batch.supervised_labels = step.packet.supervised_label_tensor(first, rows).to(learner.device());
  }
  batch.micro_batches = step.micro_batches;
  return batch;
}

}  // namespace

Late<StepTimes> Learner::run(const StepInput& step) {
  require_whole();
  const int64_t rows = step.micro_batch_rows();
  for (size_t i = 0; i < kViews; ++i) {
    check_plan(step.images, indices_of(step, 0, step.packet.rows()),
               step.packet.plan(static_cast<int64_t>(i)).data(), step.views[i]);
  }
  check_rows(rows);
  if (device_steps_) {
    use_device(device_);
    const DeviceMode mode(spec_.deterministic);
    return device_steps_->run(step);
  }
  HostClock clock;
  impl_->clock = &clock;
  try {
    set_scalars(step.packet.scalar_tensor());
    for (int64_t first = 0; first < step.packet.rows(); first += rows) {
      const MicroBatch batch = micro_batch(step, *this, first, rows);
      clock.end(&StepTimes::augment);
      accumulate(batch);
    }
    apply();
    clock.end(&StepTimes::update);
  } catch (...) {
    impl_->clock = nullptr;
    abandon();
    throw;
  }
  impl_->clock = nullptr;
  return at_once(clock.times());
}

int64_t Learner::steps_in_flight(at::Device device) {
  constexpr int64_t kOnHost = 2;
  return device_runtime(device) == nullptr ? kOnHost : static_cast<int64_t>(DeviceSteps::kInFlight);
}

Execution Learner::execution() const {
  if (device_steps_) return device_steps_->execution();
  return {Execution::Graph::Unavailable, "A processor has no graphs.", Execution::Images::Host};
}

}  // namespace byol

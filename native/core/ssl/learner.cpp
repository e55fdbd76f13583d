#include "core/ssl/learner.h"

#include <ATen/record_function.h>

#include "core/device/device_mode.h"
#include "core/error.h"
#include "core/model/encoder_state.h"
#include "core/model/mlp.h"
#include "core/ssl/device_steps.h"
#include "core/ssl/learner_parts.h"

namespace byol {
at::ScalarType Learner::compute_dtype() const {
  return spec_.precision == Precision::BFloat16 ? at::kBFloat16 : at::kFloat;
}

Learner::Learner(const LearnerSpec& spec, at::Device device)
    : spec_(spec), device_(use_device(device)), impl_(std::make_unique<Impl>(spec, device)) {
  restart();
  if (DeviceRuntime* const runtime = device_runtime(device)) {
    device_steps_ = std::make_unique<DeviceSteps>(*runtime, *this);
  }
}

Learner::~Learner() = default;

void Learner::require_whole() const {
  if (!impl_->failure->empty()) throw Error("ERR_BYOL_DEVICE", *impl_->failure);
  if (impl_->whole) return;
  throw Error("ERR_BYOL_NATIVE",
              "An earlier change of this learner failed half-way, so that its state is of no use. "
              "Load a checkpoint, or start the process again.");
}

void Learner::begin_change() { impl_->whole = false; }

void Learner::restart() {
  const at::NoGradGuard no_grad;
  impl_->update.restart(step_);
  impl_->target_at_start.copy_(impl_->sample_target());
  impl_->metrics.clear();
  impl_->steps_since_read = 0;
  impl_->remembered.reset();
}

void Learner::set_scalars(const at::Tensor& scalars) { impl_->scalars.copy_(scalars); }

void Learner::apply() {
  require_whole();
  begin_change();
  update();
  count_step();
  impl_->whole = true;
}

void Learner::update() {
  RECORD_USER_SCOPE("byol::update");
  impl_->update.apply(impl_->rates, impl_->target_weight);
  impl_->micro_batches_done = 0;
}

void Learner::count_step() {
  impl_->remembered.reset();
  ++step_;
  ++impl_->steps_since_read;
}

at::Tensor Learner::embed(const at::Tensor& images, EmbedStatistics statistics) const {
  require_whole();
  use_device(device_);
  const DeviceMode mode(spec_.deterministic);
  return represent(impl_->encoder, impl_->online, images, statistics);
}

at::Tensor Learner::project(const at::Tensor& images, EmbedStatistics statistics) const {
  require_whole();
  use_device(device_);
  const at::NoGradGuard no_grad;
  const DeviceMode mode(spec_.deterministic);
  const ForwardContext context =
      statistics == EmbedStatistics::Batch ? impl_->online.training() : impl_->online.inference();
  return impl_->projector.forward(context, impl_->encoder.forward(context, images)).to(at::kFloat);
}

int64_t Learner::encoder_parameters() const { return impl_->encoder_parameters; }

}  // namespace byol

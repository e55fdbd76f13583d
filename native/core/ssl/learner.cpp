#include "core/ssl/learner.h"

#include <ATen/record_function.h>

#include <limits>
#include <optional>

#include "core/error.h"
#include "core/model/encoder_state.h"
#include "core/model/mlp.h"
#include "core/ssl/collapse_metrics.h"
#include "core/ssl/learner_parts.h"

namespace byol {
at::ScalarType Learner::compute_dtype() const {
  return spec_.precision == Precision::BFloat16 ? at::kBFloat16 : at::kFloat;
}

Learner::Learner(const LearnerSpec& spec, at::Device device)
    : spec_(spec), device_(device), impl_(std::make_unique<Impl>(spec, device)) {
  restart();
}

Learner::~Learner() = default;

void Learner::require_whole() const {
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
  RECORD_USER_SCOPE("byol::update");
  require_whole();
  begin_change();
  Impl& m = *impl_;
  m.update.apply(m.rates, m.target_weight);
  m.remembered.reset();
  m.micro_batches_done = 0;
  ++step_;
  ++m.steps_since_read;
  m.whole = true;
}

StepMetrics Learner::read_metrics() {
  require_whole();
  Impl& m = *impl_;
  at::NoGradGuard no_grad;
  StepMetrics out;
  out.steps = m.steps_since_read;
  m.metrics.read_means(out);
  if (m.last_projection.defined()) out.projection_rank = effective_rank(m.last_projection);
  const at::Tensor& theta = m.online.parameters.master();
  const at::Tensor& xi = m.target.parameters.master();
  if (spec_.objective.target == TargetMode::Ema) {
    out.target_distance = ((theta - xi).norm() / theta.norm()).item<double>();
  }
  out.target_movement = (m.sample_target() - m.target_at_start).abs().max().item<double>();
  out.first_bad_step = m.update.bad_step.item<int64_t>();
  m.metrics.clear();
  m.steps_since_read = 0;
  return out;
}

at::Tensor Learner::embed(const at::Tensor& images, EmbedStatistics statistics) const {
  require_whole();
  return represent(impl_->encoder, impl_->online, images, statistics);
}

int64_t Learner::encoder_parameters() const { return impl_->encoder_parameters; }

}  // namespace byol

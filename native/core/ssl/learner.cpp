#include "core/ssl/learner.h"

#include <ATen/record_function.h>

#include <limits>
#include <optional>

#include "core/error.h"
#include "core/model/encoder_state.h"
#include "core/model/mlp.h"
#include "core/ssl/learner_parts.h"
#include "core/ssl/loss.h"

namespace byol {
namespace {

enum Metric : int64_t { kLoss, kProbeLoss, kProbeTop1, kProbeTop5, kSpread, kSupervisedLoss, kSupervisedTop1, kMetrics };

}  // namespace

at::ScalarType Learner::compute_dtype() const {
  return spec_.precision == Precision::BFloat16 ? at::kBFloat16 : at::kFloat;
}

Learner::Learner(const LearnerSpec& spec, at::Device device)
    : spec_(spec), device_(device), impl_(std::make_unique<Impl>(spec, device)) {
  impl_->metrics = at::zeros({kMetrics}, at::TensorOptions().device(device).dtype(at::kFloat));
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
  const auto options = at::TensorOptions().device(device_);
  impl_->alive = at::ones({}, options.dtype(at::kBool));
  impl_->bad_step = at::full({}, -1, options.dtype(at::kLong));
  impl_->target_at_start = impl_->sample_target();
  impl_->metrics.zero_();
  impl_->metric_count = 0;
  impl_->steps_since_read = 0;
  impl_->remembered.reset();
}

void Learner::apply(const StepScalars& scalars) {
  RECORD_USER_SCOPE("byol::update");
  require_whole();
  begin_change();
  Impl& m = *impl_;
  at::NoGradGuard no_grad;
  const auto scalar = [&](double value) {
    return at::full({}, value, at::TensorOptions().device(device_).dtype(at::kFloat));
  };
  for (NetworkState* network : {&m.online, &m.own}) {
    m.alive.logical_and_(at::isfinite(network->parameters.gradient().sum()));
  }
  m.bad_step =
      at::where(at::logical_and(m.bad_step.lt(0), m.alive.logical_not()), at::full_like(m.bad_step, step_), m.bad_step);

  const auto rate = [&](const ParameterStore& store, const std::string& head, double factor) {
    const at::Tensor base = scalar(scalars.learning_rate);
    return factor == 1.0 ? base : store.with_prefix_scaled(base, head, factor);
  };
  m.online_optimizer.step(rate(m.online.parameters, "projector.", scalars.projector_rate), m.alive);
  m.own_optimizer.step(rate(m.own.parameters, "predictor.", scalars.predictor_rate), m.alive);

  if (spec_.objective.target == TargetMode::Ema) {
    // xi <- tau xi + (1 - tau) theta with the updated theta (Equation 1); statistics are not averaged (item 7).
    const at::Tensor weight = at::where(m.alive, scalar(1.0 - scalars.tau), scalar(0.0));
    m.target.parameters.master().lerp_(m.online.parameters.master(), weight);
    m.target.parameters.refresh();
  }
  if (m.queue) m.queue->commit(m.alive);

  for (NetworkState* network : {&m.online, &m.own, &m.target}) network->running.commit(m.alive);
  m.remembered.reset();
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
  const at::Tensor means =
      (m.metrics / static_cast<double>(std::max<int64_t>(m.metric_count, 1))).to(at::kCPU, at::kDouble);
  const auto value = means.accessor<double, 1>();
  out.loss = value[kLoss];
  out.probe_loss = value[kProbeLoss];
  out.probe_top1 = value[kProbeTop1];
  out.probe_top5 = value[kProbeTop5];
  out.projection_std = value[kSpread];
  out.supervised_loss = value[kSupervisedLoss];
  out.supervised_top1 = value[kSupervisedTop1];
  if (m.last_projection.defined()) out.projection_rank = effective_rank(m.last_projection);
  const at::Tensor& theta = m.online.parameters.master();
  const at::Tensor& xi = m.target.parameters.master();
  if (spec_.objective.target == TargetMode::Ema) {
    out.target_distance = ((theta - xi).norm() / theta.norm()).item<double>();
  }
  out.target_movement = (m.sample_target() - m.target_at_start).abs().max().item<double>();
  out.first_bad_step = m.bad_step.item<int64_t>();
  m.metrics.zero_();
  m.metric_count = 0;
  m.steps_since_read = 0;
  return out;
}

at::Tensor Learner::embed(const at::Tensor& images, EmbedStatistics statistics) const {
  require_whole();
  return represent(impl_->encoder, impl_->online, images, statistics);
}

int64_t Learner::encoder_parameters() const { return impl_->encoder_parameters; }

}  // namespace byol

#include "core/ssl/learner.h"

#include <torch/csrc/autograd/autograd.h>

#include <limits>
#include <optional>

#include "core/error.h"
#include "core/model/encoder.h"
#include "core/model/mlp.h"
#include "core/ssl/learner_parts.h"
#include "core/ssl/loss.h"

namespace byol {
namespace {

enum Metric : int64_t { kLoss, kProbeLoss, kProbeTop1, kSpread, kMetrics };

// Enough elements to see any moving average move, few enough to cost nothing.
constexpr int64_t kMovementSamples = 65536;

at::Tensor sample(const at::Tensor& flat) {
  return flat.slice(0, 0, flat.numel(), std::max<int64_t>(1, flat.numel() / kMovementSamples)).clone();
}

// Cross-entropy and top-1 over the labelled rows; the mean is over the labelled ones.
std::pair<at::Tensor, at::Tensor> classify(const at::Tensor& logits, const at::Tensor& labels) {
  const at::Tensor labelled = labels.ge(0).sum().clamp_min(1).to(at::kFloat);
  const at::Tensor loss =
      at::cross_entropy_loss(logits, labels, {}, at::Reduction::Sum, /*ignore_index=*/-1) / labelled;
  at::NoGradGuard no_grad;
  return {loss, logits.argmax(1).eq(labels).sum().to(at::kFloat) / labelled};
}

}  // namespace

at::ScalarType Learner::compute_dtype() const {
  return spec_.precision == Precision::BFloat16 ? at::kBFloat16 : at::kFloat;
}

Learner::Learner(const LearnerSpec& spec, at::Device device)
    : spec_(spec), device_(device), impl_(std::make_shared<Impl>(spec, device)) {
  impl_->metrics = at::zeros({kMetrics}, at::TensorOptions().device(device).dtype(at::kFloat));
  restart();
}

void Learner::restart() {
  const auto options = at::TensorOptions().device(device_);
  impl_->alive = at::ones({}, options.dtype(at::kBool));
  impl_->bad_step = at::full({}, -1, options.dtype(at::kLong));
  impl_->target_at_start = sample(impl_->target.parameters.master());
  impl_->metrics.zero_();
  impl_->metric_count = 0;
  impl_->steps_since_read = 0;
}

void Learner::accumulate(const at::Tensor& view1, const at::Tensor& view2, const at::Tensor& labels,
                         int64_t micro_batches) {
  Impl& m = *impl_;
  const auto target_projection = [&](const at::Tensor& view) {
    at::NoGradGuard no_grad;
    // Training mode with its own batch statistics (byol-facts 0.1, item 6).
    const ForwardContext context = m.target.training();
    at::Tensor projection = m.projector.forward(context, m.encoder.forward(context, view));
    m.target.running.stage(context.statistics);
    return projection;
  };
  struct Online {
    at::Tensor representation, projection, prediction;
  };
  const auto online = [&](const at::Tensor& view) {
    const ForwardContext context = m.online.training();
    Online out;
    out.representation = m.encoder.forward(context, view);
    out.projection = m.projector.forward(context, out.representation);
    m.online.running.stage(context.statistics);
    out.prediction = out.projection;
    if (m.predictor) {
      const ForwardContext own = m.own.training();
      out.prediction = m.predictor->forward(own, out.projection);
      m.own.running.stage(own.statistics);
    }
    return out;
  };

  at::AutoGradMode grad_mode(true);
  const at::Tensor target1 = target_projection(view1), target2 = target_projection(view2);
  // The views go through separately, each with its own batch statistics (item 4).
  const Online online1 = online(view1), online2 = online(view2);
  const at::Tensor loss =
      (regression_loss(online1.prediction, target2) + regression_loss(online2.prediction, target1)).mean();
  at::Tensor total = loss;
  at::Tensor probe_loss = at::zeros_like(loss), probe_top1 = at::zeros_like(loss);
  if (m.classifier) {
    const at::Tensor logits = m.classifier->forward(m.own.parameters, online1.representation.detach());
    std::tie(probe_loss, probe_top1) = classify(logits, labels);
    total = total + probe_loss;
  }
  torch::autograd::backward({micro_batches == 1 ? total : total / static_cast<double>(micro_batches)}, {});

  at::NoGradGuard no_grad;
  m.online.parameters.collect_gradient();
  m.own.parameters.collect_gradient();
  m.alive.logical_and_(at::isfinite(total.detach()));
  m.metrics.add_(at::stack({loss.detach(), probe_loss.detach(), probe_top1, spread(online1.projection.detach())}));
  ++m.metric_count;
}

void Learner::apply(const StepScalars& scalars) {
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

  const at::Tensor rate = scalar(scalars.learning_rate);
  m.online_optimizer.step(rate, m.alive);
  m.own_optimizer.step(rate, m.alive);

  // xi <- tau xi + (1 - tau) theta with the updated theta (Equation 1); statistics are not averaged (item 7).
  const at::Tensor weight = at::where(m.alive, scalar(1.0 - scalars.tau), scalar(0.0));
  at::Tensor& target = m.target.parameters.master();
  target.lerp_(m.online.parameters.master(), weight);
  m.target.parameters.refresh();

  for (NetworkState* network : {&m.online, &m.own, &m.target}) network->running.commit(m.alive);
  ++step_;
  ++m.steps_since_read;
}

StepMetrics Learner::read_metrics() {
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
  out.projection_std = value[kSpread];
  const at::Tensor& theta = m.online.parameters.master();
  const at::Tensor& xi = m.target.parameters.master();
  out.target_distance = ((theta - xi).norm() / theta.norm()).item<double>();
  out.target_movement = (sample(xi) - m.target_at_start).abs().max().item<double>();
  out.first_bad_step = m.bad_step.item<int64_t>();
  m.metrics.zero_();
  m.metric_count = 0;
  m.steps_since_read = 0;
  return out;
}

at::Tensor Learner::embed(const at::Tensor& images, EmbedStatistics statistics) {
  at::NoGradGuard no_grad;
  const ForwardContext context =
      statistics == EmbedStatistics::Batch ? impl_->online.training() : impl_->online.inference();
  return impl_->encoder.forward(context, images);
}

int64_t Learner::encoder_parameters() const { return impl_->encoder_parameters; }

}  // namespace byol

// One forward and backward pass: the views through the networks, the objective between them.
#include <torch/csrc/autograd/autograd.h>

#include <functional>
#include <string>
#include <vector>

#include "core/error.h"
#include "core/ssl/learner_parts.h"
#include "core/ssl/loss.h"
#include "core/ssl/objective.h"

namespace byol {
namespace {

/// What comes of one view's rows. Without a predictor the prediction is the projection.
struct Pass {
  at::Tensor representation, projection, prediction;
};
using Forward = std::function<Pass(const at::Tensor&)>;

Pass each(const Pass& pass, const std::function<at::Tensor(const at::Tensor&)>& f) {
  return {f(pass.representation), f(pass.projection), f(pass.prediction)};
}

/// Over equal parts of the rows, each with batch statistics of its own: part g of G has the rows [gB/G, (g+1)B/G), or,
/// where they are dealt out, every Gth row from g. A prediction and its target then share statistics with different
/// images, as MoCo's shuffling between GPUs makes sure of.
Pass forward_groups(const at::Tensor& view, int64_t groups, bool dealt, const Forward& forward) {
  if (groups == 1) return forward(view);
  const int64_t rows = view.size(0) / groups;
  std::vector<at::Tensor> representations, projections, predictions;
  for (int64_t g = 0; g < groups; ++g) {
    const at::Tensor part = dealt ? view.slice(0, g, view.size(0), groups) : view.narrow(0, g * rows, rows);
    const Pass pass = forward(part.contiguous(at::MemoryFormat::ChannelsLast));
    representations.push_back(pass.representation);
    projections.push_back(pass.projection);
    predictions.push_back(pass.prediction);
  }
  const auto join = [&](const std::vector<at::Tensor>& parts) {
    return dealt ? at::stack(parts, 1).flatten(0, 1) : at::cat(parts);
  };
  return {join(representations), join(projections), join(predictions)};
}

std::vector<Pass> forward_views(const ObjectiveSpec& spec, const std::vector<at::Tensor>& views, bool dealt,
                                const Forward& forward) {
  std::vector<Pass> passes;
  if (spec.joint_statistics && views.size() > 1) {
    const Pass both = forward(at::cat(views).contiguous(at::MemoryFormat::ChannelsLast));
    const int64_t rows = views[0].size(0);
    for (int64_t i = 0; i < static_cast<int64_t>(views.size()); ++i) {
      passes.push_back(each(both, [&](const at::Tensor& t) { return t.narrow(0, i * rows, rows); }));
    }
  } else {
    for (const at::Tensor& view : views) passes.push_back(forward_groups(view, spec.statistics_groups, dealt, forward));
  }
  return passes;
}

/// Classification of the views' outputs as class scores, averaged over the views.
Classification supervise(const std::vector<Pass>& passes, const at::Tensor& labels, const SupervisionSpec& spec) {
  const at::Tensor zero = at::zeros({}, labels.options().dtype(at::kFloat));
  Classification sum{zero, zero, zero};
  for (const Pass& pass : passes) {
    const Classification one = classify(pass.projection, labels, spec.label_smoothing);
    sum = {sum.loss + one.loss, sum.top1 + one.top1, sum.top5 + one.top5};
  }
  const auto views = static_cast<double>(passes.size());
  return {sum.loss / views, sum.top1 / views, sum.top5 / views};
}

}  // namespace

void Learner::check_rows(int64_t rows) const {
  const int64_t groups = spec_.objective.statistics_groups;
  if (rows % groups != 0) {
    throw Error("ERR_BYOL_SHAPE", std::to_string(rows) + " rows cannot be split into " + std::to_string(groups) +
                                      " equal groups of batch statistics.");
  }
  if (impl_->queue) impl_->queue->check_rows(rows);
}

void Learner::abandon() {
  if (!impl_->whole) return;  // an update that failed half-way: there is no way back
  impl_->whole = false;
  impl_->clear_step();
  impl_->restore();
  impl_->whole = true;
}

void Learner::accumulate(const MicroBatch& batch) {
  require_whole();
  check_rows(batch.view1.size(0));
  Impl& m = *impl_;
  m.remember();
  const ObjectiveSpec& spec = spec_.objective;
  const bool has_objective = !spec_.supervision || spec_.supervision->target;
  const bool ema = spec.target == TargetMode::Ema;
  // Moves target parameters, which is not what the moving average is judged by.
  if (m.initialize_affine(batch.view1)) m.target_at_start.copy_(m.sample_target());

  const Forward online_forward = [&](const at::Tensor& view) {
    const ForwardContext context = m.online.training();
    Pass out;
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
  const Forward target_forward = [&](const at::Tensor& view) {
    at::NoGradGuard no_grad;
    // Training mode with its own batch statistics (byol-facts 0.1, item 6).
    const ForwardContext context = m.target.training();
    Pass out;
    out.representation = m.encoder.forward(context, view);
    out.prediction = out.projection = m.projector.forward(context, out.representation);
    m.target.running.stage(context.statistics);
    return out;
  };

  at::AutoGradMode grad_mode(true);
  const bool batch_negatives = spec.negatives && spec.negatives->kind == NegativesKind::Batch;
  std::vector<at::Tensor> targets(2);  // of view 1 and 2; undefined where nothing needs them
  if (has_objective && ema) {
    // Of both views where each is a target, or where negatives come from the prediction's own view.
    const bool both = spec.symmetric || batch_negatives || spec.joint_statistics;
    const auto passes = forward_views(spec, both ? std::vector{batch.view1, batch.view2} : std::vector{batch.view2},
                                      /*dealt=*/true, target_forward);
    targets[1] = passes.back().projection;
    if (both) targets[0] = passes.front().projection;
  }
  // The views go through separately, each with its own batch statistics (item 4), unless the objective says otherwise.
  const bool both_online = spec.symmetric || (has_objective && !ema);
  const std::vector<Pass> online =
      forward_views(spec, both_online ? std::vector{batch.view1, batch.view2} : std::vector{batch.view1},
                    /*dealt=*/false, online_forward);
  if (!ema) {
    for (size_t i = 0; i < online.size(); ++i) {
      targets[i] = spec.target == TargetMode::Gradient ? online[i].projection : online[i].projection.detach();
    }
  }

  const at::Tensor zero = at::zeros({}, at::TensorOptions().device(device_).dtype(at::kFloat));
  at::Tensor loss = zero, total = zero;
  if (has_objective) {
    std::vector<at::Tensor> predictions{online[0].prediction};
    if (spec.symmetric) predictions.push_back(online[1].prediction);
    if (spec_.optimal_predictor) {
      // One predictor for both directions, as an MLP is.
      std::vector<at::Tensor> from{online[0].projection}, to{targets[1]};
      if (spec.symmetric) from.push_back(online[1].projection), to.push_back(targets[0]);
      const at::Tensor solution = optimal_predictor(at::cat(from), at::cat(to), *spec_.optimal_predictor);
      for (size_t i = 0; i < predictions.size(); ++i) {
        predictions[i] = online[i].projection.to(solution.scalar_type()).matmul(solution);
      }
    }
    // They change after the backward pass only.
    const at::Tensor queue = m.queue ? m.queue->rows : at::Tensor();
    for (size_t i = 0; i < predictions.size(); ++i) {
      loss = loss + direction_loss(spec, {predictions[i], targets[1 - i], targets[i]}, queue);
    }
    total = loss * (m.objective_weight * spec.scale);
    if (m.queue) {
      for (size_t i = 0; i < predictions.size(); ++i) m.queue->stage(normalize_rows(targets[1 - i], spec.similarity));
    }
  }
  Classification supervised{zero, zero, zero}, probe{zero, zero, zero};
  if (spec_.supervision) {
    supervised = supervise(online, batch.supervised_labels, *spec_.supervision);
    total = total + supervised.loss;
  }
  if (m.classifier) {
    probe = classify(m.classifier->forward(m.own.parameters, online[0].representation.detach()), batch.labels);
    total = total + probe.loss;
  }
  // Low-precision gradients are those of one micro-batch: the float32 ones take in what is there.
  if (m.micro_batches_done > 0) {
    m.online.parameters.collect_gradient();
    m.own.parameters.collect_gradient();
  }
  torch::autograd::backward({batch.micro_batches == 1 ? total : total / static_cast<double>(batch.micro_batches)}, {});

  at::NoGradGuard no_grad;
  ++m.micro_batches_done;
  m.update.judge(total.detach());
  m.last_projection = online[0].projection.detach();
  m.add_metrics({loss.detach(), probe.loss.detach(), probe.top1, probe.top5, spread(m.last_projection),
                 supervised.loss.detach(), supervised.top1});
}

}  // namespace byol

// One forward and backward pass: the views through the networks, the objective between them.
#include <torch/csrc/autograd/autograd.h>

#include <functional>
#include <iterator>
#include <memory>
#include <string>
#include <vector>

#include "core/error.h"
#include "core/ssl/collapse_metrics.h"
#include "core/ssl/learner_parts.h"
#include "core/ssl/objective.h"

namespace byol {
namespace {

/// What comes of one view's rows. Without a predictor the prediction is the projection.
struct Pass {
  at::Tensor representation, projection, prediction;
};
/// Rows through a network, in equal runs with batch statistics of their own.
using Forward = std::function<Pass(const at::Tensor& rows, int64_t groups)>;

Pass each(const Pass& pass, const std::function<at::Tensor(const at::Tensor&)>& f) {
  return {f(pass.representation), f(pass.projection), f(pass.prediction)};
}

/// Every `groups`th row from the first, then from the second, and so on.
at::Tensor deal(const at::Tensor& rows, int64_t groups) {
  return rows.unflatten(0, {rows.size(0) / groups, groups}).transpose(0, 1).flatten(0, 1);
}
at::Tensor undeal(const at::Tensor& rows, int64_t groups) { return deal(rows, rows.size(0) / groups); }

/// Both views as one batch: no copy where they lie one after the other already, as a device's executor writes them.
at::Tensor one_batch(const std::vector<at::Tensor>& views) {
  const at::Tensor &first = views[0], &second = views[1];
  const bool follows = first.is_alias_of(second) && first.sizes() == second.sizes() &&
                       first.strides() == second.strides() && first.stride(0) * first.size(0) == first.numel() &&
                       second.storage_offset() == first.storage_offset() + first.numel();
  if (!follows) return at::cat(views);
  std::vector<int64_t> sizes = first.sizes().vec();
  sizes[0] *= 2;
  return first.as_strided(sizes, first.strides(), first.storage_offset());
}

/// Each view in `groups` parts with batch statistics of their own, of rows that follow each other or that are dealt
/// out: a prediction and its target then share statistics with different images, as MoCo's shuffling between GPUs makes
/// sure of. `together`: the views as one batch, which computes the same, but for rounding.
std::vector<Pass> forward_views(const ObjectiveSpec& spec, std::vector<at::Tensor> views, bool dealt, bool together,
                                const Forward& forward) {
  const int64_t groups = spec.statistics_groups, rows = views[0].size(0), count = std::ssize(views);
  const bool reorders = dealt && groups > 1;
  if (reorders) {
    for (at::Tensor& view : views) view = deal(view, groups).contiguous(at::MemoryFormat::ChannelsLast);
  }
  std::vector<Pass> passes;
  if (count > 1 && (spec.joint_statistics || together)) {
    const Pass all = forward(one_batch(views), spec.joint_statistics ? 1 : count * groups);
    for (int64_t i = 0; i < count; ++i) {
      passes.push_back(each(all, [&](const at::Tensor& t) { return t.narrow(0, i * rows, rows); }));
    }
  } else {
    for (const at::Tensor& view : views) passes.push_back(forward(view, groups));
  }
  if (!reorders) return passes;
  for (Pass& pass : passes) pass = each(pass, [&](const at::Tensor& t) { return undeal(t, groups); });
  return passes;
}

/// Classification of the views' outputs as class scores, averaged over the views.
Classification supervise(const std::vector<Pass>& passes, const at::Tensor& labels, const SupervisionSpec& spec) {
  const at::Tensor zero = at::zeros({}, labels.options().dtype(at::kFloat));
  Classification sum{zero, zero, zero};
  for (const Pass& pass : passes) {
    const Classification one = spec.many ? classify_many(pass.projection, labels.view(pass.projection.sizes()))
                                         : classify(pass.projection, labels, spec.label_smoothing);
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
  forward_backward(batch);
}

void Learner::forward_backward(const MicroBatch& batch) {
  Impl& m = *impl_;
  const ConvolutionChoices::Measuring measuring(m.convolutions);
  m.remember();
  const ObjectiveSpec& spec = spec_.objective;
  const StepPasses passes(spec_);
  // Moves target parameters, which is not what the moving average is judged by.
  if (m.initialize_affine(batch.view1)) m.target_at_start.copy_(m.sample_target());

  // Standardised once for all passes of this graph.
  const auto online_weights = m.online.standardized_weights(), own_weights = m.own.standardized_weights(),
             target_weights = m.target.standardized_weights();
  const Forward online_forward = [&](const at::Tensor& rows, int64_t groups) {
    const ForwardContext context = m.online.training(groups, online_weights);
    Pass out;
    out.representation = m.encoder.forward(context, rows);
    out.projection = m.projector.forward(context, out.representation);
    m.online.running.stage(context.statistics);
    out.prediction = out.projection;
    if (m.predictor) {
      const ForwardContext own = m.own.training(groups, own_weights);
      out.prediction = m.predictor->forward(own, out.projection);
      m.own.running.stage(own.statistics);
    }
    return out;
  };
  const Forward target_forward = [&](const at::Tensor& rows, int64_t groups) {
    at::NoGradGuard no_grad;
    // Training mode with its own batch statistics (byol-facts 0.1, item 6).
    const ForwardContext context = m.target.training(groups, target_weights);
    Pass out;
    out.representation = m.encoder.forward(context, rows);
    out.prediction = out.projection = m.projector.forward(context, out.representation);
    m.target.running.stage(context.statistics);
    return out;
  };
  const bool together = m.views_go_together(batch.view1);

  at::AutoGradMode grad_mode(true);
  std::vector<at::Tensor> targets(2);  // of view 1 and 2; undefined where nothing needs them
  if (passes.target > 0) {
    const std::vector<Pass> target = forward_views(
        spec, passes.target == 2 ? std::vector{batch.view1, batch.view2} : std::vector{batch.view2},
        /*dealt=*/true, together, target_forward);
    targets[1] = target.back().projection;
    if (passes.target == 2) targets[0] = target.front().projection;
  }
  // The views go through separately, each with its own batch statistics (item 4), unless the objective says otherwise.
  const std::vector<Pass> online =
      forward_views(spec, passes.online == 2 ? std::vector{batch.view1, batch.view2} : std::vector{batch.view1},
                    /*dealt=*/false, together, online_forward);
  if (passes.objective && !passes.moving_target) {
    for (size_t i = 0; i < online.size(); ++i) {
      targets[i] = spec.target == TargetMode::Gradient ? online[i].projection : online[i].projection.detach();
    }
  }

  const at::Tensor zero = at::zeros({}, at::TensorOptions().device(device_).dtype(at::kFloat));
  at::Tensor loss = zero, total = zero;
  if (passes.objective) {
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
  m.end_of(&StepTimes::forward);
  torch::autograd::backward({batch.micro_batches == 1 ? total : total / static_cast<double>(batch.micro_batches)}, {});

  m.end_of(&StepTimes::backward);

  at::NoGradGuard no_grad;
  ++m.micro_batches_done;
  m.update.judge(total.detach());
  m.last_projection = online[0].projection.detach();
  m.metrics.add({.loss = loss,
                 .supervised_loss = supervised.loss,
                 .supervised_top1 = supervised.top1,
                 .probe_loss = probe.loss,
                 .probe_top1 = probe.top1,
                 .probe_top5 = probe.top5,
                 .projection_std = spread(m.last_projection)},
                batch.micro_batches);
}

}  // namespace byol

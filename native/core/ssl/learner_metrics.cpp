// What a learner tells about its steps. On a device a reading is one copy beside the steps that follow.
#include <ATen/core/grad_mode.h>

#include <cmath>
#include <vector>

#include "core/device/runtime.h"
#include "core/ssl/collapse_metrics.h"
#include "core/ssl/learner_parts.h"

namespace byol {
namespace {

/// Where the numbers of a reading lie, float64; behind them the matrix that the rank comes from.
enum ReadingSlot : int64_t { kSums, kDistance = MetricSums::kSums, kMovement, kBadStep, kMatrix };

at::Tensor reading_of(const Learner::Impl& m, bool moving_target) {
  const at::Tensor movement = (m.sample_target() - m.target_at_start).abs().max().to(at::kDouble);
  at::Tensor distance = at::zeros_like(movement);
  if (moving_target) {
    const at::Tensor& theta = m.online.parameters.master();
    distance = ((theta - m.target.parameters.master()).norm() / theta.norm()).to(at::kDouble);
  }
  std::vector<at::Tensor> parts{m.metrics.sums, at::stack({distance, movement, m.update.bad_step.to(at::kDouble)})};
  if (m.last_projection.defined()) parts.push_back(rank_matrix(m.last_projection).flatten());
  return at::cat(parts);
}

StepMetrics metrics_of(const at::Tensor& reading, int64_t steps) {
  const double* const numbers = reading.const_data_ptr<double>();
  StepMetrics out;
  out.steps = steps;
  MetricSums::read(numbers + kSums, out);
  out.target_distance = numbers[kDistance];
  out.target_movement = numbers[kMovement];
  out.first_bad_step = static_cast<int64_t>(numbers[kBadStep]);
  const int64_t side = std::llround(std::sqrt(static_cast<double>(reading.numel() - kMatrix)));
  if (side > 0) out.projection_rank = effective_rank(reading.narrow(0, kMatrix, side * side).view({side, side}));
  return out;
}

}  // namespace

Late<StepMetrics> Learner::ask_metrics() {
  require_whole();
  Impl& m = *impl_;
  const at::NoGradGuard no_grad;
  use_device(device_);
  const at::Tensor reading = reading_of(m, spec_.objective.target == TargetMode::Ema);
  const int64_t steps = m.steps_since_read;
  m.metrics.clear();
  m.steps_since_read = 0;
  DeviceRuntime* const runtime = device_runtime(device_);
  if (runtime == nullptr) return at_once(metrics_of(reading, steps));
  const at::Tensor host = runtime->host_buffer(static_cast<int64_t>(reading.nbytes())).view(at::kDouble);
  host.copy_(reading, /*non_blocking=*/true);
  const std::shared_ptr<DeviceEvent> copied = runtime->make_event(/*timed=*/false);
  copied->record();
  return {[copied] { return copied->done(); },
          [copied, host, steps] {
            copied->wait();
            return metrics_of(host, steps);
          }};
}

}  // namespace byol

#include "core/model/running_statistics.h"

namespace byol {

RunningStatistics::RunningStatistics(int64_t channels, double decay, at::Device device) : decay_(decay) {
  const auto float32 = at::TensorOptions().device(device).dtype(at::kFloat);
  mean = at::zeros({channels}, float32);
  variance = at::zeros({channels}, float32);
  updates = at::zeros({}, float32.dtype(at::kDouble));
  staged_mean_ = at::zeros_like(mean);
  staged_variance_ = at::zeros_like(variance);
  staged_updates_ = at::zeros_like(updates);
}

void RunningStatistics::restage() {
  updated_ = false;
  stage_committed();
}

void RunningStatistics::stage_committed() {
  // In place: nothing is allocated, which could fail again where a step failed for lack of memory.
  staged_mean_.copy_(mean);
  staged_variance_.copy_(variance);
  staged_updates_.copy_(updates);
}

void RunningStatistics::stage(const BatchStatistics& batch) {
  for (int64_t group = 0; group < batch.mean.size(0); ++group) {
    staged_mean_.mul_(decay_).add_(batch.mean[group], 1.0 - decay_);
    staged_variance_.mul_(decay_).add_(batch.variance[group], 1.0 - decay_);
  }
  staged_updates_.add_(static_cast<double>(batch.mean.size(0)));
}

void RunningStatistics::commit(const at::Tensor& alive) {
  mean.copy_(at::where(alive, staged_mean_, mean));
  variance.copy_(at::where(alive, staged_variance_, variance));
  updates.copy_(at::where(alive, staged_updates_, updates));
  stage_committed();
}

BatchStatistics RunningStatistics::average() const {
  if (!updated_) updated_ = updates.item<double>() > 0.0;
  if (!updated_) return {};
  const at::Tensor debias = 1.0 - at::pow(decay_, updates);
  return {mean / debias, variance / debias};
}

}  // namespace byol

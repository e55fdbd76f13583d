#include "core/model/running_statistics.h"

#include <cmath>

namespace byol {

RunningStatistics::RunningStatistics(int64_t channels, double decay, at::Device device) : decay_(decay) {
  const auto float32 = at::TensorOptions().device(device).dtype(at::kFloat);
  mean = at::zeros({channels}, float32);
  variance = at::zeros({channels}, float32);
  updates = at::zeros({}, float32.dtype(at::kDouble));
  restage();
}

void RunningStatistics::restage() {
  staged_mean_ = mean.clone();
  staged_variance_ = variance.clone();
  staged_updates_ = updates.clone();
}

void RunningStatistics::stage(const BatchStatistics& batch) {
  staged_mean_.mul_(decay_).add_(batch.mean, 1.0 - decay_);
  staged_variance_.mul_(decay_).add_(batch.variance, 1.0 - decay_);
  staged_updates_.add_(1.0);
}

void RunningStatistics::commit(const at::Tensor& alive) {
  mean = at::where(alive, staged_mean_, mean);
  variance = at::where(alive, staged_variance_, variance);
  updates = at::where(alive, staged_updates_, updates);
  restage();
}

BatchStatistics RunningStatistics::average() const {
  const double count = updates.item<double>();
  if (count == 0.0) return {};
  const double debias = 1.0 - std::pow(decay_, count);
  return {mean / debias, variance / debias};
}

}  // namespace byol

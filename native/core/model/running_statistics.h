#pragma once

#include <ATen/ATen.h>

namespace byol {

/// Batch statistics of a forward pass: flat float32 buffers over all norms of one kind in a network.
struct BatchStatistics {
  at::Tensor mean, variance;
};

/// Running statistics as the official code keeps them (Haiku's ExponentialMovingAverage): biased variance, one update
/// per batch with statistics of its own, and a zero-debiased average hidden / (1 - decay^updates). Updates are staged
/// and committed with the optimiser step, so that a step that is refused leaves no trace. Of a network without batch
/// normalisation they have no channels.
class RunningStatistics {
 public:
  RunningStatistics(int64_t channels, double decay, at::Device device);

  /// One update for each row of [G, channels], in their order.
  void stage(const BatchStatistics& batch);
  /// `alive`: 0-dim bool; false drops what was staged.
  void commit(const at::Tensor& alive);
  /// The debiased averages; undefined before the first update, of which alone the host asks the device.
  BatchStatistics average() const;

  at::Tensor mean, variance;  // hidden, float32 [channels]
  at::Tensor updates;         // 0-dim float64
  /// Makes the staged values equal to the committed ones; after the members above were changed.
  void restage();

 private:
  void stage_committed();

  double decay_;
  mutable bool updated_ = false;  // as far as the host knows: once is for good
  at::Tensor staged_mean_, staged_variance_, staged_updates_;
};

}  // namespace byol

#pragma once

#include <ATen/ATen.h>

#include "core/ssl/step_metrics.h"

namespace byol {

/// What one micro-batch measures, float32 and 0-dim each.
struct BatchMetrics {
  at::Tensor loss, supervised_loss, supervised_top1, probe_loss, probe_top1, probe_top5, projection_std;
};

/// Sums over the optimiser steps since the last read, on the device. Of each step the mean of its micro-batches,
/// rounded to float32 and summed in float64, where nothing is lost: so a run's means do not depend on when they were
/// read, which the clock decides.
class MetricSums {
 public:
  static constexpr int64_t kSums = 7;
  explicit MetricSums(at::Device device);

  /// `micro_batches`: of the step that the batch is one of.
  void add(const BatchMetrics& batch, int64_t micro_batches);
  static void read(const double* sums, StepMetrics& out);
  void clear();

  at::Tensor sums;  // float64 [kSums], in the order of kMeasured

 private:
  struct Measured {
    at::Tensor BatchMetrics::* value;
    double StepMetrics::* sum;
  };
  static const Measured kMeasured[kSums];
};

}  // namespace byol

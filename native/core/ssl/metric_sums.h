#pragma once

#include <ATen/ATen.h>

#include "core/ssl/step_metrics.h"

namespace byol {

/// What one micro-batch measures, float32 and 0-dim each.
struct BatchMetrics {
  at::Tensor loss, supervised_loss, supervised_top1, probe_loss, probe_top1, probe_top5, projection_std;
};

/// Sums of them since the last read, on the device.
class MetricSums {
 public:
  static constexpr int64_t kMeans = 7;
  explicit MetricSums(at::Device device);

  /// Into the sums alone: `count` is whoever's that knows when a micro-batch is done.
  void add(const BatchMetrics& batch);
  /// float64 [kMeans] on the device; of no micro-batch 0.
  at::Tensor means() const;
  static void read_means(const double* means, StepMetrics& out);
  void clear();

  at::Tensor sums;    // in the order of kMeasured
  int64_t count = 0;  // micro-batches

 private:
  struct Measured {
    at::Tensor BatchMetrics::* value;
    double StepMetrics::* mean;
  };
  static const Measured kMeasured[kMeans];
};

}  // namespace byol

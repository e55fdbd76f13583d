#include "core/ssl/metric_sums.h"

#include <algorithm>
#include <iterator>
#include <vector>

namespace byol {

const MetricSums::Measured MetricSums::kMeasured[7] = {
    {&BatchMetrics::loss, &StepMetrics::loss},
    {&BatchMetrics::supervised_loss, &StepMetrics::supervised_loss},
    {&BatchMetrics::supervised_top1, &StepMetrics::supervised_top1},
    {&BatchMetrics::probe_loss, &StepMetrics::probe_loss},
    {&BatchMetrics::probe_top1, &StepMetrics::probe_top1},
    {&BatchMetrics::probe_top5, &StepMetrics::probe_top5},
    {&BatchMetrics::projection_std, &StepMetrics::projection_std},
};

MetricSums::MetricSums(at::Device device)
    : sums(at::zeros({std::ssize(kMeasured)}, at::TensorOptions().device(device).dtype(at::kFloat))) {}

void MetricSums::add(const BatchMetrics& batch) {
  std::vector<at::Tensor> values;
  for (const Measured& each : kMeasured) values.push_back((batch.*each.value).detach());
  sums.add_(at::stack(values));
  ++count;
}

void MetricSums::read_means(StepMetrics& out) const {
  const at::Tensor means = (sums / static_cast<double>(std::max<int64_t>(count, 1))).to(at::kCPU, at::kDouble);
  const double* mean = means.const_data_ptr<double>();
  for (const Measured& each : kMeasured) out.*each.mean = *mean++;
}

void MetricSums::clear() {
  sums.zero_();
  count = 0;
}

}  // namespace byol

#include "core/ssl/metric_sums.h"

#include <algorithm>
#include <iterator>
#include <vector>

namespace byol {

const MetricSums::Measured MetricSums::kMeasured[kMeans] = {
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
}

at::Tensor MetricSums::means() const { return sums.to(at::kDouble) / static_cast<double>(std::max<int64_t>(count, 1)); }

void MetricSums::read_means(const double* means, StepMetrics& out) {
  for (const Measured& each : kMeasured) out.*each.mean = *means++;
}

void MetricSums::clear() {
  sums.zero_();
  count = 0;
}

}  // namespace byol

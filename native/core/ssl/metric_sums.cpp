#include "core/ssl/metric_sums.h"

#include <iterator>
#include <vector>

namespace byol {

const MetricSums::Measured MetricSums::kMeasured[kSums] = {
    {&BatchMetrics::loss, &StepMetrics::loss},
    {&BatchMetrics::supervised_loss, &StepMetrics::supervised_loss},
    {&BatchMetrics::supervised_top1, &StepMetrics::supervised_top1},
    {&BatchMetrics::probe_loss, &StepMetrics::probe_loss},
    {&BatchMetrics::probe_top1, &StepMetrics::probe_top1},
    {&BatchMetrics::probe_top5, &StepMetrics::probe_top5},
    {&BatchMetrics::projection_std, &StepMetrics::projection_std},
};

MetricSums::MetricSums(at::Device device)
    : sums(at::zeros({std::ssize(kMeasured)}, at::TensorOptions().device(device).dtype(at::kDouble))) {}

void MetricSums::add(const BatchMetrics& batch, int64_t micro_batches) {
  std::vector<at::Tensor> values;
  for (const Measured& each : kMeasured) values.push_back((batch.*each.value).detach());
  sums.add_(at::stack(values) / static_cast<double>(micro_batches));
}

void MetricSums::read(const double* sums, StepMetrics& out) {
  for (const Measured& each : kMeasured) out.*each.sum = *sums++;
}

void MetricSums::clear() { sums.zero_(); }

}  // namespace byol

#include "core/eval/linear_probe.h"

#include <ATen/CPUGeneratorImpl.h>
#include <ATen/core/grad_mode.h>

#include <string>
#include <utility>

#include "core/device/runtime.h"
#include "core/error.h"
#include "core/interrupt.h"
#include "core/thread_limit.h"

namespace byol {
namespace {

constexpr double kWeightStd = 0.01;
constexpr int64_t kEvaluationRows = 4096;

// v = momentum * v + g; p = p - rate * (nesterov ? g + momentum * v : v). The rate lies outside the momentum. Uses the
// gradient up, and allocates nothing: a step either fails before this or is done.
void descend(at::Tensor& parameters, at::Tensor& velocity, at::Tensor& gradient, const at::Tensor& rate,
             double momentum, bool nesterov) {
  velocity.mul_(momentum).add_(gradient);
  parameters.addcmul_(nesterov ? gradient.add_(velocity, momentum) : velocity, rate, -1.0);
}

}  // namespace

LinearProbe::LinearProbe(int64_t features, int64_t classes, std::vector<double> learning_rates, double momentum,
                         bool nesterov, double weight_decay, uint64_t seed, at::Device device)
    : classes_(classes),
      classifiers_(static_cast<int64_t>(learning_rates.size())),
      momentum_(momentum),
      nesterov_(nesterov),
      weight_decay_(weight_decay) {
  if (features < 1 || classes < 1 || classifiers_ < 1) {
    throw Error("ERR_BYOL_VALUE", "A linear probe needs features, classes and learning rates, got " +
                                      std::to_string(features) + ", " + std::to_string(classes) + " and " +
                                      std::to_string(classifiers_) + ".");
  }
  const auto options = at::TensorOptions().device(use_device(device)).dtype(at::kFloat);
  // Drawn on the CPU, so that a seed means the same on every device.
  const at::Generator generator = at::make_generator<at::CPUGeneratorImpl>(seed);
  const at::Tensor first = at::normal(0.0, kWeightStd, {features, classes}, generator, at::kFloat);
  weights_ = first.to(device).repeat({1, classifiers_});
  biases_ = at::zeros({classifiers_ * classes}, options);
  weight_momentum_ = at::zeros_like(weights_);
  bias_momentum_ = at::zeros_like(biases_);
  learning_rates_ = at::tensor(learning_rates, at::kDouble).to(options).repeat_interleave(classes);
}

at::Tensor LinearProbe::logits(const at::Tensor& features) const {
  return at::addmm(biases_, features, weights_).view({features.size(0), classifiers_, classes_});
}

void LinearProbe::check_dimension(const FeatureBank& bank) const {
  if (bank.dimension() == weights_.size(0)) return;
  throw Error("ERR_BYOL_SHAPE", "The probe was made for " + std::to_string(weights_.size(0)) +
                                    " features, the bank has " + std::to_string(bank.dimension()) + ".");
}

void LinearProbe::step(const FeatureBank& bank, const std::vector<int64_t>& rows, double scale) {
  throw_if_interrupted();
  check_dimension(bank);
  for (const int64_t row : rows) {
    if (row < 0 || row >= bank.size()) {
      throw Error("ERR_BYOL_SHAPE", "Row " + std::to_string(row) + " lies outside the feature bank of " +
                                        std::to_string(bank.size()) + ".");
    }
  }
  at::NoGradGuard no_grad;
  const at::Tensor batch_rows = labelled_rows(bank, rows, classes_);
  const int64_t size = batch_rows.size(0);
  const at::Tensor labels = bank.labels().index_select(0, batch_rows);
  const at::Tensor features = bank.features().index_select(0, batch_rows);

  const at::Tensor log_probability = logits(features).log_softmax(2);
  const at::Tensor own = labels.view({size, 1, 1}).expand({size, classifiers_, 1});
  at::Tensor losses = log_probability.gather(2, own).squeeze(2).mean(0).neg();

  // d(mean cross-entropy) / d(logits) = (softmax - one-hot) / B.
  const at::Tensor minus_one = at::full({}, -1.0, log_probability.options()).expand(own.sizes());
  const at::Tensor error =
      log_probability.exp().scatter_add_(2, own, minus_one).div_(static_cast<double>(size)).view({size, -1});
  at::Tensor weight_gradient = features.t().mm(error);
  if (weight_decay_ != 0.0) weight_gradient.add_(weights_, weight_decay_);
  at::Tensor bias_gradient = error.sum(0);
  const at::Tensor rate = learning_rates_ * scale;
  descend(weights_, weight_momentum_, weight_gradient, rate, momentum_, nesterov_);
  descend(biases_, bias_momentum_, bias_gradient, rate, momentum_, nesterov_);
  losses_ = std::move(losses);
}

std::vector<double> LinearProbe::losses() const {
  if (!losses_.defined()) return {};
  const at::Tensor read = losses_.to(at::kCPU, at::kDouble);
  return {read.const_data_ptr<double>(), read.const_data_ptr<double>() + classifiers_};
}

std::vector<Accuracy> LinearProbe::evaluate(const FeatureBank& bank) const {
  check_dimension(bank);
  at::NoGradGuard no_grad;
  std::vector<AccuracyCounter> counters(classifiers_);
  for (const at::Tensor& rows : labelled_rows(bank, classes_).split(kEvaluationRows)) {
    throw_if_interrupted();
    heed_thread_limit();
    const at::Tensor scores = logits(bank.features().index_select(0, rows));
    const at::Tensor labels = bank.labels().index_select(0, rows);
    for (int64_t i = 0; i < classifiers_; ++i) {
      throw_if_interrupted();
      counters[i].add(scores.select(1, i), labels);
    }
  }
  std::vector<Accuracy> out;
  for (const AccuracyCounter& counter : counters) out.push_back(counter.result());
  return out;
}

}  // namespace byol

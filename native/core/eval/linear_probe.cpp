#include "core/eval/linear_probe.h"

#include <ATen/CPUGeneratorImpl.h>
#include <ATen/core/grad_mode.h>

#include <chrono>
#include <string>
#include <utility>

#include "core/device/runtime.h"
#include "core/device/upload.h"
#include "core/error.h"
#include "core/eval/descent.h"
#include "core/interrupt.h"
#include "core/thread_limit.h"

namespace byol {
namespace {

constexpr double kWeightStd = 0.01;
constexpr int64_t kEvaluationRows = 4096;

// Of those rows that have one.
at::Tensor labels_of(const FeatureBank& bank, const std::vector<int64_t>& rows) {
  std::vector<int64_t> labels;
  for (const int64_t row : rows) {
    const int64_t label = bank.host_labels()[static_cast<size_t>(row)];
    if (label >= 0) labels.push_back(label);
  }
  return uploaded(labels, bank.features().device());
}

}  // namespace

LinearProbe::LinearProbe(const LinearProbeSpec& spec, at::Device device)
    : classes_(spec.classes),
      classifiers_(static_cast<int64_t>(spec.learning_rates.size())),
      momentum_(spec.momentum),
      nesterov_(spec.nesterov),
      weight_decay_(spec.weight_decay),
      logit_regularizer_(spec.logit_regularizer) {
  const int64_t features = spec.features;
  if (features < 1 || classes_ < 1 || classifiers_ < 1) {
    throw Error("ERR_BYOL_VALUE", "A linear probe needs features, classes and learning rates, got " +
                                      std::to_string(features) + ", " + std::to_string(classes_) + " and " +
                                      std::to_string(classifiers_) + ".");
  }
  const auto options = at::TensorOptions().device(use_device(device)).dtype(at::kFloat);
  // Drawn on the CPU, so that a seed means the same on every device.
  const at::Generator generator = at::make_generator<at::CPUGeneratorImpl>(spec.seed);
  const at::Tensor first = at::normal(0.0, kWeightStd, {features, classes_}, generator, at::kFloat);
  weights_ = first.to(device).repeat({1, classifiers_});
  biases_ = at::zeros({classifiers_ * classes_}, options);
  weight_momentum_ = at::zeros_like(weights_);
  bias_momentum_ = at::zeros_like(biases_);
  weight_gradient_ = at::empty_like(weights_);
  learning_rates_ = at::tensor(spec.learning_rates, at::kDouble).to(options).repeat_interleave(classes_);
}

at::Tensor LinearProbe::logits(const at::Tensor& features) const { return at::addmm(biases_, features, weights_); }

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
  const at::Tensor labels = labels_of(bank, rows);
  const at::Tensor features = bank.features().index_select(0, batch_rows);

  if (!logits_.defined() || logits_.size(0) != size) {
    logits_ = at::empty({size, classifiers_ * classes_}, weights_.options());
    log_probability_ = at::empty_like(logits_);
  }
  at::addmm_out(logits_, biases_, features, weights_);
  at::Tensor losses = differentiate(labels);
  const double mean = 1.0 / static_cast<double>(size);
  at::addmm_out(weight_gradient_, weight_gradient_, features.t(), log_probability_, 0.0, mean);
  at::Tensor bias_gradient = log_probability_.sum(0).mul_(mean);
  const Descent descent{learning_rates_, scale, momentum_, nesterov_, weight_decay_};
  descend(weights_, weight_momentum_, weight_gradient_, descent);
  descend(biases_, bias_momentum_, bias_gradient, {learning_rates_, scale, momentum_, nesterov_, 0.0});
  losses_ = std::move(losses);
}

at::Tensor LinearProbe::differentiate(const at::Tensor& labels) {
  const int64_t size = labels.size(0);
  at::Tensor clipped = logits_.view({size, classifiers_, classes_});
  at::Tensor error = log_probability_.view(clipped.sizes());
  if (logit_regularizer_) clipped.div_(logit_regularizer_->alpha).tanh_().mul_(logit_regularizer_->alpha);
  at::log_softmax_out(error, clipped, 2);
  const at::Tensor own = labels.view({size, 1, 1}).expand({size, classifiers_, 1});
  at::Tensor losses = error.gather(2, own).squeeze(2).mean(0).neg();
  // B * d(mean cross-entropy) / d(logits) = softmax - one-hot.
  error.exp_().scatter_add_(2, own, at::full({}, -1.0, error.options()).expand(own.sizes()));
  if (!logit_regularizer_) return losses;
  const auto [alpha, beta] = *logit_regularizer_;
  // beta * mean(clipped^2) is over rows and classes; d(clipped) / d(logit) = 1 - (clipped / alpha)^2.
  error.add_(clipped, 2.0 * beta / static_cast<double>(classes_));
  const at::Tensor squares = clipped.square_();
  losses.add_(squares.mean(at::IntArrayRef{0, 2}), beta);
  error.addcmul_(error, squares, -1.0 / (alpha * alpha));
  return losses;
}

double LinearProbe::time_products(int64_t rows) const {
  const at::NoGradGuard no_grad;
  const at::Tensor features = at::full({rows, weights_.size(0)}, 0.5, weights_.options());
  at::Tensor logits = at::zeros({rows, weights_.size(1)}, weights_.options()), gradient = at::zeros_like(weights_);
  DeviceRuntime* const runtime = device_runtime(weights_.device());
  if (runtime != nullptr) runtime->synchronize();
  const auto start = std::chrono::steady_clock::now();
  at::mm_out(logits, features, weights_);
  at::mm_out(gradient, features.t(), logits);
  if (runtime != nullptr) runtime->synchronize();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
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
    const at::Tensor scores =
        logits(bank.features().index_select(0, rows)).view({rows.size(0), classifiers_, classes_});
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

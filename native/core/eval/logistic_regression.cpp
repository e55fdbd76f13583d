#include "core/eval/logistic_regression.h"

#include <ATen/CPUGeneratorImpl.h>
#include <ATen/core/grad_mode.h>

#include <algorithm>
#include <cmath>
#include <string>
#include <utility>

#include "core/device/runtime.h"
#include "core/device/upload.h"
#include "core/error.h"
#include "core/interrupt.h"
#include "core/thread_limit.h"

namespace byol {
namespace {

// Logits at once: what a processor's caches hold, or enough to keep a card busy.
constexpr int64_t kLogits = int64_t{1} << 20, kDeviceLogits = int64_t{1} << 25;
constexpr int64_t kFewestRows = 256;
constexpr int kPowerIterations = 12;

/// Whether they are neighbours, in order: a narrow() of the bank serves then.
bool neighbours(const std::vector<int64_t>& rows) {
  for (size_t i = 1; i < rows.size(); ++i) {
    if (rows[i] != rows[i - 1] + 1) return false;
  }
  return true;
}

}  // namespace

LogisticRegression::LogisticRegression(int64_t features, int64_t classes, Loss loss, at::Device device)
    : dimension_(features), classes_(classes), loss_(loss), device_(use_device(device)) {
  if (features >= 1 && classes >= 1) {
    frequency_.assign(static_cast<size_t>(classes), 0.0);
    return;
  }
  throw Error("ERR_BYOL_VALUE", "A logistic regression needs features and classes, got " + std::to_string(features) +
                                    " and " + std::to_string(classes) + ".");
}

void LogisticRegression::add(const FeatureBank& bank, const std::vector<int64_t>& rows,
                             const std::vector<int64_t>& labels, const std::optional<std::vector<int64_t>>& offsets) {
  const auto require = [](bool holds, const std::string& what) {
    if (!holds) throw Error("ERR_BYOL_VALUE", "Rows for a logistic regression: " + what + ".");
  };
  const bool several = loss_ == Loss::Sigmoid;
  require(!mean_.defined(), "they have to come before the first fit");
  require(offsets.has_value() == several, "a softmax takes one label for each, a sigmoid labels with offsets");
  if (several) {
    require(offsets->size() == rows.size() + 1 && offsets->front() == 0 && std::ranges::is_sorted(*offsets) &&
                offsets->back() == std::ssize(labels),
            "their offsets have to ascend from 0 to the number of labels, one more than rows");
  } else {
    require(labels.size() == rows.size(),
            std::to_string(rows.size()) + " of them have " + std::to_string(labels.size()) + " labels");
  }
  const auto known = [&](int64_t label) { return label < classes_ && (label >= 0 || !several); };
  require(std::ranges::all_of(labels, known), "a label is not one of " + std::to_string(classes_) + " classes");

  at::NoGradGuard no_grad;
  if (several) {
    at::Tensor members = at::zeros({std::ssize(rows), classes_}, at::kFloat);
    float* const values = members.mutable_data_ptr<float>();
    for (size_t i = 0; i < rows.size(); ++i) {
      for (int64_t at = (*offsets)[i]; at < (*offsets)[i + 1]; ++at) {
        float& member = values[static_cast<int64_t>(i) * classes_ + labels[static_cast<size_t>(at)]];
        if (member == 0.0F) frequency_[static_cast<size_t>(labels[static_cast<size_t>(at)])] += 1.0;
        member = 1.0F;
      }
    }
    parts_.push_back({features_of(bank, rows), members.to(device_)});
    rows_ += std::ssize(rows);
    return;
  }
  std::vector<int64_t> used, own;
  for (size_t i = 0; i < rows.size(); ++i) {
    if (labels[i] < 0) continue;
    used.push_back(rows[i]);
    own.push_back(labels[i]);
  }
  if (used.empty()) return;
  parts_.push_back({features_of(bank, used), uploaded(own, device_)});
  for (const int64_t label : own) frequency_[static_cast<size_t>(label)] += 1.0;
  rows_ += std::ssize(used);
}

at::Tensor LogisticRegression::features_of(const FeatureBank& bank, const std::vector<int64_t>& rows) const {
  if (bank.dimension() != dimension_) {
    throw Error("ERR_BYOL_SHAPE", "The logistic regression was made for " + std::to_string(dimension_) +
                                      " features, the bank has " + std::to_string(bank.dimension()) + ".");
  }
  for (const int64_t row : rows) {
    if (row >= 0 && row < bank.size()) continue;
    throw Error("ERR_BYOL_SHAPE", "Row " + std::to_string(row) + " lies outside the feature bank of " +
                                      std::to_string(bank.size()) + ".");
  }
  if (!rows.empty() && neighbours(rows)) return bank.features().narrow(0, rows.front(), std::ssize(rows));
  return bank.features().index_select(0, uploaded(rows, device_));
}

int64_t LogisticRegression::block_rows() const {
  return std::max(kFewestRows, (device_.is_cpu() ? kLogits : kDeviceLogits) / classes_);
}

void LogisticRegression::begin() {
  if (rows_ == 0) throw Error("ERR_BYOL_VALUE", "A logistic regression needs rows with a label.");
  const auto options = at::TensorOptions().device(device_).dtype(at::kDouble);
  const auto rows = static_cast<double>(rows_);
  at::Tensor mean = at::zeros({dimension_}, options);
  for (const Part& part : parts_) {
    for (const at::Tensor& block : part.features.split(block_rows())) mean.add_(block.sum(0, false, at::kDouble));
  }
  mean_ = mean.div_(rows);

  // The largest variance of any direction, by power iteration.
  at::Tensor axis =
      at::normal(0.0, 1.0, {dimension_}, at::make_generator<at::CPUGeneratorImpl>(uint64_t{0}), at::kDouble)
          .to(device_);
  at::Tensor variance;
  for (int i = 0; i < kPowerIterations; ++i) {
    throw_if_interrupted();
    axis = axis / axis.norm().clamp_min(1e-300);
    const at::Tensor single = axis.to(at::kFloat);
    const at::Tensor offset = mean_.dot(axis);
    at::Tensor next = at::zeros({dimension_}, options);
    for (const Part& part : parts_) {
      for (const at::Tensor& block : part.features.split(block_rows())) {
        const at::Tensor along = block.mv(single).sub_(offset);
        next.add_(block.t().mv(along)).sub_(mean_ * along.sum(at::kDouble));
      }
    }
    axis = next.div_(rows);
    variance = axis.norm();
  }
  bias_scale_ = at::where(variance.eq(0), at::ones_like(variance), variance.sqrt());

  // Biases that give each class its share of the rows, one row more for each, so that none is without.
  std::vector<double> share;
  for (const double frequency : frequency_) {
    share.push_back(loss_ == Loss::Softmax ? std::log(frequency + 1.0)
                                           : std::log((frequency + 1.0) / (rows - frequency + 1.0)));
  }
  const at::Tensor biases = at::tensor(share, at::kDouble).to(device_) / bias_scale_;
  point_ = at::cat({at::zeros({classes_ * dimension_}, options), biases});
}

LogisticRegression::Fit LogisticRegression::fit(double penalty, double tolerance, int64_t iterations) {
  at::NoGradGuard no_grad;
  const bool first = !mean_.defined();
  if (first) begin();
  if (penalty != penalty_) {
    solver_.emplace(point_, [this, penalty](const at::Tensor& point) { return evaluate(point, penalty); });
    penalty_ = -1.0;
    if (!std::isfinite(solver_->value()) || !std::isfinite(solver_->gradient_norm())) {
      throw Error("ERR_BYOL_NOT_FINITE",
                  "The features are so large that their products overflow: the encoder's weights or running statistics "
                  "are damaged. Use the weights of an earlier checkpoint.");
    }
    penalty_ = penalty;
    // The penalty has no part in it: the weights are 0.
    if (first) start_norm_ = solver_->gradient_norm();
  }
  const int64_t before = solver_->iterations();
  const Lbfgs::Stop stop = solver_->run(tolerance * start_norm_, iterations);
  point_ = solver_->point();
  const double part = start_norm_ > 0.0 ? solver_->gradient_norm() / start_norm_ : 0.0;
  return {solver_->iterations() - before, solver_->value() * static_cast<double>(rows_), part, stop};
}

// All of it as a mean over rows, and with respect to the point's own numbers.
Lbfgs::Evaluation LogisticRegression::evaluate(const at::Tensor& point, double penalty) const {
  const auto rows = static_cast<double>(rows_);
  const at::Tensor weights = point.narrow(0, 0, classes_ * dimension_).view({classes_, dimension_});
  const at::Tensor biases = point.narrow(0, classes_ * dimension_, classes_) * bias_scale_ - weights.mv(mean_);
  const at::Tensor single = weights.to(at::kFloat).t(), single_biases = biases.to(at::kFloat);
  at::Tensor value = weights.square().sum().mul_(penalty / 2.0);
  at::Tensor gradient = at::zeros({classes_ * dimension_ + classes_}, point.options());
  at::Tensor weight_gradient = gradient.narrow(0, 0, classes_ * dimension_).view({classes_, dimension_});
  at::Tensor bias_gradient = gradient.narrow(0, classes_ * dimension_, classes_);
  for (const Part& part : parts_) {
    const std::vector<at::Tensor> targets = part.targets.split(block_rows());
    const std::vector<at::Tensor> features = part.features.split(block_rows());
    for (size_t i = 0; i < features.size(); ++i) {
      throw_if_interrupted();
      heed_thread_limit();
      at::Tensor errors = at::addmm(single_biases, features[i], single);
      value.add_(loss_of(errors, targets[i]));
      weight_gradient.add_(errors.t().mm(features[i]));
      bias_gradient.add_(errors.sum(0, false, at::kDouble));
    }
  }
  weight_gradient.addr_(bias_gradient, mean_, 1.0, -1.0).add_(weights, penalty);
  bias_gradient.mul_(bias_scale_);
  return {value.div_(rows), gradient.div_(rows)};
}

at::Tensor LogisticRegression::loss_of(at::Tensor& logits, const at::Tensor& targets) const {
  if (loss_ == Loss::Softmax) {
    const at::Tensor own = targets.unsqueeze(1);
    at::Tensor log_probability = logits.log_softmax(1);
    const at::Tensor loss = log_probability.gather(1, own).sum(at::kDouble).neg_();
    logits = log_probability.exp_();
    logits.scatter_add_(1, own, at::full({}, -1.0, logits.options()).expand(own.sizes()));
    return loss;
  }
  // log(1 + e^z) - y z, where both parts may be large, is log(1 + e^(z of the wrong sign)).
  const at::Tensor wrong = logits * (1.0 - 2.0 * targets);
  const at::Tensor loss = at::softplus(wrong).sum(at::kDouble);
  logits = logits.sigmoid_().sub_(targets);
  return loss;
}

at::Tensor LogisticRegression::scores(const FeatureBank& bank, const std::vector<int64_t>& rows) const {
  at::NoGradGuard no_grad;
  const at::Tensor features = features_of(bank, rows);
  return at::addmm(biases().to(at::kFloat), features, weights().to(at::kFloat).t());
}

at::Tensor LogisticRegression::weights() const {
  if (!point_.defined())
    return at::zeros({classes_, dimension_}, at::TensorOptions().device(device_).dtype(at::kDouble));
  return point_.narrow(0, 0, classes_ * dimension_).view({classes_, dimension_});
}

at::Tensor LogisticRegression::biases() const {
  if (!point_.defined()) return at::zeros({classes_}, at::TensorOptions().device(device_).dtype(at::kDouble));
  return point_.narrow(0, classes_ * dimension_, classes_) * bias_scale_ - weights().mv(mean_);
}

}  // namespace byol

#include "core/eval/lbfgs.h"

#include <algorithm>
#include <cmath>
#include <optional>
#include <utility>
#include <vector>

#include "core/interrupt.h"

namespace byol {
namespace {

constexpr size_t kHistory = 10;
constexpr double kArmijo = 1e-4, kCurvature = 0.9;
constexpr int kMostTrials = 30;
// Values this close are equal but for rounding, and so many steps in a row that gain less show that no more is to be
// had.
constexpr double kRounding = 1e-9;
constexpr int kMostStalled = 10;

std::vector<double> read(const std::vector<at::Tensor>& numbers) {
  const at::Tensor values = at::stack(numbers).to(at::kCPU);
  return {values.const_data_ptr<double>(), values.const_data_ptr<double>() + values.numel()};
}

/// Where a straight slope between two points of a line crosses 0, but not at an end of what lies between them.
double between(double low, double low_slope, double high, std::optional<double> high_slope) {
  const double part = high_slope ? -low_slope / (*high_slope - low_slope) : 0.1;
  return low + std::clamp(part, 0.1, 0.9) * (high - low);
}

}  // namespace

Lbfgs::Lbfgs(at::Tensor start, Objective objective) : objective_(std::move(objective)), point_(std::move(start)) {
  const Evaluation first = objective_(point_);
  gradient_ = first.gradient;
  const std::vector<double> numbers = read({first.value, gradient_.norm()});
  value_ = numbers[0];
  norm_ = numbers[1];
  evaluations_ = 1;
}

Lbfgs::Stop Lbfgs::run(double tolerance, int64_t iterations) {
  for (int64_t done = 0;; ++done) {
    throw_if_interrupted();
    if (norm_ <= tolerance) return Stop::Gradient;
    if (stalled_ >= kMostStalled) return Stop::Precision;
    if (done == iterations) return Stop::Iterations;
    if (!advance(direction())) {
      // What rounding has made of the history may be no descent; the gradient itself is the last thing to try.
      const bool had_history = !history_.empty();
      history_.clear();
      if (!had_history || !advance(direction())) return Stop::Precision;
    }
    ++iterations_;
  }
}

at::Tensor Lbfgs::direction() const {
  at::Tensor q = gradient_.neg();
  std::vector<at::Tensor> parts(history_.size());
  for (size_t i = history_.size(); i-- > 0;) {
    parts[i] = history_[i].step.dot(q) / history_[i].product;
    q.sub_(history_[i].change * parts[i]);
  }
  if (!history_.empty()) {
    const Pair& last = history_.back();
    q.mul_(last.change.dot(last.change).reciprocal() * last.product);
  }
  for (size_t i = 0; i < history_.size(); ++i) {
    const at::Tensor part = history_[i].change.dot(q) / history_[i].product;
    q.add_(history_[i].step * (parts[i] - part));
  }
  return q;
}

Lbfgs::Trial Lbfgs::trial(const at::Tensor& direction, double length, double& start_slope) {
  at::Tensor point = at::add(point_, direction, length);
  const Evaluation found = objective_(point);
  ++evaluations_;
  const std::vector<double> numbers =
      read({found.value, found.gradient.dot(direction), found.gradient.norm(), gradient_.dot(direction)});
  start_slope = numbers[3];
  return {length, numbers[0], numbers[1], numbers[2], std::move(point), found.gradient};
}

bool Lbfgs::advance(const at::Tensor& direction) {
  double length = history_.empty() ? std::min(1.0, 1.0 / norm_) : 1.0;
  double low = 0.0, low_slope = 0.0, start_slope = 0.0;
  std::optional<double> high, high_slope;
  for (int i = 0; i < kMostTrials; ++i) {
    Trial found = trial(direction, length, start_slope);
    if (!(start_slope < 0.0)) return false;
    if (i == 0) low_slope = start_slope;
    if (!std::isfinite(found.value) || !std::isfinite(found.norm)) {
      high = length;
      high_slope.reset();
    } else {
      const double gain = value_ - found.value;
      const bool low_enough = found.slope <= 0.0 || gain >= -kArmijo * length * start_slope ||
                              std::abs(gain) <= kRounding * std::abs(value_);
      if (low_enough && std::abs(found.slope) <= kCurvature * -start_slope) {
        take(direction, std::move(found), start_slope);
        return true;
      }
      if (found.slope < 0.0) {
        low = length;
        low_slope = found.slope;
      } else {
        high = length;
        high_slope = found.slope;
      }
    }
    length = high ? between(low, low_slope, *high, high_slope) : 4.0 * length;
  }
  return false;
}

void Lbfgs::take(const at::Tensor& direction, Trial trial, double start_slope) {
  const double product = trial.length * (trial.slope - start_slope);
  if (history_.size() == kHistory) history_.pop_front();
  history_.push_back({direction * trial.length, trial.gradient - gradient_, product});
  stalled_ = value_ - trial.value <= kRounding * std::abs(value_) ? stalled_ + 1 : 0;
  point_ = std::move(trial.point);
  gradient_ = std::move(trial.gradient);
  value_ = trial.value;
  norm_ = trial.norm;
}

}  // namespace byol

#include "core/eval/accuracy_counter.h"

#include <limits>

#include "core/error.h"

namespace byol {

void AccuracyCounter::add(const at::Tensor& scores, const at::Tensor& labels) {
  const at::Tensor column = labels.unsqueeze(1);
  const at::Tensor own = scores.gather(1, column);
  const at::Tensor classes = at::arange(scores.size(1), labels.options()).unsqueeze(0);
  const at::Tensor earlier = scores.gt(own).logical_or(scores.eq(own).logical_and(classes.lt(column)));
  const at::Tensor without_score = at::isneginf(own).squeeze(1);
  const at::Tensor rank = earlier.sum(1).masked_fill(without_score, scores.size(1) + 5);
  const at::Tensor diverged = at::isnan(scores).logical_or(at::isposinf(scores)).any();
  const at::Tensor correct = at::stack({rank.lt(1).sum(), rank.lt(5).sum()});
  correct_ = correct_.defined() ? correct_ + correct : correct;
  diverged_ = diverged_.defined() ? diverged_.logical_or(diverged) : diverged;
  rows_ += labels.size(0);
}

Accuracy AccuracyCounter::result() const {
  if (rows_ == 0) throw Error("ERR_BYOL_VALUE", "An accuracy needs at least one labelled row.");
  const at::Tensor read = at::cat({correct_, diverged_.to(at::kLong).view({1})}).to(at::kCPU);
  const int64_t* const counts = read.const_data_ptr<int64_t>();
  if (counts[2] != 0) {
    constexpr double kNone = std::numeric_limits<double>::quiet_NaN();
    return {kNone, kNone};
  }
  const auto rows = static_cast<double>(rows_);
  return {static_cast<double>(counts[0]) / rows, static_cast<double>(counts[1]) / rows};
}

}  // namespace byol

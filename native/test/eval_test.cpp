// Feature banks and what is counted of scores.
#include <ATen/ATen.h>

#include <cmath>
#include <limits>
#include <utility>
#include <vector>

#include "bank_cases.h"
#include "check.h"
#include "core/eval/accuracy_counter.h"
#include "core/eval/feature_bank.h"

namespace {

using byol::Accuracy;
using byol::FeatureBank;
using byol::bank_cases::code_of;

}  // namespace

TEST(feature_bank_writes_rows_and_refuses_what_does_not_fit) {
  FeatureBank bank(4, 2, at::kCPU);
  bank.write(1, at::ones({2, 2}, at::kBFloat16), at::tensor({3, 5}, at::kLong));
  CHECK(bank.size() == 4 && bank.dimension() == 2);
  CHECK(at::equal(bank.labels(), at::tensor({-1, 3, 5, -1}, at::kLong)));
  CHECK(at::equal(bank.features().sum(1), at::tensor({0.0F, 2.0F, 2.0F, 0.0F})));
  const at::Tensor labels = at::zeros({2}, at::kLong);
  for (const int64_t offset : {int64_t{-1}, int64_t{3}, std::numeric_limits<int64_t>::max()}) {
    CHECK(code_of([&] { bank.write(offset, at::ones({2, 2}), labels); }) == "ERR_BYOL_SHAPE");
  }
  CHECK(code_of([&] { bank.write(0, at::ones({2, 3}), labels); }) == "ERR_BYOL_SHAPE");
  CHECK(code_of([&] { bank.write(0, at::ones({1, 2}), labels); }) == "ERR_BYOL_SHAPE");
  CHECK(code_of([] { FeatureBank(0, 2, at::kCPU); }) == "ERR_BYOL_SHAPE");
}

TEST(feature_bank_refuses_what_is_not_finite) {
  FeatureBank bank(4, 2, at::kCPU);
  bank.write(0, at::ones({4, 2}), at::zeros({4}, at::kLong));
  for (const double value : {std::nan(""), HUGE_VAL, -HUGE_VAL}) {
    at::Tensor features = at::zeros({2, 2});
    features[1][0] = value;
    CHECK(code_of([&] { bank.write(0, features, at::ones({2}, at::kLong)); }) == "ERR_BYOL_NOT_FINITE");
  }
  CHECK(at::equal(bank.features(), at::ones({4, 2})) && at::equal(bank.labels(), at::zeros({4}, at::kLong)));
  // Finite as bfloat16, and beyond what float16 could hold.
  bank.write(0, at::full({2, 2}, 3e38, at::kBFloat16), at::zeros({2}, at::kLong));
}

TEST(accuracy_counter_decides_ties_and_refuses_divergence) {
  const double nan = std::numeric_limits<double>::quiet_NaN(), inf = std::numeric_limits<double>::infinity();
  const auto one = [](std::vector<double> scores, int64_t label) {
    byol::AccuracyCounter counter;
    counter.add(at::tensor(scores, at::kDouble).unsqueeze(0), at::full({1}, label, at::kLong));
    const Accuracy accuracy = counter.result();
    return std::pair{accuracy.top1, accuracy.top5};
  };
  CHECK(one({1, 2, 0}, 1) == std::pair(1.0, 1.0));
  CHECK(one({1, 2, 0}, 2) == std::pair(0.0, 1.0));
  CHECK(one({1, 1, 1, 1, 1, 1}, 0) == std::pair(1.0, 1.0));
  CHECK(one({1, 1, 1, 1, 1, 1}, 4) == std::pair(0.0, 1.0));
  CHECK(one({1, 1, 1, 1, 1, 1}, 5) == std::pair(0.0, 0.0));
  CHECK(one({6, 5, 4, 3, 2, 1}, 5) == std::pair(0.0, 0.0));
  for (const std::vector<double>& scores : {std::vector{nan, nan}, {nan, 1.0}, {1.0, nan}, {inf, 1.0}, {1.0, inf}}) {
    CHECK(std::isnan(one(scores, 1).first) && std::isnan(one(scores, 1).second));
  }
  byol::AccuracyCounter counter;  // one broken row among good ones
  counter.add(at::tensor({nan, 1.0}).unsqueeze(0), at::ones({1}, at::kLong));
  counter.add(at::tensor({0.0, 1.0}).unsqueeze(0), at::ones({1}, at::kLong));
  CHECK(std::isnan(counter.result().top1) && std::isnan(counter.result().top5));
  CHECK(one({-inf, -inf}, 0) == std::pair(0.0, 0.0));
  CHECK(one({-inf, 1}, 1) == std::pair(1.0, 1.0));
  CHECK(code_of([] { byol::AccuracyCounter().result(); }) == "ERR_BYOL_VALUE");
}

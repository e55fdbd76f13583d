// Logistic regression against Newton's method in float64, and L-BFGS alone on functions whose minimum is known.
#include <ATen/ATen.h>
#include <ATen/CPUGeneratorImpl.h>

#include <cmath>
#include <functional>
#include <numeric>
#include <optional>
#include <string>
#include <vector>

#include "check.h"
#include "core/error.h"
#include "core/eval/feature_bank.h"
#include "core/eval/lbfgs.h"
#include "core/eval/logistic_regression.h"
#include "waits.h"

namespace {

using namespace byol;
using Loss = LogisticRegression::Loss;
using Stop = Lbfgs::Stop;
using Rows = std::vector<int64_t>;

Rows first_rows(int64_t count) {
  Rows rows(static_cast<size_t>(count));
  std::iota(rows.begin(), rows.end(), int64_t{0});
  return rows;
}

Rows values_of(const at::Tensor& numbers) {
  return {numbers.const_data_ptr<int64_t>(), numbers.const_data_ptr<int64_t>() + numbers.numel()};
}

std::string code_of(const std::function<void()>& body) {
  try {
    body();
  } catch (const Error& error) {
    return error.code();
  }
  return "";
}

/// Rows around centres that overlap, of features with a mean and of unlike scales.
struct Problem {
  at::Tensor features, labels, members;  // float32 [N, D], int64 [N], float64 [N, C]
  int64_t classes;
  FeatureBank bank;

  Problem(int64_t rows, int64_t dimension, int64_t classes, uint64_t seed)
      : classes(classes), bank(rows, dimension, at::kCPU) {
    const auto generator = at::make_generator<at::CPUGeneratorImpl>(seed);
    labels = at::randint(classes, {rows}, generator, at::kLong);
    const at::Tensor centres = at::normal(0.0, 0.7, {classes, dimension}, generator, at::kFloat);
    const at::Tensor noise = at::normal(0.0, 1.0, {rows, dimension}, generator, at::kFloat);
    const at::Tensor scales = at::logspace(-1.0, 1.0, dimension, 10.0, at::kFloat);
    features = (centres.index_select(0, labels) + noise + 2.0) * scales;
    members = at::zeros({rows, classes}, at::kDouble);
    // The own class, and any of the others in a fifth of the rows.
    members.scatter_(1, labels.unsqueeze(1), 1.0);
    members = members.logical_or(at::rand({rows, classes}, generator, at::kDouble).lt(0.2)).to(at::kDouble);
    bank.write(0, features, labels);
  }
  int64_t rows() const { return features.size(0); }
  int64_t dimension() const { return features.size(1); }
  /// labels, offsets
  std::pair<Rows, Rows> lists() const {
    const at::Tensor pairs = members.nonzero();
    Rows offsets = {0};
    for (const int64_t count : values_of(members.sum(1).to(at::kLong))) offsets.push_back(offsets.back() + count);
    return {values_of(pairs.select(1, 1).contiguous()), offsets};
  }
  void add_to(LogisticRegression& regression, Loss loss) const {
    if (loss == Loss::Softmax) {
      regression.add(bank, first_rows(rows()), values_of(labels), std::nullopt);
    } else {
      const auto [numbers, offsets] = lists();
      regression.add(bank, first_rows(rows()), numbers, offsets);
    }
  }
};

/// The sum over rows of the loss + penalty / 2 * |W|^2 in float64, of theta [C, D + 1] with the biases last.
double objective_of(const Problem& problem, Loss loss, const at::Tensor& theta, double penalty) {
  const at::Tensor x = problem.features.to(at::kDouble);
  const at::Tensor w = theta.narrow(1, 0, problem.dimension());
  const at::Tensor z = x.mm(w.t()) + theta.select(1, problem.dimension());
  const at::Tensor terms = loss == Loss::Softmax
                               ? at::logsumexp(z, 1) - z.gather(1, problem.labels.unsqueeze(1)).squeeze(1)
                               : at::log1p((-z.abs()).exp()) + z.clamp_min(0) - z * problem.members;
  return terms.sum().item<double>() + penalty / 2 * w.square().sum().item<double>();
}

/// Its minimum by Newton's method with the whole Hessian; what softmax leaves open in the biases is closed by their
/// mean of 0.
at::Tensor newton(const Problem& problem, Loss loss, double penalty) {
  const int64_t n = problem.rows(), d = problem.dimension() + 1, c = problem.classes;
  const at::Tensor x = at::cat({problem.features.to(at::kDouble), at::ones({n, 1}, at::kDouble)}, 1);
  const at::Tensor targets = loss == Loss::Sigmoid
                                 ? problem.members
                                 : at::zeros({n, c}, at::kDouble).scatter_(1, problem.labels.unsqueeze(1), 1.0);
  at::Tensor decay = at::full({d}, penalty, at::kDouble);
  decay[d - 1] = 0.0;
  at::Tensor theta = at::zeros({c, d}, at::kDouble);
  for (int iteration = 0; iteration < 60; ++iteration) {
    const at::Tensor z = x.mm(theta.t());
    const at::Tensor p = loss == Loss::Softmax ? z.softmax(1) : z.sigmoid();
    const at::Tensor gradient = (p - targets).t().mm(x) + theta * decay;
    at::Tensor hessian = at::zeros({c, d, c, d}, at::kDouble);
    for (int64_t i = 0; i < c; ++i) {
      for (int64_t j = 0; j < c; ++j) {
        at::Tensor weight = i == j ? p.select(1, i) * (1 - p.select(1, i)) : -p.select(1, i) * p.select(1, j);
        if (loss == Loss::Sigmoid && i != j) continue;
        hessian.select(0, i).select(1, j).copy_(x.t().mm(x * weight.unsqueeze(1)));
      }
      hessian.select(0, i).select(1, i).add_(decay.diag());
    }
    at::Tensor matrix = hessian.view({c * d, c * d}).clone();
    matrix.diagonal().add_(1e-9);
    const at::Tensor step = at::linalg_solve(matrix, gradient.view({-1})).view({c, d});
    double length = 1.0;
    const double now = objective_of(problem, loss, theta, penalty);
    while (length > 1e-6 && objective_of(problem, loss, theta - step * length, penalty) > now) length /= 2;
    theta = theta - step * length;
  }
  return theta;
}

at::Tensor theta_of(const LogisticRegression& regression) {
  return at::cat({regression.weights(), regression.biases().unsqueeze(1)}, 1);
}

/// Largest difference of the weights and of differences of biases, as a part of the largest weight.
double difference(const at::Tensor& actual, const at::Tensor& expected, Loss loss) {
  at::Tensor difference = actual - expected;
  const int64_t last = difference.size(1) - 1;
  if (loss == Loss::Softmax) difference.select(1, last).sub_(difference.select(1, last).mean().clone());
  return (difference.abs().max() / expected.abs().max()).item<double>();
}

}  // namespace

TEST(lbfgs_finds_the_minimum_of_quadratics_and_of_what_is_flat) {
  // Curvatures from 1 to 10,000.
  const at::Tensor curvature = at::logspace(0, 4, 50, 10.0, at::kDouble),
                   minimum = at::linspace(-3, 5, 50, at::kDouble);
  Lbfgs quadratic(at::zeros({50}, at::kDouble), [&](const at::Tensor& x) -> Lbfgs::Evaluation {
    const at::Tensor gradient = (x - minimum) * curvature;
    return {gradient.dot(x - minimum) / 2, gradient};
  });
  CHECK(quadratic.run(1e-8, 2000) == Stop::Gradient);
  CHECK((quadratic.point() - minimum).abs().max().item<double>() < 1e-8);
  // scipy's L-BFGS-B needs 1,040 iterations and 1,089 evaluations.
  CHECK(quadratic.iterations() < 1200 && quadratic.evaluations() < 1300);
  // (x - 1)^4 has no curvature where it ends; log cosh grows like |x| far away, where first steps are far too short.
  Lbfgs flat(at::full({3}, 300.0, at::kDouble), [](const at::Tensor& x) -> Lbfgs::Evaluation {
    const at::Tensor shifted = x - 1;
    return {(shifted.pow(4) + shifted.cosh().log().where(shifted.abs().lt(300), shifted.abs())).sum(),
            4 * shifted.pow(3) + shifted.tanh()};
  });
  CHECK(flat.run(1e-9, 200) == Stop::Gradient);
  CHECK((flat.point() - 1).abs().max().item<double>() < 1e-8);
}

TEST(lbfgs_shortens_steps_that_leave_what_is_finite_and_goes_on_where_it_stopped) {
  // -log x + x: nothing at or below 0.
  const auto barrier = [](const at::Tensor& x) -> Lbfgs::Evaluation { return {(x - x.log()).sum(), 1 - 1 / x}; };
  Lbfgs whole(at::full({4}, 1e-3, at::kDouble), barrier), parts(at::full({4}, 1e-3, at::kDouble), barrier);
  CHECK(whole.run(1e-9, 500) == Stop::Gradient);
  CHECK((whole.point() - 1).abs().max().item<double>() < 1e-8);
  while (parts.run(1e-9, 1) == Stop::Iterations) {
  }
  CHECK(at::equal(parts.point(), whole.point()) && parts.iterations() == whole.iterations());
}

TEST(lbfgs_ends_where_rounding_hides_the_rest) {
  // Values and gradients of float32, asked for more than those can say.
  const at::Tensor curvature = at::logspace(0, 3, 40, 10.0, at::kFloat);
  Lbfgs rounded(at::full({40}, 3.0, at::kDouble), [&](const at::Tensor& x) -> Lbfgs::Evaluation {
    const at::Tensor shifted = x.to(at::kFloat) - 1.7F;
    return {(1000 + (shifted.square() * curvature).sum() / 2).to(at::kDouble), (shifted * curvature).to(at::kDouble)};
  });
  CHECK(rounded.run(1e-12, 10'000) == Stop::Precision);
  CHECK(rounded.iterations() < 500);
  CHECK((rounded.point() - 1.7).abs().max().item<double>() < 0.05);
}

TEST(logistic_regression_equals_newtons_method) {
  const Problem problem(160, 5, 4, 3);
  for (const Loss loss : {Loss::Softmax, Loss::Sigmoid}) {
    LogisticRegression regression(5, 4, loss, at::kCPU);
    problem.add_to(regression, loss);
    // Warm-started from the largest to the smallest and back: the minimum does not depend on the way.
    for (const double penalty : {1000.0, 10.0, 1.0, 0.01, 10.0}) {
      const LogisticRegression::Fit fit = regression.fit(penalty, 1e-6, 5000);
      CHECK(fit.stop != Stop::Iterations && fit.gradient_part < 1e-5);
      const at::Tensor expected = newton(problem, loss, penalty), actual = theta_of(regression);
      CHECK_CLOSE(difference(actual, expected, loss), 0.0, 1e-3);
      const double least = objective_of(problem, loss, expected, penalty);
      CHECK_CLOSE(objective_of(problem, loss, actual, penalty) / least, 1.0, 1e-7);
      CHECK_CLOSE(fit.objective / least, 1.0, 1e-5);
    }
    // The logits are those of the weights.
    const at::Tensor z = problem.features.to(at::kDouble).mm(regression.weights().t()) + regression.biases();
    CHECK(at::allclose(regression.scores(problem.bank, first_rows(160)).to(at::kDouble), z, 1e-4, 1e-4));
  }
}

TEST(logistic_regression_of_parts_blocks_and_scattered_rows_is_that_of_the_whole) {
  // 3,000 rows of 2,000 classes: six blocks.
  const Problem problem(3000, 3, 2000, 4);
  LogisticRegression whole(3, 2000, Loss::Softmax, at::kCPU), parts(3, 2000, Loss::Softmax, at::kCPU);
  problem.add_to(whole, Loss::Softmax);
  const Rows labels = values_of(problem.labels);
  Rows even, odd, even_labels, odd_labels;
  for (int64_t row = 0; row < 3000; ++row) {
    (row % 2 == 0 ? even : odd).push_back(row);
    (row % 2 == 0 ? even_labels : odd_labels).push_back(labels[static_cast<size_t>(row)]);
  }
  parts.add(problem.bank, even, even_labels, std::nullopt);
  parts.add(problem.bank, odd, odd_labels, std::nullopt);
  // Far from the minimum, where two ways that differ by rounding have not parted yet.
  const auto one = whole.fit(1.0, 1e-3, 5), other = parts.fit(1.0, 1e-3, 5);
  CHECK(one.objective < 0.95 * 3000 * std::log(2000.0));
  CHECK_CLOSE(one.objective / other.objective, 1.0, 1e-5);
  CHECK_CLOSE(objective_of(problem, Loss::Softmax, theta_of(whole), 1.0) / one.objective, 1.0, 1e-5);
  const Rows some = {7, 3, 2999};
  CHECK(at::allclose(whole.scores(problem.bank, some),
                     whole.scores(problem.bank, first_rows(3000)).index_select(0, at::tensor(some)), 1e-5, 1e-5));
}

TEST(logistic_regression_stands_what_is_extreme) {
  // Separable, with hardly a penalty: weights grow, and nothing overflows. Scaled by whatever.
  for (const double scale : {1e-4, 1.0, 1e4}) {
    FeatureBank bank(90, 3, at::kCPU);
    at::manual_seed(1);
    const at::Tensor labels = at::arange(90, at::kLong) % 3;
    bank.write(0, (at::eye(3).index_select(0, labels) * 8 + at::randn({90, 3})) * scale, labels);
    LogisticRegression regression(3, 3, Loss::Softmax, at::kCPU);
    regression.add(bank, first_rows(90), values_of(labels), std::nullopt);
    const auto fit = regression.fit(1e-12, 1e-6, 1000);
    CHECK(std::isfinite(fit.objective) && fit.objective >= 0 && fit.objective < 1e-3);
    CHECK(theta_of(regression).isfinite().all().item<bool>());
    CHECK(at::equal(regression.scores(bank, first_rows(90)).argmax(1), labels));
  }
  // Features that say nothing: the classes' shares remain, and one that is absent has next to none.
  FeatureBank zeros(10, 2, at::kCPU);
  const Rows shares = {0, 0, 0, 0, 0, 1, 1, 1, 3, -1};
  zeros.write(0, at::zeros({10, 2}), at::tensor(shares));
  LogisticRegression constant(2, 4, Loss::Softmax, at::kCPU);
  constant.add(zeros, first_rows(10), shares, std::nullopt);
  constant.fit(1.0, 1e-6, 1000);
  CHECK(constant.weights().abs().max().item<double>() < 1e-12);
  const at::Tensor probability = constant.scores(zeros, {0}).softmax(1)[0];
  const double expected[] = {5.0 / 9, 3.0 / 9, 0, 1.0 / 9};
  for (int64_t c = 0; c < 4; ++c) CHECK_CLOSE(probability[c].item<double>(), expected[c], 1e-3);
  // A single class is certain.
  LogisticRegression single(2, 1, Loss::Softmax, at::kCPU);
  single.add(zeros, {0, 1}, {0, 0}, std::nullopt);
  CHECK(single.fit(1.0, 1e-6, 10).stop == Stop::Gradient);
}

TEST(logistic_regression_refuses_what_does_not_fit) {
  const Problem problem(20, 3, 4, 5);
  const auto made = [](Loss loss) { return std::make_unique<LogisticRegression>(3, 4, loss, at::kCPU); };
  const auto refused = [&](Loss loss, const Rows& rows, const Rows& labels, const std::optional<Rows>& offsets) {
    return code_of([&] { made(loss)->add(problem.bank, rows, labels, offsets); });
  };
  CHECK(refused(Loss::Softmax, {0, 1}, {0, 4}, std::nullopt) == "ERR_BYOL_VALUE");
  CHECK(refused(Loss::Softmax, {0, 1}, {0}, std::nullopt) == "ERR_BYOL_VALUE");
  CHECK(refused(Loss::Softmax, {0}, {0}, Rows{0, 1}) == "ERR_BYOL_VALUE");
  CHECK(refused(Loss::Sigmoid, {0}, {0}, std::nullopt) == "ERR_BYOL_VALUE");
  CHECK(refused(Loss::Sigmoid, {0}, {-1}, Rows{0, 1}) == "ERR_BYOL_VALUE");
  CHECK(refused(Loss::Sigmoid, {0, 1}, {0, 1}, Rows{0, 3, 2}) == "ERR_BYOL_VALUE");
  CHECK(refused(Loss::Softmax, {20}, {0}, std::nullopt) == "ERR_BYOL_SHAPE");
  CHECK(refused(Loss::Softmax, {-1}, {0}, std::nullopt) == "ERR_BYOL_SHAPE");
  LogisticRegression narrow(2, 4, Loss::Softmax, at::kCPU);
  CHECK(code_of([&] { narrow.add(problem.bank, {0}, {0}, std::nullopt); }) == "ERR_BYOL_SHAPE");
  CHECK(code_of([] { LogisticRegression(0, 4, Loss::Softmax, at::kCPU); }) == "ERR_BYOL_VALUE");
  const auto empty = made(Loss::Softmax);
  empty->add(problem.bank, {0, 1}, {-1, -1}, std::nullopt);
  CHECK(code_of([&] { empty->fit(1.0, 1e-4, 10); }) == "ERR_BYOL_VALUE");
  const auto fitted = made(Loss::Softmax);
  problem.add_to(*fitted, Loss::Softmax);
  fitted->fit(1.0, 1e-4, 2);
  CHECK(code_of([&] { problem.add_to(*fitted, Loss::Softmax); }) == "ERR_BYOL_VALUE");
  // Finite, and too large to be multiplied.
  FeatureBank large(2, 3, at::kCPU);
  large.write(0, at::eye(3).narrow(0, 0, 2) * 3e38F, at::tensor({int64_t{0}, int64_t{1}}));
  const auto overflowing = made(Loss::Softmax);
  overflowing->add(large, {0, 1}, {0, 1}, std::nullopt);
  for (int again = 0; again < 2; ++again) {
    CHECK(code_of([&] { overflowing->fit(1.0, 1e-4, 10); }) == "ERR_BYOL_NOT_FINITE");
  }
}

TEST(logistic_regression_on_a_device_reads_once_per_evaluation) {
  const Problem problem(64, 4, 3, 6);
  for (const Loss loss : {Loss::Softmax, Loss::Sigmoid}) {
    LogisticRegression expected(4, 3, loss, at::kCPU);
    problem.add_to(expected, loss);
    expected.fit(1.0, 1e-4, 3);
    const shim::StandIn device;
    LogisticRegression regression(4, 3, loss, at::kCPU);
    problem.add_to(regression, loss);
    regression.fit(1.0, 1e-4, 3);
    CHECK(at::equal(regression.weights(), expected.weights()));
    int64_t evaluations = 0;
    for (const auto& [operation, times] : shim::waits_of(device, [&] { regression.fit(1.0, 0.0, 1); })) {
      CHECK(operation == "aten::to a device");
      evaluations += times;
    }
    CHECK(evaluations >= 1 && evaluations <= 3);
  }
}

// The linear probe against plain float64 loops.
#include <ATen/ATen.h>
#include <ATen/CPUGeneratorImpl.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <optional>
#include <vector>

#include "bank_cases.h"
#include "check.h"
#include "core/eval/linear_probe.h"

namespace {

using namespace byol::bank_cases;
using byol::Accuracy;
using byol::FeatureBank;
using byol::LinearProbe;
using byol::LogitRegularizer;

// torch.optim.SGD on softmax cross-entropy, scalar by scalar.
struct ProbeLoops {
  int64_t features, classes;
  double rate, momentum, decay;
  bool nesterov;
  std::optional<LogitRegularizer> logits;
  std::vector<double> w, b, vw, vb;

  double step(const FeatureBank& bank, const std::vector<int64_t>& rows, double scale) {
    const auto x = bank.features().accessor<float, 2>();
    const auto y = bank.labels().accessor<int64_t, 1>();
    std::vector<double> gw(w.size(), 0.0), gb(b.size(), 0.0);
    double loss = 0, n = 0;
    for (const int64_t row : rows) n += y[row] >= 0 ? 1 : 0;
    for (const int64_t row : rows) {
      if (y[row] < 0) continue;
      std::vector<double> z(b);
      for (int64_t c = 0; c < classes; ++c) {
        for (int64_t d = 0; d < features; ++d) z[c] += x[row][d] * w[d * classes + c];
      }
      std::vector<double> slope(classes, 1.0);
      if (logits) {
        for (int64_t c = 0; c < classes; ++c) {
          z[c] = logits->alpha * std::tanh(z[c] / logits->alpha);
          slope[c] = 1.0 - std::pow(z[c] / logits->alpha, 2);
          loss += logits->beta * z[c] * z[c] / (n * static_cast<double>(classes));
        }
      }
      const double largest = *std::max_element(z.begin(), z.end());
      double sum = 0;
      for (const double value : z) sum += std::exp(value - largest);
      loss += (largest + std::log(sum) - z[y[row]]) / n;
      for (int64_t c = 0; c < classes; ++c) {
        double error = (std::exp(z[c] - largest) / sum - (c == y[row] ? 1.0 : 0.0)) / n;
        if (logits) error += 2.0 * logits->beta * z[c] / (n * static_cast<double>(classes));
        error *= slope[c];
        gb[c] += error;
        for (int64_t d = 0; d < features; ++d) gw[d * classes + c] += x[row][d] * error;
      }
    }
    for (size_t i = 0; i < w.size(); ++i) gw[i] += decay * w[i];
    const auto descend = [&](std::vector<double>& p, std::vector<double>& v, const std::vector<double>& g) {
      for (size_t i = 0; i < p.size(); ++i) {
        v[i] = momentum * v[i] + g[i];
        p[i] -= rate * scale * (nesterov ? g[i] + momentum * v[i] : v[i]);
      }
    };
    descend(w, vw, gw);
    descend(b, vb, gb);
    return loss;
  }
};

// The initial weights show in the losses of later steps only; here they come from the documented draw.
ProbeLoops probe_loops(int64_t features, int64_t classes, double rate, double momentum, bool nesterov, double decay,
                       std::optional<LogitRegularizer> logits, uint64_t seed) {
  const at::Tensor drawn =
      at::normal(0.0, 0.01, {features, classes}, at::make_generator<at::CPUGeneratorImpl>(seed), at::kFloat)
          .to(at::kDouble);
  const double* start = drawn.const_data_ptr<double>();
  std::vector<double> w(start, start + drawn.numel()), zeros(classes, 0.0);
  return {features, classes, rate, momentum, decay, nesterov, logits, w, zeros, std::vector<double>(w.size(), 0.0), zeros};
}

}  // namespace

TEST(linear_probe_equals_float64_sgd) {
  const FeatureBank bank = random_bank(64, 6, 5, 3);
  const std::optional<LogitRegularizer> none, official = LogitRegularizer{20.0, 0.01}, strong = LogitRegularizer{0.7, 2.0};
  for (const auto& logits : {none, official, strong}) {
    for (const bool nesterov : {true, false}) {
      for (const double decay : {0.0, 0.01}) {
        const std::vector<double> rates = {0.05, 0.4, 3.0};
        LinearProbe probe({6, 5, rates, 0.9, nesterov, decay, logits, 17}, at::kCPU);
        std::vector<ProbeLoops> oracles;
        for (const double rate : rates) oracles.push_back(probe_loops(6, 5, rate, 0.9, nesterov, decay, logits, 17));
        for (int64_t step = 0; step < 12; ++step) {
          // Not of one size: some of 16 or 9 rows have no label.
          std::vector<int64_t> rows(step % 3 == 2 ? 9 : 16);
          for (size_t i = 0; i < rows.size(); ++i) rows[i] = (step * 23 + static_cast<int64_t>(i) * 5) % 64;
          const double scale = 1.0 - 0.08 * static_cast<double>(step);
          probe.step(bank, rows, scale);
          const std::vector<double> losses = probe.losses();
          for (size_t i = 0; i < rates.size(); ++i) CHECK_CLOSE(losses[i], oracles[i].step(bank, rows, scale), 2e-5);
        }
      }
    }
  }
}

// What the step goes by is the slope of the loss that it tells: of losses a little to either side of the start.
TEST(linear_probe_goes_down_the_slope_of_its_regularized_loss) {
  const FeatureBank bank = random_bank(40, 3, 4, 8);
  std::vector<int64_t> rows(40);
  std::iota(rows.begin(), rows.end(), int64_t{0});
  const LogitRegularizer logits{0.05, 3.0};
  // A step of plain descent with rate r lowers the loss by r |gradient|^2, and by as much for each small r.
  const auto lowered = [&](double rate) {
    LinearProbe probe({3, 4, {rate}, 0.0, false, 0.0, logits, 5}, at::kCPU);
    probe.step(bank, rows, 1.0);
    const double before = probe.losses()[0];
    probe.step(bank, rows, 1.0);
    return (before - probe.losses()[0]) / rate;
  };
  ProbeLoops oracle = probe_loops(3, 4, 1.0, 0.0, false, 0.0, logits, 5);
  const std::vector<double> w = oracle.w, b = oracle.b;
  oracle.step(bank, rows, 1.0);
  const auto loss_at = [&](size_t parameter, double shift) {
    ProbeLoops moved = probe_loops(3, 4, 0.0, 0.0, false, 0.0, logits, 5);
    (parameter < w.size() ? moved.w[parameter] : moved.b[parameter - w.size()]) += shift;
    return moved.step(bank, rows, 1.0);
  };
  double squares = 0;
  for (size_t i = 0; i < w.size() + b.size(); ++i) {
    const double slope = (loss_at(i, 1e-5) - loss_at(i, -1e-5)) / 2e-5;
    const double step = i < w.size() ? w[i] - oracle.w[i] : b[i - w.size()] - oracle.b[i - w.size()];
    CHECK_CLOSE(step, slope, 1e-7);
    squares += slope * slope;
  }
  CHECK(squares > 1e-3);
  CHECK_CLOSE(lowered(1e-2) / squares, 1.0, 0.1);
}

TEST(linear_probe_starts_from_its_seed_and_repeats) {
  const FeatureBank bank = random_bank(32, 4, 3, 3);
  const std::vector<int64_t> rows = {1, 2, 3, 4, 5, 6};
  const auto losses = [&](uint64_t seed) {
    LinearProbe probe({4, 3, {0.3, 0.1}, 0.9, true, 0.0, {}, seed}, at::kCPU);
    probe.step(bank, rows, 1.0);
    probe.step(bank, rows, 1.0);
    return probe.losses();
  };
  CHECK(losses(1) == losses(1));
  CHECK(losses(1) != losses(2));
  // All classifiers start alike: the first loss is the same for each rate.
  LinearProbe probe({4, 3, {0.3, 0.1}, 0.9, true, 0.0, {}, 1}, at::kCPU);
  CHECK(probe.losses().empty());
  probe.step(bank, rows, 1.0);
  const std::vector<double> first = probe.losses();
  CHECK(first.size() == 2 && first[0] == first[1]);
}

TEST(linear_probe_separates_what_is_separable) {
  const at::Tensor labels = random_labels(300, 7, 4);
  const FeatureBank bank = bank_of(at::eye(7).index_select(0, labels) + random_features(300, 7, 5) * 0.05, labels);
  LinearProbe probe({7, 7, {1e-6, 1.0}, 0.9, true, 0.0, {}, 0}, at::kCPU);
  std::vector<int64_t> rows(300);
  std::iota(rows.begin(), rows.end(), int64_t{0});
  for (int step = 0; step < 60; ++step) probe.step(bank, rows, 1.0);
  const std::vector<Accuracy> accuracy = probe.evaluate(bank);
  CHECK(accuracy.size() == 2);
  CHECK(accuracy[1].top1 == 1.0 && accuracy[1].top5 == 1.0);
  CHECK(accuracy[0].top1 < 0.9);  // a rate that is far too small learns nothing: the classifiers are separate
}

TEST(linear_probe_that_diverges_has_no_accuracy_and_is_alone) {
  const FeatureBank bank = random_bank(64, 4, 3, 3);
  std::vector<int64_t> rows(64);
  std::iota(rows.begin(), rows.end(), int64_t{0});
  LinearProbe both({4, 3, {1e38, 0.1}, 0.9, true, 0.0, {}, 1}, at::kCPU), alone({4, 3, {0.1}, 0.9, true, 0.0, {}, 1}, at::kCPU);
  double loss = 0;
  for (int step = 0; step < 5; ++step) {
    both.step(bank, rows, 1.0);
    alone.step(bank, rows, 1.0);
    loss = both.losses()[0];
    CHECK_CLOSE(both.losses()[1], alone.losses()[0], 1e-6);
  }
  CHECK(!std::isfinite(loss));
  const std::vector<Accuracy> accuracy = both.evaluate(bank);
  CHECK(std::isnan(accuracy[0].top1) && std::isnan(accuracy[0].top5));
  CHECK_CLOSE(accuracy[1].top1, alone.evaluate(bank)[0].top1, 0.02);
}

TEST(linear_probe_refuses_bad_input) {
  const FeatureBank bank = bank_of(at::eye(3), at::tensor({0, 2, -1}));
  LinearProbe probe({3, 3, {0.1}, 0.9, true, 0.0, {}, 0}, at::kCPU), narrow({2, 3, {0.1}, 0.9, true, 0.0, {}, 0}, at::kCPU);
  LinearProbe binary({3, 2, {0.1}, 0.9, true, 0.0, {}, 0}, at::kCPU);
  CHECK(code_of([&] { probe.step(bank, {0, 3}, 1.0); }) == "ERR_BYOL_SHAPE");
  CHECK(code_of([&] { probe.step(bank, {-1}, 1.0); }) == "ERR_BYOL_SHAPE");
  CHECK(code_of([&] { probe.step(bank, {2}, 1.0); }) == "ERR_BYOL_VALUE");
  CHECK(code_of([&] { probe.step(bank, {}, 1.0); }) == "ERR_BYOL_VALUE");
  CHECK(code_of([&] { binary.step(bank, {0, 1}, 1.0); }) == "ERR_BYOL_VALUE");
  CHECK(code_of([&] { binary.evaluate(bank); }) == "ERR_BYOL_VALUE");
  CHECK(code_of([&] { narrow.step(bank, {0}, 1.0); }) == "ERR_BYOL_SHAPE");
  CHECK(code_of([&] { narrow.evaluate(bank); }) == "ERR_BYOL_SHAPE");
  CHECK(code_of([] { LinearProbe({3, 3, {}, 0.9, true, 0.0, {}, 0}, at::kCPU); }) == "ERR_BYOL_VALUE");
}

// kNN, the linear probe and their bookkeeping against plain float64 loops.
#include <ATen/ATen.h>
#include <ATen/CPUGeneratorImpl.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <string>
#include <vector>

#include "check.h"
#include "core/error.h"
#include "core/eval/accuracy_counter.h"
#include "core/eval/feature_bank.h"
#include "core/eval/knn.h"
#include "core/eval/linear_probe.h"

namespace {

using byol::Accuracy;
using byol::FeatureBank;
using byol::knn_accuracy;
using byol::LinearProbe;

at::Tensor random_features(int64_t rows, int64_t features, uint64_t seed) {
  return at::normal(0.0, 1.0, {rows, features}, at::make_generator<at::CPUGeneratorImpl>(seed), at::kFloat);
}

at::Tensor random_labels(int64_t rows, int64_t classes, uint64_t seed) {
  return at::randint(classes, {rows}, at::make_generator<at::CPUGeneratorImpl>(seed), at::kLong);
}

FeatureBank bank_of(const at::Tensor& features, const at::Tensor& labels) {
  FeatureBank bank(features.size(0), features.size(1), at::kCPU);
  bank.write(0, features, labels);
  return bank;
}

// Random features around class centres, some rows unlabelled.
FeatureBank random_bank(int64_t rows, int64_t features, int64_t classes, uint64_t seed) {
  const at::Tensor labels = random_labels(rows, classes, seed);
  const at::Tensor centres = random_features(classes, features, 99) * 0.6;
  at::Tensor some = labels.clone();
  some.slice(0, 0, rows, 7).fill_(-1);
  return bank_of(random_features(rows, features, seed + 1) + centres.index_select(0, labels), some);
}

Accuracy knn_loops(const FeatureBank& train, const FeatureBank& test, int64_t classes, int64_t k, double temperature) {
  const auto x = train.features().accessor<float, 2>(), q = test.features().accessor<float, 2>();
  const auto y = train.labels().accessor<int64_t, 1>(), t = test.labels().accessor<int64_t, 1>();
  const auto cosine = [&](int64_t i, int64_t j) {
    double dot = 0, a = 0, b = 0;
    for (int64_t d = 0; d < x.size(1); ++d) {
      dot += double{q[i][d]} * x[j][d];
      a += double{q[i][d]} * q[i][d];
      b += double{x[j][d]} * x[j][d];
    }
    return dot / std::sqrt(a * b);
  };
  double asked = 0, first = 0, fifth = 0;
  for (int64_t i = 0; i < q.size(0); ++i) {
    if (t[i] < 0) continue;
    std::vector<std::pair<double, int64_t>> neighbours;
    for (int64_t j = 0; j < x.size(0); ++j) {
      if (y[j] >= 0) neighbours.emplace_back(cosine(i, j), y[j]);
    }
    std::sort(neighbours.rbegin(), neighbours.rend());
    neighbours.resize(std::min<size_t>(neighbours.size(), k));
    std::vector<double> votes(classes, 0.0);
    for (const auto& [similarity, label] : neighbours) votes[label] += std::exp(similarity / temperature);
    int before = 0;
    for (const double vote : votes) before += vote > votes[t[i]] ? 1 : 0;
    asked += 1;
    first += votes[t[i]] > 0 && before < 1 ? 1 : 0;
    fifth += votes[t[i]] > 0 && before < 5 ? 1 : 0;
  }
  return {first / asked, fifth / asked};
}

std::string code_of(const std::function<void()>& body) {
  try {
    body();
  } catch (const byol::Error& error) {
    return error.code();
  }
  return "";
}

// torch.optim.SGD on softmax cross-entropy, scalar by scalar.
struct ProbeLoops {
  int64_t features, classes;
  double rate, momentum, decay;
  bool nesterov;
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
      const double largest = *std::max_element(z.begin(), z.end());
      double sum = 0;
      for (const double value : z) sum += std::exp(value - largest);
      loss += (largest + std::log(sum) - z[y[row]]) / n;
      for (int64_t c = 0; c < classes; ++c) {
        const double error = (std::exp(z[c] - largest) / sum - (c == y[row] ? 1.0 : 0.0)) / n;
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
                       uint64_t seed) {
  const at::Tensor drawn =
      at::normal(0.0, 0.01, {features, classes}, at::make_generator<at::CPUGeneratorImpl>(seed), at::kFloat)
          .to(at::kDouble);
  const double* start = drawn.const_data_ptr<double>();
  std::vector<double> w(start, start + drawn.numel()), zeros(classes, 0.0);
  return {features, classes, rate, momentum, decay, nesterov, w, zeros, std::vector<double>(w.size(), 0.0), zeros};
}

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

TEST(knn_equals_float64_loops) {
  // 1,100 queries: more than one chunk.
  const FeatureBank train = random_bank(150, 8, 12, 1), test = random_bank(1100, 8, 12, 5);
  for (const int64_t k : {1, 5, 20, 1000}) {
    for (const double temperature : {0.07, 0.1, 1.0}) {
      const Accuracy expected = knn_loops(train, test, 12, k, temperature);
      const Accuracy actual = knn_accuracy(train, test, 12, k, temperature);
      CHECK_CLOSE(actual.top1, expected.top1, 1e-12);
      CHECK_CLOSE(actual.top5, expected.top5, 1e-12);
      CHECK(actual.top1 > 0.2 && actual.top1 < 0.95);
    }
  }
}

TEST(knn_weights_by_similarity_not_by_count) {
  // One neighbour of class 0 at cosine 1 against two of class 1 at cosine 0.8: weights e^(1/T) against 2 e^(0.8/T).
  const FeatureBank train =
      bank_of(at::tensor({1.0F, 0.0F, 0.8F, 0.6F, 0.8F, -0.6F}).view({3, 2}) * 3, at::tensor({0, 1, 1}));
  const FeatureBank test = bank_of(at::tensor({5.0F, 0.0F}).view({1, 2}), at::tensor({0}));
  CHECK(knn_accuracy(train, test, 2, 3, 0.1).top1 == 1.0);  // 0.2 / T = 2 > ln 2
  CHECK(knn_accuracy(train, test, 2, 3, 0.5).top1 == 0.0);  // 0.4 < ln 2
  CHECK(knn_accuracy(train, test, 2, 1, 0.5).top1 == 1.0);
  // e^(1 / 0.0005) overflows; the decision must not.
  CHECK(knn_accuracy(train, test, 2, 3, 0.0005).top1 == 1.0);
}

TEST(knn_counts_a_class_without_neighbours_as_wrong) {
  const FeatureBank train = bank_of(at::eye(2), at::tensor({0, 1}));
  const FeatureBank test = bank_of(at::eye(2), at::tensor({2, 1}));
  const Accuracy accuracy = knn_accuracy(train, test, 10, 200, 0.1);
  CHECK(accuracy.top1 == 0.5 && accuracy.top5 == 0.5);
}

TEST(knn_refuses_bad_input) {
  const FeatureBank bank = bank_of(at::eye(2), at::tensor({0, 1})), wide = bank_of(at::eye(3), at::tensor({0, 1, 1}));
  const FeatureBank unlabelled(2, 2, at::kCPU);
  CHECK(code_of([&] { knn_accuracy(bank, wide, 2, 1, 0.1); }) == "ERR_BYOL_SHAPE");
  CHECK(code_of([&] { knn_accuracy(bank, unlabelled, 2, 1, 0.1); }) == "ERR_BYOL_VALUE");
  CHECK(code_of([&] { knn_accuracy(unlabelled, bank, 2, 1, 0.1); }) == "ERR_BYOL_VALUE");
  CHECK(code_of([&] { knn_accuracy(bank, bank, 1, 1, 0.1); }) == "ERR_BYOL_VALUE");
  CHECK(code_of([&] { knn_accuracy(bank, bank, 2, 0, 0.1); }) == "ERR_BYOL_VALUE");
  CHECK(code_of([&] { knn_accuracy(bank, bank, 2, 1, 0.0); }) == "ERR_BYOL_VALUE");
}

TEST(linear_probe_equals_float64_sgd) {
  const FeatureBank bank = random_bank(64, 6, 5, 3);
  for (const bool nesterov : {true, false}) {
    for (const double decay : {0.0, 0.01}) {
      const std::vector<double> rates = {0.05, 0.4, 3.0};
      LinearProbe probe(6, 5, rates, 0.9, nesterov, decay, 17, at::kCPU);
      std::vector<ProbeLoops> oracles;
      for (const double rate : rates) oracles.push_back(probe_loops(6, 5, rate, 0.9, nesterov, decay, 17));
      for (int64_t step = 0; step < 12; ++step) {
        std::vector<int64_t> rows(16);
        for (size_t i = 0; i < rows.size(); ++i) rows[i] = (step * 23 + static_cast<int64_t>(i) * 5) % 64;
        const double scale = 1.0 - 0.08 * static_cast<double>(step);
        probe.step(bank, rows, scale);
        const std::vector<double> losses = probe.losses();
        for (size_t i = 0; i < rates.size(); ++i) CHECK_CLOSE(losses[i], oracles[i].step(bank, rows, scale), 2e-5);
      }
    }
  }
}

TEST(linear_probe_starts_from_its_seed_and_repeats) {
  const FeatureBank bank = random_bank(32, 4, 3, 3);
  const std::vector<int64_t> rows = {1, 2, 3, 4, 5, 6};
  const auto losses = [&](uint64_t seed) {
    LinearProbe probe(4, 3, {0.3, 0.1}, 0.9, true, 0.0, seed, at::kCPU);
    probe.step(bank, rows, 1.0);
    probe.step(bank, rows, 1.0);
    return probe.losses();
  };
  CHECK(losses(1) == losses(1));
  CHECK(losses(1) != losses(2));
  // All classifiers start alike: the first loss is the same for each rate.
  LinearProbe probe(4, 3, {0.3, 0.1}, 0.9, true, 0.0, 1, at::kCPU);
  CHECK(probe.losses().empty());
  probe.step(bank, rows, 1.0);
  const std::vector<double> first = probe.losses();
  CHECK(first.size() == 2 && first[0] == first[1]);
}

TEST(linear_probe_separates_what_is_separable) {
  const at::Tensor labels = random_labels(300, 7, 4);
  const FeatureBank bank = bank_of(at::eye(7).index_select(0, labels) + random_features(300, 7, 5) * 0.05, labels);
  LinearProbe probe(7, 7, {1e-6, 1.0}, 0.9, true, 0.0, 0, at::kCPU);
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
  LinearProbe both(4, 3, {1e38, 0.1}, 0.9, true, 0.0, 1, at::kCPU), alone(4, 3, {0.1}, 0.9, true, 0.0, 1, at::kCPU);
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
  LinearProbe probe(3, 3, {0.1}, 0.9, true, 0.0, 0, at::kCPU), narrow(2, 3, {0.1}, 0.9, true, 0.0, 0, at::kCPU);
  LinearProbe binary(3, 2, {0.1}, 0.9, true, 0.0, 0, at::kCPU);
  CHECK(code_of([&] { probe.step(bank, {0, 3}, 1.0); }) == "ERR_BYOL_SHAPE");
  CHECK(code_of([&] { probe.step(bank, {-1}, 1.0); }) == "ERR_BYOL_SHAPE");
  CHECK(code_of([&] { probe.step(bank, {2}, 1.0); }) == "ERR_BYOL_VALUE");
  CHECK(code_of([&] { probe.step(bank, {}, 1.0); }) == "ERR_BYOL_VALUE");
  CHECK(code_of([&] { binary.step(bank, {0, 1}, 1.0); }) == "ERR_BYOL_VALUE");
  CHECK(code_of([&] { binary.evaluate(bank); }) == "ERR_BYOL_VALUE");
  CHECK(code_of([&] { narrow.step(bank, {0}, 1.0); }) == "ERR_BYOL_SHAPE");
  CHECK(code_of([&] { narrow.evaluate(bank); }) == "ERR_BYOL_SHAPE");
  CHECK(code_of([] { LinearProbe(3, 3, {}, 0.9, true, 0.0, 0, at::kCPU); }) == "ERR_BYOL_VALUE");
}

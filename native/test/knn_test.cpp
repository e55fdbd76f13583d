// kNN against plain float64 loops.
#include <ATen/ATen.h>

#include <algorithm>
#include <cmath>
#include <memory>
#include <numeric>
#include <utility>
#include <vector>

#include "bank_cases.h"
#include "check.h"
#include "core/eval/knn.h"

namespace {

using namespace byol::bank_cases;
using byol::Accuracy;
using byol::FeatureBank;
using byol::KnnClassifier;
using byol::KnnRule;
using byol::KnnSimilarity;
using byol::KnnVote;

KnnRule rule_of(int64_t classes, int64_t k, double temperature) {
  return {classes, k, KnnSimilarity::Cosine, KnnVote::Weighted, temperature};
}

Accuracy knn_accuracy(const FeatureBank& train, const FeatureBank& test, const KnnRule& rule) {
  KnnClassifier classifier(std::make_shared<const FeatureBank>(test), rule);
  classifier.add(train);
  return classifier.accuracy();
}

Accuracy knn_accuracy(const FeatureBank& train, const FeatureBank& test, int64_t classes, int64_t k,
                      double temperature) {
  return knn_accuracy(train, test, rule_of(classes, k, temperature));
}

struct Neighbour {
  double nearness;  // cosine, or the distance times -1
  int64_t label;
};

double weight_of(const Neighbour& neighbour, const Neighbour& nearest, const KnnRule& rule) {
  if (rule.vote == KnnVote::Majority) return 1.0;
  if (rule.similarity == KnnSimilarity::Cosine) return std::exp(neighbour.nearness / rule.temperature);
  if (nearest.nearness == 0.0) return neighbour.nearness == 0.0 ? 1.0 : 0.0;
  return -1.0 / neighbour.nearness;
}

Accuracy knn_loops(const FeatureBank& train, const FeatureBank& test, const KnnRule& rule) {
  const auto x = train.features().accessor<float, 2>(), q = test.features().accessor<float, 2>();
  const auto y = train.labels().accessor<int64_t, 1>(), t = test.labels().accessor<int64_t, 1>();
  const auto nearness = [&](int64_t i, int64_t j) {
    double dot = 0, a = 0, b = 0, squares = 0;
    for (int64_t d = 0; d < x.size(1); ++d) {
      dot += double{q[i][d]} * x[j][d];
      a += double{q[i][d]} * q[i][d];
      b += double{x[j][d]} * x[j][d];
      squares += std::pow(double{q[i][d]} - x[j][d], 2);
    }
    return rule.similarity == KnnSimilarity::Cosine ? dot / std::sqrt(a * b) : -std::sqrt(squares);
  };
  double asked = 0, first = 0, fifth = 0;
  for (int64_t i = 0; i < q.size(0); ++i) {
    if (t[i] < 0) continue;
    std::vector<Neighbour> neighbours;
    for (int64_t j = 0; j < x.size(0); ++j) {
      if (y[j] >= 0) neighbours.push_back({nearness(i, j), y[j]});
    }
    std::stable_sort(neighbours.begin(), neighbours.end(),
                     [](const Neighbour& a, const Neighbour& b) { return a.nearness > b.nearness; });
    neighbours.resize(std::min<size_t>(neighbours.size(), rule.k));
    std::vector<double> votes(rule.classes, 0.0);
    for (const Neighbour& each : neighbours) votes[each.label] += weight_of(each, neighbours[0], rule);
    int before = 0;
    for (int64_t c = 0; c < rule.classes; ++c) before += votes[c] > votes[t[i]] || (votes[c] == votes[t[i]] && c < t[i]);
    asked += 1;
    first += votes[t[i]] > 0 && before < 1 ? 1 : 0;
    fifth += votes[t[i]] > 0 && before < 5 ? 1 : 0;
  }
  return {first / asked, fifth / asked};
}

/// Rows that no others are as near as, in every order of rounding: whole numbers, so that distances are exact.
FeatureBank whole_numbers(int64_t rows, int64_t features, int64_t classes, uint64_t seed) {
  return bank_of(random_features(rows, features, seed).mul(2).round(), random_labels(rows, classes, seed + 1));
}

}  // namespace

TEST(knn_equals_float64_loops) {
  // 1,100 queries and 1,500 neighbours: more than one part of each.
  const FeatureBank train = random_bank(1500, 8, 12, 1), test = random_bank(1100, 8, 12, 5);
  for (const KnnSimilarity similarity : {KnnSimilarity::Cosine, KnnSimilarity::Euclidean}) {
    for (const KnnVote vote : {KnnVote::Weighted, KnnVote::Majority}) {
      for (const int64_t k : {1, 5, 20, 2000}) {
        for (const double temperature : {0.07, 1.0}) {
          const KnnRule rule{12, k, similarity, vote, temperature};
          const Accuracy expected = knn_loops(train, test, rule), actual = knn_accuracy(train, test, rule);
          CHECK_CLOSE(actual.top1, expected.top1, 1e-12);
          CHECK_CLOSE(actual.top5, expected.top5, 1e-12);
          CHECK(actual.top5 > 0.1 && actual.top1 < 0.95);
        }
      }
    }
  }
}

TEST(knn_decides_ties_by_the_order_of_the_bank_and_of_classes) {
  // Many rows at the same whole distances, some of them at none.
  const FeatureBank train = whole_numbers(1300, 3, 7, 11), test = whole_numbers(300, 3, 7, 21);
  for (const KnnVote vote : {KnnVote::Weighted, KnnVote::Majority}) {
    for (const int64_t k : {1, 4, 30}) {
      const KnnRule rule{7, k, KnnSimilarity::Euclidean, vote, 1.0};
      const Accuracy expected = knn_loops(train, test, rule), actual = knn_accuracy(train, test, rule);
      CHECK_CLOSE(actual.top1, expected.top1, 1e-12);
      CHECK_CLOSE(actual.top5, expected.top5, 1e-12);
    }
  }
  const FeatureBank pair = bank_of(at::eye(2), at::tensor({1, 0})), middle = bank_of(at::ones({1, 2}), at::tensor({1}));
  CHECK(knn_accuracy(pair, middle, {2, 1, KnnSimilarity::Cosine, KnnVote::Majority, 1.0}).top1 == 1.0);
  CHECK(knn_accuracy(pair, middle, {2, 2, KnnSimilarity::Cosine, KnnVote::Majority, 1.0}).top1 == 0.0);
}

TEST(knn_of_a_bank_in_parts_is_that_of_the_whole) {
  const FeatureBank train = random_bank(2500, 8, 12, 1), test = random_bank(1100, 8, 12, 5);
  for (const KnnSimilarity similarity : {KnnSimilarity::Cosine, KnnSimilarity::Euclidean}) {
    const KnnRule rule{12, 20, similarity, KnnVote::Weighted, 0.1};
    const Accuracy expected = knn_accuracy(train, test, rule);
    for (const int64_t size : {1, 7, 1024, 2499}) {
      KnnClassifier classifier(std::make_shared<const FeatureBank>(test), rule);
      for (int64_t first = 0; first < (size == 1 ? 60 : 2500); first += size) {
        const int64_t rows = std::min(size, 2500 - first);
        const at::Tensor labels = train.labels().narrow(0, first, rows);
        if (labels.max().item<int64_t>() < 0) continue;  // refused: of parts one knows their size before
        classifier.add(bank_of(train.features().narrow(0, first, rows), labels));
      }
      if (size == 1) continue;
      CHECK(classifier.accuracy().top1 == expected.top1 && classifier.accuracy().top5 == expected.top5);
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
  const KnnClassifier nothing(std::make_shared<const FeatureBank>(bank), rule_of(2, 1, 0.1));
  CHECK(code_of([&] { nothing.accuracy(); }) == "ERR_BYOL_VALUE");
}


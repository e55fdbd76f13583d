// The objective family against loops in double precision, written from the papers' formulae; gradients against central
// differences of these loops.
#include "core/ssl/objective.h"

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <numeric>
#include <vector>

#include "core/error.h"
#include "core/row_norms.h"
#include "core/ssl/collapse_metrics.h"
#include "core/ssl/target_queue.h"

#include "check.h"

namespace {

using namespace byol;
using Row = std::vector<double>;
using Rows = std::vector<Row>;

at::Tensor random_rows(uint64_t seed, int64_t rows, int64_t columns) {
  at::manual_seed(seed);
  return at::randn({rows, columns}, at::kDouble);
}

Rows rows_of(const at::Tensor& t) {
  Rows out;
  for (int64_t i = 0; i < t.size(0); ++i) {
    Row row;
    for (int64_t j = 0; j < t.size(1); ++j) row.push_back(t[i][j].item<double>());
    out.push_back(row);
  }
  return out;
}

double dot(const Row& a, const Row& b) { return std::inner_product(a.begin(), a.end(), b.begin(), 0.0); }

Row unit(const Row& a) {
  Row out = a;
  for (double& x : out) x /= std::sqrt(dot(a, a));
  return out;
}

Rows normalized(const Rows& in, Similarity similarity) {
  Rows out = in;
  const double n = static_cast<double>(in.size()), d = static_cast<double>(in[0].size());
  for (Row& row : out) {
    if (similarity == Similarity::L2) row = unit(row);
    if (similarity == Similarity::Softmax) {
      double sum = 0;
      for (double x : row) sum += std::exp(x);
      for (double& x : row) x = std::exp(x) / sum / std::sqrt(d);
    }
    if (similarity == Similarity::Layer) {
      double mean = 0, variance = 0;
      for (double x : row) mean += x / d;
      for (double x : row) variance += (x - mean) * (x - mean) / d;
      for (double& x : row) x = (x - mean) / std::sqrt(variance + 1e-5) / std::sqrt(d);
    }
  }
  if (similarity == Similarity::Batch) {
    for (size_t j = 0; j < in[0].size(); ++j) {
      double mean = 0, variance = 0;
      for (const Row& row : in) mean += row[j] / n;
      for (const Row& row : in) variance += (row[j] - mean) * (row[j] - mean) / n;
      for (Row& row : out) row[j] = (row[j] - mean) / std::sqrt(variance + 1e-5) / std::sqrt(d);
    }
  }
  return out;
}

/// The paper's section 5, one direction, as written there but to be minimised and with the constant of 2 - 2cos.
double interpolated(const ObjectiveSpec& spec, const Rows& prediction, const Rows& target, const Rows& own,
                    const Rows& queue) {
  const Rows p = normalized(prediction, spec.similarity), t = normalized(target, spec.similarity);
  const Rows o = own.empty() ? own : normalized(own, spec.similarity);
  double sum = 0;
  for (size_t i = 0; i < p.size(); ++i) {
    for (size_t j = 0; j < p[i].size(); ++j) sum += (p[i][j] - t[i][j]) * (p[i][j] - t[i][j]);
    if (!spec.negatives) continue;
    const double alpha = spec.negatives->temperature;
    double partition = 0;
    if (spec.negatives->kind == NegativesKind::Queue) {
      partition = std::exp(dot(p[i], t[i]) / alpha);
      for (const Row& row : queue) partition += std::exp(dot(p[i], row) / alpha);
    } else {
      for (size_t j = 0; j < p.size(); ++j) {
        if (j != i) partition += std::exp(dot(p[i], o[j]) / alpha);
        partition += std::exp(dot(p[i], t[j]) / alpha);
      }
    }
    sum += spec.negatives->weight * 2 * alpha * std::log(partition);
  }
  return sum / static_cast<double>(p.size());
}

double difference_quotient(const std::function<double(const Rows&)>& f, Rows at, size_t i, size_t j) {
  constexpr double kStep = 1e-5;
  at[i][j] += kStep;
  const double above = f(at);
  at[i][j] -= 2 * kStep;
  return (above - f(at)) / (2 * kStep);
}

void check_gradient(const at::Tensor& gradient, const Rows& at, const std::function<double(const Rows&)>& f) {
  for (size_t i = 0; i < at.size(); ++i)
    for (size_t j = 0; j < at[i].size(); ++j) {
      CHECK_CLOSE(gradient[static_cast<int64_t>(i)][static_cast<int64_t>(j)].item<double>(),
                  difference_quotient(f, at, i, j), 1e-7);
    }
}

/// Value, and gradients in prediction, target and own view's target.
void check_direction(const ObjectiveSpec& spec) {
  at::Tensor p = random_rows(1, 5, 4).set_requires_grad(true), t = random_rows(2, 5, 4).set_requires_grad(true),
             o = random_rows(3, 5, 4).set_requires_grad(true);
  const at::Tensor queue = l2_normalize(random_rows(4, 6, 4));
  const bool own = spec.negatives && spec.negatives->kind == NegativesKind::Batch;
  {
    at::AutoGradMode grad(true);
    const at::Tensor loss = direction_loss(spec, {p, t, own ? o : at::Tensor()}, queue);
    loss.backward();
    CHECK_CLOSE(loss.item<double>(),
                interpolated(spec, rows_of(p), rows_of(t), own ? rows_of(o) : Rows(), rows_of(queue)), 1e-10);
  }
  const Rows pr = rows_of(p), tr = rows_of(t), orows = own ? rows_of(o) : Rows(), q = rows_of(queue);
  check_gradient(p.grad(), pr, [&](const Rows& x) { return interpolated(spec, x, tr, orows, q); });
  check_gradient(t.grad(), tr, [&](const Rows& x) { return interpolated(spec, pr, x, orows, q); });
  if (own) check_gradient(o.grad(), orows, [&](const Rows& x) { return interpolated(spec, pr, tr, x, q); });
}

ObjectiveSpec with_negatives(NegativesKind kind, double beta, double alpha) {
  ObjectiveSpec spec;
  spec.negatives = NegativesSpec{kind, beta, alpha, 6};
  return spec;
}

}  // namespace

TEST(byols_loss_is_two_minus_two_cosines) {
  at::Tensor p = random_rows(7, 5, 6).set_requires_grad(true);
  const at::Tensor z = random_rows(8, 5, 6);
  {
    at::AutoGradMode grad(true);
    direction_loss({}, {p, z, {}}, {}).backward();
  }
  const Rows pr = rows_of(p), zr = rows_of(z);
  double expected = 0;
  for (size_t i = 0; i < 5; ++i) {
    const double pp = dot(pr[i], pr[i]), zz = dot(zr[i], zr[i]), cosine = dot(pr[i], zr[i]) / std::sqrt(pp * zz);
    expected += (2 - 2 * cosine) / 5;
    for (size_t j = 0; j < 6; ++j) {  // d(-2 cos)/dp = -2 (z/|z| - cos p/|p|) / |p|
      const double a = pr[i][j] / std::sqrt(pp), b = zr[i][j] / std::sqrt(zz);
      CHECK_CLOSE(p.grad()[static_cast<int64_t>(i)][static_cast<int64_t>(j)].item<double>(),
                  -2 * (b - cosine * a) / std::sqrt(pp) / 5, 1e-12);
    }
  }
  CHECK_CLOSE(direction_loss({}, {p, z, {}}, {}).item<double>(), expected, 1e-12);
  CHECK_CLOSE(direction_loss({}, {p.detach().to(at::kFloat), z.to(at::kFloat), {}}, {}).item<double>(), expected, 1e-6);
}

TEST(zero_vectors_cost_and_pull_as_in_the_official_code) {
  // |x * rsqrt(max(x.x, 1e-12)) - t * rsqrt(max(t.t, 1e-12))|^2 of single rows, by hand.
  struct Example {
    std::vector<double> p, t;
    double loss;
    std::vector<double> p_gradient, t_gradient;
  };
  const std::vector<Example> examples = {
      {{3, 4}, {2, 0}, 0.8, {-0.256, 0.192}, {0, -0.8}},
      {{0, 0}, {3, 4}, 1, {-1.2e6, -1.6e6}, {0, 0}},
      {{3, 4}, {0, 0}, 1, {0, 0}, {-1.2e6, -1.6e6}},
      {{0, 0}, {0, 0}, 0, {0, 0}, {0, 0}},
      {{1e-7, 0}, {1, 0}, 0.81, {-1.8e6, 0}, {0, 0}},
  };
  for (const auto type : {at::kDouble, at::kFloat}) {
    const double tolerance = type == at::kDouble ? 1e-12 : 1e-6;
    for (const Example& e : examples) {
      at::Tensor p = at::tensor(e.p).unsqueeze(0).to(type).set_requires_grad(true),
                 t = at::tensor(e.t).unsqueeze(0).to(type).set_requires_grad(true);
      {
        at::AutoGradMode grad(true);
        const at::Tensor loss = direction_loss({}, {p, t, {}}, {});
        loss.backward();
        CHECK_CLOSE(loss.item<double>(), e.loss, tolerance);
      }
      for (int64_t i = 0; i < 2; ++i) {
        const auto scale = [](double value) { return std::max(1.0, std::abs(value)); };
        const double gp = e.p_gradient[i], gt = e.t_gradient[i];
        CHECK_CLOSE(p.grad()[0][i].item<double>() / scale(gp), gp / scale(gp), tolerance);
        CHECK_CLOSE(t.grad()[0][i].item<double>() / scale(gt), gt / scale(gt), tolerance);
      }
    }
  }
}

TEST(zero_vectors_are_told_apart_by_nothing_and_count_as_collapsed) {
  // All inner products are 0: the partition counts what a prediction is compared with, 2B - 1 or K + 1.
  constexpr double kAlpha = 0.2;
  const at::Tensor zero = at::zeros({3, 2}, at::kDouble), unit_rows = l2_normalize(random_rows(5, 3, 2));
  CHECK_CLOSE(direction_loss(with_negatives(NegativesKind::Batch, 1, kAlpha), {zero, unit_rows, unit_rows}, {})
                  .item<double>(),
              1 + 2 * kAlpha * std::log(5), 1e-12);
  CHECK_CLOSE(
      direction_loss(with_negatives(NegativesKind::Queue, 1, kAlpha), {unit_rows, zero, {}}, at::zeros({6, 2}))
          .item<double>(),
      1 + 2 * kAlpha * std::log(7), 1e-12);
  CHECK_CLOSE(spread(zero).item<double>(), 0.0, 0.0);
  CHECK_CLOSE(effective_rank(rank_matrix(zero)), 1.0, 0.0);
}

TEST(loss_range_and_the_tiny_norm) {
  const at::Tensor a = at::tensor({1.0F, 0.0F}).unsqueeze(0);
  CHECK_CLOSE(direction_loss({}, {a, a, {}}, {}).item<double>(), 0.0, 1e-6);
  CHECK_CLOSE(direction_loss({}, {a, -a, {}}, {}).item<double>(), 4.0, 1e-6);
  // x * rsqrt(max(sum x^2, 1e-12)): a vector of norm 1e-7 is scaled by 1e6, not to unit length.
  CHECK_CLOSE(l2_normalize(a * 1e-7).norm().item<double>(), 0.1, 1e-4);
}

TEST(every_similarity_against_loops) {
  for (Similarity similarity :
       {Similarity::L2, Similarity::Layer, Similarity::Batch, Similarity::None, Similarity::Softmax}) {
    ObjectiveSpec spec;
    spec.similarity = similarity;
    check_direction(spec);
    spec.negatives = NegativesSpec{NegativesKind::Batch, 0.5, 0.3, 0};
    check_direction(spec);
  }
}

TEST(the_interpolated_objective_against_loops) {
  for (double beta : {0.0, 0.1, 0.5, 1.0}) {
    for (double alpha : {0.1, 0.3, 1.0, 10.0}) check_direction(with_negatives(NegativesKind::Batch, beta, alpha));
  }
}

TEST(its_ends_are_byol_and_nt_xent) {
  const at::Tensor z1 = random_rows(11, 6, 5), z2 = random_rows(12, 6, 5);
  CHECK_CLOSE(direction_loss(with_negatives(NegativesKind::Batch, 0, 0.1), {z1, z2, z1}, {}).item<double>(),
              direction_loss({}, {z1, z2, {}}, {}).item<double>(), 1e-12);
  // SimCLR, Algorithm 1: over all 2N embeddings, each against the 2N - 1 others.
  constexpr double kTemperature = 0.2;
  Rows all = rows_of(z1);
  for (const Row& row : rows_of(z2)) all.push_back(row);
  const size_t n = all.size();
  double nt_xent = 0;
  for (size_t i = 0; i < n; ++i) {
    double partition = 0;
    for (size_t k = 0; k < n; ++k)
      if (k != i) partition += std::exp(dot(unit(all[i]), unit(all[k])) / kTemperature);
    const double positive = dot(unit(all[i]), unit(all[(i + n / 2) % n])) / kTemperature;
    nt_xent += (std::log(partition) - positive) / static_cast<double>(n);
  }
  const ObjectiveSpec simclr = with_negatives(NegativesKind::Batch, 1, kTemperature);
  const double sum =
      direction_loss(simclr, {z1, z2, z1}, {}).item<double>() + direction_loss(simclr, {z2, z1, z2}, {}).item<double>();
  CHECK_CLOSE((sum - 4) / (4 * kTemperature), nt_xent, 1e-10);
}

TEST(queue_logits_are_mocos) {
  check_direction(with_negatives(NegativesKind::Queue, 1, 0.07));
  // (loss - 2) / 2T is the cross-entropy of [q k / T, q queue / T] with label 0.
  const at::Tensor q = random_rows(1, 5, 4), k = random_rows(2, 5, 4), queue = l2_normalize(random_rows(4, 6, 4));
  const at::Tensor qn = q / q.norm(2, 1, true), kn = k / k.norm(2, 1, true);
  const at::Tensor logits = at::cat({(qn * kn).sum(1, true), qn.mm(queue.t())}, 1) / 0.07;
  const double expected = at::cross_entropy_loss(logits, at::zeros({5}, at::kLong)).item<double>();
  const double loss = direction_loss(with_negatives(NegativesKind::Queue, 1, 0.07), {q, k, {}}, queue).item<double>();
  CHECK_CLOSE((loss - 2) / 0.14, expected, 1e-8);
}

TEST(the_queue_replaces_its_oldest_rows_and_forgets_refused_ones) {
  TargetQueue queue(6, 2, 1, at::kCPU);
  CHECK(at::allclose(queue.rows.norm(2, 1), at::ones({6})));
  const at::Tensor start = queue.rows.clone(), yes = at::ones({}, at::kBool), no = at::zeros({}, at::kBool);
  const auto keys = [](double value) { return at::full({2, 2}, value); };
  queue.stage(keys(1));
  CHECK(at::equal(queue.rows, start));  // not before the step
  queue.commit(yes);
  queue.stage(keys(2));
  queue.stage(keys(3));  // two micro-batches
  queue.commit(yes);
  queue.stage(keys(4));
  queue.commit(yes);
  CHECK(at::equal(queue.rows, at::cat({keys(4), keys(2), keys(3)})));
  CHECK(queue.position.item<int64_t>() == 2);
  queue.stage(keys(5));
  queue.commit(no);
  CHECK(at::equal(queue.rows, at::cat({keys(4), keys(2), keys(3)})));
  bool refused = false;
  try {
    queue.check_rows(4);
  } catch (const Error& error) {
    refused = error.code() == "ERR_BYOL_SHAPE";
  }
  CHECK(refused);
}

TEST(mean_teachers_cost_is_the_mean_squared_difference_of_probabilities) {
  ObjectiveSpec spec;
  spec.similarity = Similarity::Softmax;
  const at::Tensor student = random_rows(1, 4, 10), teacher = random_rows(2, 4, 10);
  // Summed over the classes and divided by their number, averaged over the batch.
  const double expected = (student.softmax(1) - teacher.softmax(1)).square().sum(1).div(10).mean().item<double>();
  CHECK_CLOSE(direction_loss(spec, {student, teacher, {}}, {}).item<double>(), expected, 1e-12);
}

TEST(the_optimal_predictor_solves_the_normal_equations) {
  const at::Tensor z = random_rows(1, 20, 3), t = random_rows(2, 20, 2);
  const at::Tensor q = optimal_predictor(z, t, 0.0);
  // The residual is orthogonal to every column of Z, which no other matrix achieves.
  CHECK(at::allclose(z.t().mm(z.mm(q) - t), at::zeros({3, 2}, at::kDouble), 0, 1e-10));
  CHECK(!q.requires_grad());
  const double ridge = 0.5, mean = z.t().mm(z).trace().item<double>() / 3;
  const at::Tensor r = optimal_predictor(z, t, ridge);
  CHECK(at::allclose(z.t().mm(z.mm(r) - t) + ridge * mean * r, at::zeros({3, 2}, at::kDouble), 0, 1e-9));
  // Fewer rows than dimensions: no single solution without ridge.
  CHECK(!at::isfinite(optimal_predictor(at::zeros({4, 3}, at::kDouble), t.narrow(0, 0, 4), 0.0)).all().item<bool>());
  CHECK(at::isfinite(optimal_predictor(z.narrow(0, 0, 2), t.narrow(0, 0, 2), 1e-6)).all().item<bool>());
}

TEST(classification_counts_labelled_rows_only) {
  const at::Tensor scores = random_rows(1, 4, 3), labels = at::tensor(std::vector<int64_t>{2, -1, 0, -1});
  constexpr double kSmoothing = 0.1;
  double expected = 0;
  for (int64_t i : {0, 2}) {
    const at::Tensor log_probabilities = scores[i].log_softmax(0);
    for (int64_t c = 0; c < 3; ++c) {
      const double share = kSmoothing / 3 + (c == labels[i].item<int64_t>() ? 1 - kSmoothing : 0);
      expected -= share * log_probabilities[c].item<double>() / 2;
    }
  }
  CHECK_CLOSE(classify(scores, labels, kSmoothing).loss.item<double>(), expected, 1e-10);
  const Classification none = classify(scores, at::full({4}, -1, at::kLong));
  CHECK_CLOSE(none.loss.item<double>(), 0.0, 0.0);
  CHECK_CLOSE(none.top1.item<double>(), 0.0, 0.0);
}

TEST(top_5_is_the_share_of_labels_among_the_five_best_scores) {
  // Class c of 8 scores c: the five best are 3 to 7.
  const at::Tensor scores = at::arange(8, at::kFloat).repeat({5, 1});
  const Classification eight = classify(scores, at::tensor(std::vector<int64_t>{7, 3, 2, 0, -1}));
  CHECK_CLOSE(eight.top1.item<double>(), 0.25, 0.0);
  CHECK_CLOSE(eight.top5.item<double>(), 0.5, 0.0);
  const Classification three = classify(scores.narrow(1, 0, 3), at::tensor(std::vector<int64_t>{2, 1, 0, 0, -1}));
  CHECK_CLOSE(three.top1.item<double>(), 0.25, 0.0);
  CHECK_CLOSE(three.top5.item<double>(), 1.0, 0.0);
}

TEST(many_classes_are_told_by_a_sigmoid_each) {
  const at::Tensor scores = random_rows(2, 4, 7);
  const at::Tensor classes = at::tensor(std::vector<int64_t>{1, 0, 0, 1, 0, 0, 0,   //
                                                             0, 0, 0, 0, 0, 0, 0,   //
                                                             0, 1, -1, 0, 0, 0, 0,  //
                                                             -1, -1, -1, -1, -1, -1, -1})
                                 .view({4, 7});
  double expected = 0;
  for (int64_t i = 0; i < 4; ++i) {
    for (int64_t c = 0; c < 7; ++c) {
      const int64_t is = classes[i][c].item<int64_t>();
      const double score = scores[i][c].item<double>();
      if (is >= 0) expected += std::log1p(std::exp(is == 1 ? -score : score)) / 20;
    }
  }
  CHECK_CLOSE(classify_many(scores, classes).loss.item<double>(), expected, 1e-10);
  // Class c scores c: the five best of 7 are 2 to 6. Two rows have a class; one has its best within five, none within one.
  const at::Tensor ascending = at::arange(7, at::kFloat).repeat({4, 1});
  const Classification found = classify_many(ascending, classes);
  CHECK_CLOSE(found.top1.item<double>(), 0.0, 0.0);
  CHECK_CLOSE(found.top5.item<double>(), 0.5, 0.0);
  CHECK_CLOSE(classify_many(-ascending, classes).top1.item<double>(), 0.5, 0.0);
  const Classification nothing = classify_many(scores, at::full({4, 7}, -1, at::kLong));
  CHECK_CLOSE(nothing.loss.item<double>(), 0.0, 0.0);
}

TEST(effective_rank_counts_dimensions) {
  CHECK_CLOSE(effective_rank(rank_matrix(at::cat({at::eye(4), -at::eye(4)}))), 4.0, 1e-6);
  const at::Tensor plane = at::tensor(std::vector<double>{1, 0, 0, 0, 1, 0, -1, 0, 0, 0, -1, 0}).view({4, 3});
  CHECK_CLOSE(effective_rank(rank_matrix(plane)), 2.0, 1e-6);
  CHECK_CLOSE(effective_rank(rank_matrix(at::full({2, 2}, std::nan("")))), 0.0, 0.0);
}

#include "core/eval/knn.h"

#include <ATen/core/grad_mode.h>

#include <limits>
#include <string>
#include <utility>

#include "core/error.h"
#include "core/interrupt.h"
#include "core/row_norms.h"
#include "core/thread_limit.h"

namespace byol {
namespace {

// Compared at once: 4 MiB of float32.
constexpr int64_t kQueryRows = 1024;
constexpr int64_t kBankRows = 1024;

// Squared distances are off by rounding of about 1e-7 of the squared norms.
constexpr double kNoDistance = 1e-6;

constexpr double kNever = -std::numeric_limits<double>::infinity();

}  // namespace

KnnClassifier::KnnClassifier(std::shared_ptr<const FeatureBank> queries, const KnnRule& rule)
    : queries_(std::move(queries)), rule_(rule) {
  if (rule.k < 1) throw Error("ERR_BYOL_VALUE", "kNN needs k >= 1, got " + std::to_string(rule.k) + ".");
  if (!(rule.temperature > 0.0)) {
    throw Error("ERR_BYOL_VALUE", "kNN needs a temperature above 0, got " + std::to_string(rule.temperature) + ".");
  }
}

at::Tensor KnnClassifier::prepared(const at::Tensor& features) const {
  return rule_.similarity == KnnSimilarity::Cosine ? l2_normalize(features) : features;
}

at::Tensor KnnClassifier::scores(const at::Tensor& queries, const at::Tensor& bank) const {
  if (rule_.similarity == KnnSimilarity::Cosine) return queries.mm(bank.t());
  const at::Tensor of_queries = queries.square().sum(1, true), of_bank = bank.square().sum(1);
  at::Tensor scores = at::addmm(of_queries.add(of_bank).neg_(), queries, bank.t(), 1.0, 2.0);
  // Features so large that their squares are infinite are near nothing.
  return scores.clamp_max_(0.0).nan_to_num_(kNever, std::nullopt, kNever);
}

void KnnClassifier::add(const FeatureBank& bank) {
  if (bank.dimension() != queries_->dimension()) {
    throw Error("ERR_BYOL_SHAPE", "The banks hold " + std::to_string(bank.dimension()) + " and " +
                                      std::to_string(queries_->dimension()) +
                                      " features: they come from different encoders.");
  }
  at::NoGradGuard no_grad;
  if (parts_.empty()) {
    parts_ = labelled_rows(*queries_, rule_.classes).split(kQueryRows);
    nearest_.resize(parts_.size());
  }
  for (const at::Tensor& rows : labelled_rows(bank, rule_.classes).split(kBankRows)) {
    const at::Tensor neighbours = prepared(bank.features().index_select(0, rows));
    const at::Tensor labels = bank.labels().index_select(0, rows);
    for (size_t part = 0; part < parts_.size(); ++part) {
      throw_if_interrupted();
      heed_thread_limit();
      const at::Tensor asked = prepared(queries_->features().index_select(0, parts_[part]));
      add_columns(nearest_[part], scores(asked, neighbours), labels, rule_.k);
    }
  }
}

at::Tensor KnnClassifier::weights(const at::Tensor& scores, const at::Tensor& query_rows) const {
  const at::Tensor exact = scores.to(at::kDouble);
  if (rule_.vote == KnnVote::Majority) return at::ones_like(exact);
  if (rule_.similarity == KnnSimilarity::Cosine) {
    // Relative to the nearest one, in float64: low temperatures neither overflow nor lose whole classes.
    return ((exact - exact.narrow(1, 0, 1)) / rule_.temperature).exp();
  }
  const at::Tensor squares = queries_->features().index_select(0, query_rows).to(at::kDouble).square().sum(1, true);
  const at::Tensor same = exact.neg().le(squares * kNoDistance);
  return at::where(same.any(1, true), same.to(at::kDouble), exact.neg().rsqrt());
}

Accuracy KnnClassifier::accuracy() const {
  if (nearest_.empty() || !nearest_.front().scores.defined()) throw Error("ERR_BYOL_VALUE", "kNN was given no rows that could be neighbours.");
  at::NoGradGuard no_grad;
  AccuracyCounter counter;
  for (size_t part = 0; part < parts_.size(); ++part) {
    throw_if_interrupted();
    const at::Tensor& rows = parts_[part];
    const auto& [scores, labels] = nearest_[part];
    const at::Tensor weight = weights(scores, rows);
    at::Tensor votes = at::zeros({rows.size(0), rule_.classes}, weight.options());
    // Each time a class once per row: many at once would be added up on a device in the order in which threads come.
    const int64_t neighbours = labels.size(1), together = votes.is_cpu() ? neighbours : 1;
    for (int64_t first = 0; first < neighbours; first += together) {
      votes.scatter_add_(1, labels.narrow(1, first, together), weight.narrow(1, first, together));
    }
    // A class without a neighbour is not a prediction, not even a fifth one.
    counter.add(votes.masked_fill(votes.eq(0), kNever), queries_->labels().index_select(0, rows));
  }
  return counter.result();
}

}  // namespace byol

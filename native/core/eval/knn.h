#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "core/eval/accuracy_counter.h"
#include "core/eval/feature_bank.h"
#include "core/eval/nearest.h"

namespace byol {

enum class KnnSimilarity { Cosine, Euclidean };
enum class KnnVote { Weighted, Majority };

struct KnnRule {
  int64_t classes;
  int64_t k;
  KnnSimilarity similarity;
  KnnVote vote;
  double temperature;  // of weighted votes by cosine
};

/// k-nearest-neighbour classification of queries by a bank that may come part by part (byol-facts 8.6). Neighbours are
/// those with the highest cosine, or with the smallest Euclidean distance; of equally near ones the first in the bank. A
/// neighbour's vote weighs exp(cosine / temperature) (Wu et al. 2018); by distance 1 / d, and where some are at no
/// distance, they alone vote (scikit-learn's weights='distance'); in a majority vote 1. Of classes with equal votes the
/// lowest wins. Rows with label < 0 are ignored on both sides.
///
/// Distances come of |a|^2 + |b|^2 - 2ab in float32: below 0.001 |a| they count as none.
class KnnClassifier {
 public:
  /// Throws ERR_BYOL_VALUE for k < 1 or a temperature <= 0.
  KnnClassifier(std::shared_ptr<const FeatureBank> queries, const KnnRule& rule);
  /// The next rows of the bank. Bits do not depend on the parts where each but the last has a multiple of 1,024 labelled
  /// rows. Throws ERR_BYOL_SHAPE for other features than the queries', ERR_BYOL_VALUE for a bank or
  /// queries without labels or with one not below `classes`; one that was interrupted leaves the classifier of no use.
  void add(const FeatureBank& bank);
  /// Of all queries with all neighbours so far, k or as many as there are. Throws ERR_BYOL_VALUE before the first.
  Accuracy accuracy() const;

 private:
  /// [B, D] and rows of a bank [M, D], as prepared() gives them -> float32 [B, M], the higher the nearer.
  at::Tensor scores(const at::Tensor& queries, const at::Tensor& bank) const;
  at::Tensor prepared(const at::Tensor& features) const;
  at::Tensor weights(const at::Tensor& scores, const at::Tensor& query_rows) const;

  std::shared_ptr<const FeatureBank> queries_;
  KnnRule rule_;
  std::vector<at::Tensor> parts_;  // rows of the queries, some at a time
  std::vector<Nearest> nearest_;   // of each part
};

}  // namespace byol

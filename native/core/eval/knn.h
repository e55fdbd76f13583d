#pragma once

#include "core/eval/accuracy_counter.h"
#include "core/eval/feature_bank.h"

namespace byol {

/// Weighted k-nearest-neighbour accuracy (byol-facts 8.6): cosine similarity, weights exp(cos / temperature), k clipped
/// to the bank. Rows with label < 0 are ignored on both sides. Works in chunks; memory bounded by `chunk` test rows at
/// a time.
Accuracy knn_accuracy(const FeatureBank& train, const FeatureBank& test, int64_t classes, int64_t k,
                      double temperature);

}  // namespace byol

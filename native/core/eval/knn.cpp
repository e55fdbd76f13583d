#include "core/eval/knn.h"

#include <ATen/core/grad_mode.h>

#include <algorithm>
#include <limits>
#include <string>

#include "core/error.h"
#include "core/eval/accuracy_counter.h"
#include "core/interrupt.h"
#include "core/row_norms.h"
#include "core/thread_limit.h"

namespace byol {
namespace {

// Similarities held at once: 256 MiB of float32, and never more rows than pay.
constexpr int64_t kSimilarities = int64_t{1} << 26;
constexpr int64_t kChunkRows = 1024;

}  // namespace

Accuracy knn_accuracy(const FeatureBank& train, const FeatureBank& test, int64_t classes, int64_t k,
                      double temperature) {
  if (train.dimension() != test.dimension()) {
    throw Error("ERR_BYOL_SHAPE", "The banks hold " + std::to_string(train.dimension()) + " and " +
                                      std::to_string(test.dimension()) +
                                      " features: they come from different encoders.");
  }
  if (k < 1) throw Error("ERR_BYOL_VALUE", "kNN needs k >= 1, got " + std::to_string(k) + ".");
  if (!(temperature > 0.0)) {
    throw Error("ERR_BYOL_VALUE", "kNN needs a temperature above 0, got " + std::to_string(temperature) + ".");
  }
  at::NoGradGuard no_grad;
  const at::Tensor train_rows = labelled_rows(train, classes), test_rows = labelled_rows(test, classes);
  const at::Tensor bank = l2_normalize(train.features().index_select(0, train_rows)).t();
  const at::Tensor bank_labels = train.labels().index_select(0, train_rows);
  const int64_t neighbours = std::min(k, bank_labels.size(0));
  const int64_t chunk = std::clamp<int64_t>(kSimilarities / bank_labels.size(0), 1, kChunkRows);

  AccuracyCounter counter;
  for (const at::Tensor& rows : test_rows.split(chunk)) {
    throw_if_interrupted();
    heed_thread_limit();
    const at::Tensor similarity = l2_normalize(test.features().index_select(0, rows)).mm(bank);
    const auto [nearest, indices] = similarity.topk(neighbours, 1);
    // Relative to the nearest one, in float64: low temperatures neither overflow nor lose whole classes.
    const at::Tensor weights = ((nearest - nearest.narrow(1, 0, 1)).to(at::kDouble) / temperature).exp();
    const at::Tensor neighbour_labels = bank_labels.index_select(0, indices.flatten()).view_as(indices);
    at::Tensor votes = at::zeros({rows.size(0), classes}, weights.options());
    // Each time a class once per row: many at once would be added up on a device in the order in which threads come.
    const int64_t together = votes.is_cpu() ? neighbours : 1;
    for (int64_t first = 0; first < neighbours; first += together) {
      votes.scatter_add_(1, neighbour_labels.narrow(1, first, together), weights.narrow(1, first, together));
    }
    // A class without a neighbour is not a prediction, not even a fifth one.
    counter.add(votes.masked_fill(votes.eq(0), -std::numeric_limits<double>::infinity()),
                test.labels().index_select(0, rows));
  }
  return counter.result();
}

}  // namespace byol

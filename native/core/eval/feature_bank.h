#pragma once

#include <ATen/ATen.h>

#include <cstdint>
#include <vector>

namespace byol {

/// Frozen features with labels: float32 [N, D] and int64 [N].
class FeatureBank {
 public:
  FeatureBank(int64_t count, int64_t features, at::Device device);
  int64_t size() const { return features_.size(0); }
  int64_t dimension() const { return features_.size(1); }
  /// Writes rows [offset, offset + B). Throws ERR_BYOL_SHAPE outside the bank, ERR_BYOL_NOT_FINITE for features that are
  /// NaN or infinite; nothing is written then.
  void write(int64_t offset, const at::Tensor& features, const at::Tensor& labels);
  const at::Tensor& features() const { return features_; }
  const at::Tensor& labels() const { return labels_; }

 private:
  at::Tensor features_;
  at::Tensor labels_;
};

struct Accuracy {
  double top1 = 0.0;  // fractions in [0, 1]; NaN of scores that are not finite
  double top5 = 0.0;
};

/// Weighted k-nearest-neighbour accuracy (byol-facts 8.6): cosine similarity, weights exp(cos / temperature), k clipped
/// to the bank. Rows with label < 0 are ignored on both sides. Works in chunks; memory bounded by `chunk` test rows at
/// a time.
Accuracy knn_accuracy(const FeatureBank& train, const FeatureBank& test, int64_t classes, int64_t k,
                      double temperature);

}  // namespace byol

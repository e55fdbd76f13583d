#pragma once

#include <ATen/ATen.h>

#include <cstdint>

namespace byol {

struct Accuracy {
  double top1 = 0.0;  // fractions in [0, 1]; NaN of scores that are not finite
  double top5 = 0.0;
};

/// Counts top-1 and top-5 over batches of class scores. A row is right within k if fewer than k classes come before its
/// own: those with a higher score, and those with the same score and a lower number. So ties are not decided by the
/// order in which a sort happens to leave them. -inf is a class without a score: a row whose own class has none is
/// wrong.
class AccuracyCounter {
 public:
  /// `scores`: [B, C]; `labels`: int64 [B], 0 to C - 1.
  void add(const at::Tensor& scores, const at::Tensor& labels);
  /// NaN where any score was NaN or +inf: a classifier that diverged has no accuracy, not one of 0. Throws
  /// ERR_BYOL_VALUE if there was no row.
  Accuracy result() const;

 private:
  at::Tensor correct_;   // int64 [2], on the scores' device: within 1, within 5
  at::Tensor diverged_;  // bool []
  int64_t rows_ = 0;
};

}  // namespace byol

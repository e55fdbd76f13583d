#pragma once

#include <ATen/ATen.h>

#include <vector>

#include "core/ssl/objective_spec.h"

namespace byol {

/// Normalised targets of earlier forward passes, the oldest replaced first (MoCo, Algorithm 1). What a step adds is
/// staged and committed with it, so that a step that is refused leaves no trace.
class TargetQueue {
 public:
  /// Starts with normalised Gaussian rows, as MoCo's code does.
  TargetQueue(int64_t size, int64_t dimension, uint64_t seed, at::Device device);

  /// Throws ERR_BYOL_SHAPE unless the size is a multiple of `rows`, the targets of a forward pass.
  void check_rows(int64_t rows) const;
  /// `targets`: [n, D], already normalised; the size is a multiple of n.
  void stage(const at::Tensor& targets);
  /// Drops what was staged.
  void unstage() { staged_.clear(); }
  /// `alive`: 0-dim bool; false drops what was staged.
  void commit(const at::Tensor& alive);

  at::Tensor rows;      // float32 [size, D]
  at::Tensor position;  // 0-dim int64: the row that is replaced next

 private:
  std::vector<at::Tensor> staged_;
};

}  // namespace byol

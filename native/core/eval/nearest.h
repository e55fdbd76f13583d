#pragma once

#include <ATen/ATen.h>

#include <cstdint>

namespace byol {

/// The best columns so far of each row, best first, of columns that come part by part.
struct Nearest {
  at::Tensor scores;  // float32 [B, n]; undefined before the first part
  at::Tensor labels;  // int64 [B, n]
};

/// Adds a part, float32 scores [B, M] of columns with these labels [M], and keeps the `k` best of all: those with the
/// highest scores, of equal ones the first that came. So the parts make no difference. Scores are no NaN.
void add_columns(Nearest& nearest, const at::Tensor& scores, const at::Tensor& labels, int64_t k);

}  // namespace byol

#pragma once

#include <ATen/ATen.h>

#include <cstdint>

#include "core/model/fused_norm_kernels.h"

namespace byol {

/// The passes over memory that the fused normalisation consists of, for one feature map's shape: which kernel, which
/// blocks, which threads. Feature maps are dense with channels innermost, float32 or bfloat16, on the CPU.
class NormPasses {
 public:
  explicit NormPasses(const at::Tensor& x);

  /// Mean and biased variance of each channel of x, float64 [2, C].
  at::Tensor statistics(const at::Tensor& x) const;

  /// The per-channel coefficients of the forward pass from such statistics, float32 [5, line width].
  at::Tensor coefficients(const at::Tensor& statistics, const at::Tensor& gamma, const at::Tensor& beta,
                          double eps) const;

  /// y = act((x - mean) * scale + shift [+ residual]); y may be x. `residual` may be undefined.
  void normalise(const at::Tensor& x, const at::Tensor& residual, const at::Tensor& y, const at::Tensor& coefficients,
                 bool relu) const;

  /// Sums of g and of g * (x - mean) over each channel, float64 [2, C]; see NormKernels::reduce. `y` and `g` may be
  /// undefined.
  at::Tensor reduce(const at::Tensor& x, const at::Tensor& dy, const at::Tensor& y, const at::Tensor& g,
                    const at::Tensor& coefficients, bool relu) const;

  /// dx from the sums of reduce(); with `frozen` statistics these do not matter and dx = scale * g. dx may be dy.
  void input_gradient(const at::Tensor& x, const at::Tensor& dy, const at::Tensor& dx, const at::Tensor& coefficients,
                      const at::Tensor& sums, bool masked, bool frozen) const;

  /// Gradients of gamma and beta from the sums of reduce(), float32 [C].
  at::Tensor gamma_gradient(const at::Tensor& coefficients, const at::Tensor& sums) const;
  at::Tensor beta_gradient(const at::Tensor& sums) const;

 private:
  NormBlock block(std::int64_t index) const;
  template <class Work>
  void for_each_block(const Work& work) const;
  template <class Work>
  void for_each_block_backwards(const Work& work) const;
  std::int64_t rows_of(std::int64_t row_block) const;
  void repeat(float* line) const;

  const NormKernels& kernels_;
  std::int64_t rows_;
  std::int64_t channels_;
  std::int64_t fold_;
  std::int64_t width_;
  std::int64_t block_columns_;
  std::int64_t block_rows_;
  std::int64_t column_blocks_;
  std::int64_t row_blocks_;
};

}  // namespace byol

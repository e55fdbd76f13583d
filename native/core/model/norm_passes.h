#pragma once

#include <ATen/ATen.h>

#include <cstdint>
#include <memory>

#include "core/model/fused_norm_kernels.h"

namespace byol {

/// The passes over memory that the fused normalisation consists of, for feature maps of one shape: which kernel, which
/// blocks, which threads. Feature maps are dense with channels innermost, float32 or bfloat16, on the CPU.
class NormPasses {
 public:
  /// Two values per channel, [2, C] in float64.
  using Pairs = std::unique_ptr<double[]>;

  explicit NormPasses(const at::Tensor& x);

  /// Mean and biased variance of each channel of x.
  Pairs statistics(const at::Tensor& x) const;

  /// The same from, and to, float32 [C] tensors.
  Pairs given_statistics(const at::Tensor& mean, const at::Tensor& variance) const;
  void write_statistics(const Pairs& statistics, const at::Tensor& mean, const at::Tensor& variance) const;

  /// What the other passes need to know about the channels, NormCoefficients as float32 [5, line width].
  at::Tensor coefficients(const Pairs& statistics, const at::Tensor& gamma, const at::Tensor& beta, double eps) const;

  /// y = act((x - mean) * scale + shift [+ residual]); y may be x. `residual` may be undefined.
  void normalise(const at::Tensor& x, const at::Tensor& residual, const at::Tensor& y, const at::Tensor& coefficients,
                 bool relu) const;

  /// Sums of g and of g * (x - mean) over each channel; see NormKernels::reduce. `y` and `g` may be undefined.
  Pairs reduce(const at::Tensor& x, const at::Tensor& dy, const at::Tensor& y, const at::Tensor& g,
               const at::Tensor& coefficients, bool relu) const;

  /// dx from the sums of reduce(), or, if `sums` is null, with statistics that do not depend on x. dx may be dy.
  void input_gradient(const at::Tensor& x, const at::Tensor& dy, const at::Tensor& dx, const at::Tensor& coefficients,
                      const double* sums, bool masked) const;

  /// Gradients of gamma and beta from the sums of reduce(), float32 [C].
  at::Tensor gamma_gradient(const at::Tensor& coefficients, const Pairs& sums) const;
  at::Tensor beta_gradient(const Pairs& sums) const;

 private:
  enum class Order { kForwards, kBackwards };
  template <class Work>
  void for_each_block(Order order, const Work& work) const;
  NormBlock block(std::int64_t row_block, std::int64_t column_block) const;
  std::int64_t rows_of(std::int64_t row_block) const;
  Pairs pairs_per_row_block() const;
  void repeat(float* line) const;

  const NormKernels& kernels_;
  std::int64_t rows_;
  std::int64_t channels_;
  std::int64_t fold_;   // rows in a line
  std::int64_t width_;  // columns of a line
  std::int64_t block_columns_;
  std::int64_t block_rows_;
  std::int64_t column_blocks_;
  std::int64_t row_blocks_;
};

}  // namespace byol

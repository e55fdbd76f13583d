#pragma once

#include <ATen/ATen.h>

#include <cstdint>
#include <memory>

#include "core/model/norm_kernels.h"

namespace byol {

/// Those of this CPU for feature maps of type float32 or bfloat16.
const NormKernels& norm_kernels_for(at::ScalarType type);

/// The passes over memory that a normalisation consists of, for feature maps of one shape: which kernel, which blocks,
/// which threads. Feature maps are dense with channels innermost, float32 or bfloat16, on the CPU. They consist of
/// equal parts, runs of samples with statistics of their own; within a part, the channels of a group share them.
class NormPasses {
 public:
  /// Two values per part and channel, in float64.
  using Pairs = std::unique_ptr<double[]>;

  /// `parts` divides the samples; `channel_groups` divides the channels.
  NormPasses(const at::Tensor& x, std::int64_t parts, std::int64_t channel_groups);

  /// Mean and biased variance.
  Pairs statistics(const at::Tensor& x) const;

  /// Of one part: the same from float32 [C] tensors, or, where they are undefined, mean 0 and variance 1.
  Pairs given_statistics(const at::Tensor& mean, const at::Tensor& variance) const;
  /// To float32 [parts, C] tensors, rows contiguous.
  void write_statistics(const Pairs& statistics, const at::Tensor& mean, const at::Tensor& variance) const;

  /// What the other passes need to know about the channels, NormCoefficients as float32 [parts, 5, line width].
  /// `gamma`, `beta`: float32 [C], or undefined for 1 and 0.
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
  struct Place {
    std::int64_t part, row_block, column_block;
  };
  template <class Work>
  void for_each_block(Order order, const Work& work) const;
  template <class Work>
  void for_each_part(const Work& work) const;
  NormBlock block(const Place& place) const;
  std::int64_t rows_of(std::int64_t row_block) const;
  Pairs pairs_per_row_block() const;
  std::int64_t pairs_offset(std::int64_t part, std::int64_t row_block = 0) const;
  double* pairs_at(const Pairs& pairs, std::int64_t part, std::int64_t row_block = 0) const;
  void merge_channels(double* means, double* variances) const;
  void gradient_coefficients(const NormCoefficients& c, const double* sums, const NormGradientCoefficients& d) const;
  void repeat(float* line) const;

  const NormKernels& kernels_;
  std::int64_t parts_;
  std::int64_t rows_;  // of a part
  std::int64_t channels_;
  std::int64_t group_;  // channels that share statistics
  std::int64_t fold_;   // rows in a line
  std::int64_t width_;  // columns of a line
  std::int64_t block_columns_;
  std::int64_t block_rows_;
  std::int64_t column_blocks_;
  std::int64_t row_blocks_;
};

}  // namespace byol

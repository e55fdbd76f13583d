#pragma once

#include <compare>
#include <cstdint>

namespace byol {

/// Zeros (or -infinity for a pool) before and after one axis.
struct AxisPadding {
  int64_t before, after;
  auto operator<=>(const AxisPadding&) const = default;
};
/// TensorFlow's SAME rule for an axis of this length (byol-facts 1.1).
AxisPadding same_padding(int64_t length, int64_t kernel, int64_t stride);

/// A convolution of `batch` images with a square kernel, without bias, groups or dilation.
struct ConvolutionShape {
  int64_t batch, in, height, width;  // of the images
  int64_t out, kernel, stride;
  AxisPadding rows, columns;
  auto operator<=>(const ConvolutionShape&) const = default;

  int64_t output_height() const { return (height + rows.before + rows.after - kernel) / stride + 1; }
  int64_t output_width() const { return (width + columns.before + columns.after - kernel) / stride + 1; }
  /// The same padding on all four sides.
  bool symmetric() const { return rows == columns && rows.before == rows.after; }
  /// The pixels are matrix rows as they are.
  bool pointwise() const { return kernel == 1 && stride == 1 && symmetric() && rows.before == 0; }
  /// Floating-point operations, as many in each of the three directions; those with padding count.
  double flops() const {
    return 2.0 * static_cast<double>(batch * output_height() * output_width()) *
           static_cast<double>(kernel * kernel * in * out);
  }
};

enum class ConvolutionDirection { Forward, InputGradient, WeightGradient };

}  // namespace byol

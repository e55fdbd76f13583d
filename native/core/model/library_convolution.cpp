#include "core/model/library_convolution.h"

#include <array>
#include <tuple>

namespace byol {
namespace {

constexpr int64_t kVector = 16;  // float32 numbers

// What is left for the operator itself.
int64_t own_padding(const ConvolutionShape& shape) { return shape.symmetric() ? shape.rows.before : 0; }

// One of the two gradients. Of the tensors that it does not depend on, only the size and layout count.
at::Tensor gradient_of(const ConvolutionShape& shape, const at::Tensor& gradient, const at::Tensor& images,
                       const at::Tensor& weight, bool of_weight) {
  const std::array<bool, 3> wanted{!of_weight, of_weight, false};
  const int64_t padding = own_padding(shape);
  const auto [of_images, of_weights, of_bias] =
      at::convolution_backward(gradient, images, weight, at::OptionalIntArrayRef(), {shape.stride, shape.stride},
                               {padding, padding}, {1, 1}, false, {0, 0}, 1, wanted);
  return (of_weight ? of_weights : of_images).contiguous(at::MemoryFormat::ChannelsLast);
}

at::Tensor of_size(at::IntArrayRef sizes, const at::Tensor& like) {
  return at::empty(sizes, like.options().memory_format(at::MemoryFormat::ChannelsLast));
}

}  // namespace

at::Tensor padded_for_library(const ConvolutionShape& shape, const at::Tensor& images) {
  const auto& [rows, columns] = std::tie(shape.rows, shape.columns);
  const bool has_it = images.size(2) == shape.height + rows.before + rows.after &&
                      images.size(3) == shape.width + columns.before + columns.after;
  if (shape.symmetric() || has_it) return images;
  return at::constant_pad_nd(images, {columns.before, columns.after, rows.before, rows.after}, 0.0);
}

at::Tensor library_convolution(const ConvolutionShape& shape, const at::Tensor& images, const at::Tensor& weight) {
  return at::conv2d(padded_for_library(shape, images), weight, {}, shape.stride, own_padding(shape));
}

at::Tensor library_input_gradient(const ConvolutionShape& shape, const at::Tensor& gradient, const at::Tensor& weight) {
  const auto& [rows, columns] = std::tie(shape.rows, shape.columns);
  const bool own = shape.symmetric();
  const int64_t height = shape.height + (own ? 0 : rows.before + rows.after);
  const int64_t width = shape.width + (own ? 0 : columns.before + columns.after);
  const at::Tensor images = of_size({shape.batch, shape.in, height, width}, gradient);
  const at::Tensor padded = gradient_of(shape, gradient, images, weight, false);
  if (own) return padded;
  return padded.narrow(2, rows.before, shape.height)
      .narrow(3, columns.before, shape.width)
      .contiguous(at::MemoryFormat::ChannelsLast);
}

at::Tensor library_weight_gradient(const ConvolutionShape& shape, const at::Tensor& images,
                                   const at::Tensor& gradient) {
  const at::Tensor weight = of_size({shape.out, shape.in, shape.kernel, shape.kernel}, gradient);
  return gradient_of(shape, gradient, padded_for_library(shape, images), weight, true);
}

bool broken_in_library(ConvolutionDirection direction, const ConvolutionShape& shape) {
  return direction == ConvolutionDirection::WeightGradient && shape.kernel == 1 && shape.stride > 1 &&
         shape.in < kVector;
}

}  // namespace byol

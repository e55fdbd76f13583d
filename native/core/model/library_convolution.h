#pragma once

#include <ATen/ATen.h>

#include "core/model/convolution_shape.h"

namespace byol {

// Convolutions by LibTorch, on any device and in any floating type. Images are channels_last, and so are the results.

/// The images with the padding that the library cannot add by itself: where the sides differ. Such images, too, can be
/// given to library_convolution() and library_weight_gradient().
at::Tensor padded_for_library(const ConvolutionShape& shape, const at::Tensor& images);

/// [batch, out, output_height, output_width] of weights [out, in, kernel, kernel].
at::Tensor library_convolution(const ConvolutionShape& shape, const at::Tensor& images, const at::Tensor& weight);
/// [batch, in, height, width] of a gradient at the output.
at::Tensor library_input_gradient(const ConvolutionShape& shape, const at::Tensor& gradient, const at::Tensor& weight);
/// [out, in, kernel, kernel]. Not where broken_in_library() says so.
at::Tensor library_weight_gradient(const ConvolutionShape& shape, const at::Tensor& images, const at::Tensor& gradient);

/// oneDNN's weight gradient of a strided 1x1 convolution writes out of bounds for fewer input channels than a vector
/// holds and odd batches (LibTorch 2.13 with AVX-512).
bool broken_in_library(ConvolutionDirection direction, const ConvolutionShape& shape);

}  // namespace byol

#pragma once

#include <ATen/ATen.h>

#include "core/model/convolution_shape.h"

namespace byol {

// Convolutions as matrix products over unfolded images (unfold.h): several times faster than the library's over few
// pixels, whose kernels have too little to work on in one row of an image; slower over many, for the memory that is
// filled. On the CPU, in float32 or bfloat16 (sums in float32 as the library's). Images, gradients and weights are
// channels_last, and so are the results; sizes are those of library_convolution.h.

/// Not for other devices and types, nor where the unfolded images would be very large.
bool can_unfold(const ConvolutionShape& shape, const at::Tensor& images);

at::Tensor unfolded_convolution(const ConvolutionShape& shape, const at::Tensor& images, const at::Tensor& weight);
at::Tensor unfolded_input_gradient(const ConvolutionShape& shape, const at::Tensor& gradient, const at::Tensor& weight);
at::Tensor unfolded_weight_gradient(const ConvolutionShape& shape, const at::Tensor& images,
                                    const at::Tensor& gradient);

}  // namespace byol

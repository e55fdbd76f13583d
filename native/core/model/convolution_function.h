#pragma once

#include <ATen/ATen.h>

#include "core/model/convolution_choices.h"

namespace byol {

/// The convolution of images [batch, in, height, width] with a weight [out, in, kernel, kernel], both channels_last and
/// of one type; so is the result. Differentiable, once, in each direction in the form that `choices` says; null: in the
/// library's. Gives up between its parts when its thread is asked to (interrupt.h).
at::Tensor convolve(const ConvolutionShape& shape, const at::Tensor& images, const at::Tensor& weight,
                    ConvolutionChoices* choices);

}  // namespace byol

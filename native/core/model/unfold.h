#pragma once

#include <ATen/ATen.h>

namespace byol {

/// A window that moves along one axis of an image: output i sees the `taps` positions from i * step + start on. Those
/// before the image's first and after its last are zeros.
struct Slide {
  int64_t outputs, step, start, taps;
};

/// The windows of images as rows of a matrix, so that a convolution is a matrix product: [B * rows.outputs *
/// columns.outputs, rows.taps * columns.taps * C], each row in the order of the taps' rows, their columns, channels.
/// `images`: [B, C, H, W], channels_last, on the CPU. `matrix`: of that size and the images' type, contiguous.
void unfold(const at::Tensor& images, const Slide& rows, const Slide& columns, const at::Tensor& matrix);

}  // namespace byol

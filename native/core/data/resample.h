#pragma once

#include <cstdint>

namespace byol {

/// An RGB image [from_height, from_width, 3] in other sizes, [to_height, to_width, 3]; all sides are at least 1.
///
/// Cubic convolution (Keys 1981, a = -0.5) with antialiasing: along an axis that becomes shorter the kernel is as much
/// wider as the pixels are. Pixels' centres lie at halves; beyond the edges there is nothing, and the weights of what is
/// there are normalised. Pillow's `resize(..., BICUBIC)` is the same but for rounding: it rounds between the two axes
/// too, and weights to whole numbers. Here both are float32, and rounded once.
void resample(const uint8_t* from, int64_t from_height, int64_t from_width, uint8_t* to, int64_t to_height,
              int64_t to_width);

}  // namespace byol

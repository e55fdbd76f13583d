#pragma once

#include <array>
#include <cstdint>
#include <span>

namespace byol {

template <class Number>
struct Box {
  Number top, left, height, width;
  bool operator==(const Box&) const = default;
};

/// A rectangle of pixels.
using CropBox = Box<int32_t>;
/// One whose edges may lie between pixels.
using CropPart = Box<double>;

/// How a stored image is turned to be seen: EXIF's tag 274, 1 (as it is stored) to 8.
using Orientation = int;
/// Whether rows are seen as columns.
constexpr bool is_transposed(Orientation orientation) { return orientation >= 5; }

/// When the image may be decoded at a half, a quarter or an eighth of its sides instead of the whole: where every crop
/// then still has `least_ratio` times the sides of the view that is made of it. Infinity: never.
/// bench/results/decode.json has what a ratio costs: a view without antialiasing can always tell.
struct ScaleRule {
  int64_t view_height, view_width;
  double least_ratio;
};

/// The part of an image that one or two crops need: the smallest rectangle with both, and their places in it. The
/// region, as RGB pixels, is a source image for plans whose crops are `boxes`.
struct CropRegion {
  /// Eighths of the image's sides at which it is decoded: 1, 2, 4 or 8.
  int scale;
  Orientation orientation;
  /// What is decoded: pixels of the scaled image as it is stored.
  CropBox stored;
  /// Of the region, upright.
  int32_t height, width;
  /// In pixels of the region, upright; `count` of them. Of a scaled crop they are what the crop is in that scale, to an
  /// eighth of a pixel, and the region has the pixels at its edges whole.
  std::array<CropPart, 2> boxes;
  int count;
};

/// `height`, `width`: of the upright image; `boxes`: one or two crops in its pixels. Throws ERR_BYOL_VALUE for another
/// number of boxes, a box that is empty or not inside the image, and an orientation that does not exist.
CropRegion crop_region(int64_t height, int64_t width, Orientation orientation, std::span<const CropBox> boxes,
                       const ScaleRule& rule);

/// Where to write the pixels of a stored region so that it stands upright: pixel (r, c) at byte
/// first + r * row_step + c * column_step.
struct UprightSteps {
  int64_t first, row_step, column_step;
};
UprightSteps upright_steps(const CropRegion& region);

}  // namespace byol

#include "core/data/crop_region.h"

#include <algorithm>
#include <cmath>
#include <string>
#include <utility>

#include "core/error.h"

namespace byol {
namespace {

// EXIF 2.32, tag 274, as what it does to the stored image: rows or columns run backwards, then both change places.
constexpr bool rows_reversed(Orientation o) { return o == 3 || o == 4 || o == 6 || o == 7; }
constexpr bool columns_reversed(Orientation o) { return o == 2 || o == 3 || o == 7 || o == 8; }

template <class Number>
Box<Number> reversed(Box<Number> box, Orientation orientation, int32_t height, int32_t width) {
  if (rows_reversed(orientation)) box.top = height - box.top - box.height;
  if (columns_reversed(orientation)) box.left = width - box.left - box.width;
  return box;
}

template <class Number>
Box<Number> transposed(const Box<Number>& box, Orientation orientation) {
  return is_transposed(orientation) ? Box<Number>{box.left, box.top, box.width, box.height} : box;
}

std::string text(const CropBox& box) {
  return std::to_string(box.height) + " x " + std::to_string(box.width) + " at (" + std::to_string(box.top) + ", " +
         std::to_string(box.left) + ")";
}

void check(int64_t height, int64_t width, Orientation orientation, std::span<const CropBox> boxes) {
  if (orientation < 1 || orientation > 8) {
    throw Error("ERR_BYOL_VALUE", "an orientation is 1 to 8, not " + std::to_string(orientation) + ".");
  }
  if (boxes.empty() || boxes.size() > 2) {
    throw Error("ERR_BYOL_VALUE", "an image has one or two crops, not " + std::to_string(boxes.size()) + ".");
  }
  for (const CropBox& box : boxes) {
    if (box.top >= 0 && box.left >= 0 && box.height >= 1 && box.width >= 1 && int64_t{box.top} + box.height <= height &&
        int64_t{box.left} + box.width <= width) {
      continue;
    }
    throw Error("ERR_BYOL_VALUE", "a crop of " + text(box) + " is not inside an image of " + std::to_string(height) +
                                      " x " + std::to_string(width) + " pixels.");
  }
}

// The smallest of 1, 2, 4 and 8 that leaves every crop large enough. Other eighths take libjpeg longer than the whole.
int scale_of(std::span<const CropBox> boxes, const ScaleRule& rule) {
  int scale = 8;
  const auto large_enough = [&](int eighths) {
    return std::all_of(boxes.begin(), boxes.end(), [&](const CropBox& box) {
      const double part = eighths / 8.0;
      return box.height * part >= rule.least_ratio * static_cast<double>(rule.view_height) &&
             box.width * part >= rule.least_ratio * static_cast<double>(rule.view_width);
    });
  };
  while (scale > 1 && large_enough(scale / 2)) scale /= 2;
  return scale;
}

CropPart scaled(const CropBox& box, int scale) {
  const double part = scale / 8.0;
  return {box.top * part, box.left * part, box.height * part, box.width * part};
}

// The smallest rectangle of pixels with all of them.
CropBox bounds(std::span<const CropPart> boxes) {
  CropPart edges{boxes[0].top, boxes[0].left, 0.0, 0.0};  // height and width: the lower and the right edge
  for (const CropPart& box : boxes) {
    edges.top = std::min(edges.top, box.top);
    edges.left = std::min(edges.left, box.left);
    edges.height = std::max(edges.height, box.top + box.height);
    edges.width = std::max(edges.width, box.left + box.width);
  }
  const auto top = static_cast<int32_t>(std::floor(edges.top)), left = static_cast<int32_t>(std::floor(edges.left));
  return {top, left, static_cast<int32_t>(std::ceil(edges.height)) - top,
          static_cast<int32_t>(std::ceil(edges.width)) - left};
}

}  // namespace

CropRegion crop_region(int64_t height, int64_t width, Orientation orientation, std::span<const CropBox> boxes,
                       const ScaleRule& rule) {
  check(height, width, orientation, boxes);
  CropRegion region{};
  region.scale = scale_of(boxes, rule);
  region.orientation = orientation;
  region.count = static_cast<int>(boxes.size());
  // A box inside the image has 32-bit sides, but the image itself might not.
  auto stored_height = static_cast<int32_t>(std::min<int64_t>(height, INT32_MAX));
  auto stored_width = static_cast<int32_t>(std::min<int64_t>(width, INT32_MAX));
  if (is_transposed(orientation)) std::swap(stored_height, stored_width);
  for (int i = 0; i < region.count; ++i) {
    const CropBox stored = reversed(transposed(boxes[i], orientation), orientation, stored_height, stored_width);
    region.boxes[i] = scaled(stored, region.scale);
  }
  region.stored = bounds({region.boxes.data(), boxes.size()});
  region.height = region.stored.height;
  region.width = region.stored.width;
  if (is_transposed(orientation)) std::swap(region.height, region.width);
  for (int i = 0; i < region.count; ++i) {
    CropPart box = region.boxes[i];
    box.top -= region.stored.top;
    box.left -= region.stored.left;
    region.boxes[i] = transposed(reversed(box, orientation, region.stored.height, region.stored.width), orientation);
  }
  return region;
}

UprightSteps upright_steps(const CropRegion& region) {
  const int64_t line = int64_t{region.width} * 3;
  const bool turned = is_transposed(region.orientation);
  UprightSteps steps{0, turned ? 3 : line, turned ? line : 3};
  if (rows_reversed(region.orientation)) {
    steps.first += (region.stored.height - 1) * steps.row_step;
    steps.row_step = -steps.row_step;
  }
  if (columns_reversed(region.orientation)) {
    steps.first += (region.stored.width - 1) * steps.column_step;
    steps.column_step = -steps.column_step;
  }
  return steps;
}

}  // namespace byol

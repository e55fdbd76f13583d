// Crops of turned images and at smaller scales, against images whose pixels know where they are.
#include "core/data/crop_region.h"

#include <array>
#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include "core/error.h"

#include "check.h"

using byol::crop_region;
using byol::CropBox;
using byol::CropPart;
using byol::CropRegion;
using byol::ScaleRule;

namespace {

constexpr double kNever = std::numeric_limits<double>::infinity();

std::string error_code(int64_t height, int64_t width, int orientation, const std::vector<CropBox>& boxes) {
  try {
    crop_region(height, width, orientation, boxes, {8, 8, kNever});
  } catch (const byol::Error& error) {
    return error.code();
  }
  return "none";
}

int scale_of(const std::vector<CropBox>& boxes, const ScaleRule& rule) {
  return crop_region(800, 800, 1, boxes, rule).scale;
}

}  // namespace

TEST(crop_region_turns_boxes_as_exif_turns_pixels) {
  constexpr int kHeight = 5, kWidth = 7;  // as stored
  for (int orientation = 1; orientation <= 8; ++orientation) {
    const bool turned = orientation > 4;
    const int height = turned ? kWidth : kHeight, width = turned ? kHeight : kWidth;
    // EXIF 2.32, tag 274: where the stored pixel (r, c) is seen.
    const auto seen = [&](int r, int c) -> std::array<int, 2> {
      const int last_r = kHeight - 1 - r, last_c = kWidth - 1 - c;
      switch (orientation) {
        case 1:
          return {r, c};
        case 2:
          return {r, last_c};
        case 3:
          return {last_r, last_c};
        case 4:
          return {last_r, c};
        case 5:
          return {c, r};
        case 6:
          return {c, last_r};
        case 7:
          return {last_c, last_r};
        default:
          return {last_c, r};
      }
    };
    const std::vector<CropBox> boxes = {{1, 2, 3, 2}, {2, 1, 2, 4 - (turned ? 1 : 0)}};
    const CropRegion region = crop_region(height, width, orientation, boxes, {8, 8, kNever});
    CHECK(region.scale == 8 && region.count == 2);
    // A region of pixels that are the numbers of their seen places.
    std::vector<int> pixels(static_cast<size_t>(region.height) * region.width, -1);
    const auto steps = byol::upright_steps(region);
    for (int r = 0; r < region.stored.height; ++r) {
      for (int c = 0; c < region.stored.width; ++c) {
        const auto [y, x] = seen(region.stored.top + r, region.stored.left + c);
        pixels[static_cast<size_t>(steps.first + r * steps.row_step + c * steps.column_step) / 3] = y * width + x;
      }
    }
    for (size_t i = 0; i < boxes.size(); ++i) {
      const auto& [top, left, box_height, box_width] = region.boxes[i];
      const CropBox box{static_cast<int32_t>(top), static_cast<int32_t>(left), static_cast<int32_t>(box_height),
                        static_cast<int32_t>(box_width)};
      CHECK((box.top == top && box.left == left && box.height == box_height && box.width == box_width));
      CHECK(box.height == boxes[i].height && box.width == boxes[i].width);
      for (int y = 0; y < box.height; ++y) {
        for (int x = 0; x < box.width; ++x) {
          CHECK(pixels[static_cast<size_t>(box.top + y) * region.width + box.left + x] ==
                (boxes[i].top + y) * width + boxes[i].left + x);
        }
      }
    }
  }
}

TEST(crop_region_scales_as_far_as_the_finer_crop_allows) {
  const CropBox large{0, 0, 800, 800}, half{100, 100, 400, 400}, flat{0, 0, 200, 800};
  CHECK(scale_of({large}, {100, 100, 1.0}) == 1);
  CHECK(scale_of({large}, {100, 100, 1.01}) == 2);
  CHECK(scale_of({large, half}, {100, 100, 1.0}) == 2);
  CHECK(scale_of({large, half}, {100, 100, 2.0}) == 4);
  CHECK(scale_of({half, flat}, {100, 100, 1.0}) == 4);
  CHECK(scale_of({flat}, {100, 100, 2.5}) == 8);
  CHECK(scale_of({flat}, {200, 800, 1.0}) == 8);
  CHECK(scale_of({large}, {1, 1, kNever}) == 8);
}

TEST(crop_region_keeps_scaled_edges_where_they_are) {
  // A side of 801 has 401 pixels at a half; the last covers half as much. Seen turned around, it is the first one.
  const std::vector<CropBox> boxes = {{3, 401, 798, 400}};
  const CropRegion region = crop_region(801, 801, 1, boxes, {100, 100, 2.0});
  CHECK(region.scale == 4);
  CHECK((region.stored == CropBox{1, 200, 400, 201}));
  CHECK((region.boxes[0] == CropPart{0.5, 0.5, 399, 200}) && region.height == 400 && region.width == 201);
  const CropRegion turned = crop_region(801, 801, 3, boxes, {100, 100, 2.0});
  CHECK((turned.stored == CropBox{0, 0, 399, 200}));
  CHECK((turned.boxes[0] == CropPart{0, 0, 399, 200}));
  const CropRegion two = crop_region(801, 801, 6, std::vector<CropBox>{{0, 3, 801, 400}, {8, 5, 400, 400}},
                                     {100, 100, 2.0});
  CHECK(two.scale == 4 && (two.stored == CropBox{198, 0, 201, 401}) && two.height == 401 && two.width == 201);
  CHECK((two.boxes[0] == CropPart{0, 0, 400.5, 200}) && (two.boxes[1] == CropPart{4, 1, 200, 200}));
}

TEST(crop_region_refuses_what_is_not_inside) {
  CHECK(error_code(5, 7, 1, {{0, 0, 5, 7}}) == "none");
  CHECK(error_code(5, 7, 8, {{4, 6, 1, 1}}) == "none");
  for (const CropBox& box : {CropBox{0, 0, 6, 7}, CropBox{0, 0, 5, 8}, CropBox{-1, 0, 5, 7}, CropBox{0, 1, 5, 7},
                             CropBox{0, 0, 0, 7}, CropBox{0, 0, 5, 0}, CropBox{1, 1, 2147483647, 2}}) {
    CHECK(error_code(5, 7, 1, {box}) == "ERR_BYOL_VALUE");
  }
  const CropBox whole{0, 0, 5, 7};
  CHECK(error_code(5, 7, 0, {whole}) == "ERR_BYOL_VALUE" && error_code(5, 7, 9, {whole}) == "ERR_BYOL_VALUE");
  CHECK(error_code(5, 7, 1, {}) == "ERR_BYOL_VALUE" && error_code(5, 7, 1, {whole, whole, whole}) == "ERR_BYOL_VALUE");
}

// Views of JPEG photos of which only what their crops need was decoded, against float64 crops of libjpeg's own decoding
// of the whole file.

#include <ATen/ATen.h>

#if defined(BYOL_HAVE_JPEG)

#include <algorithm>
#include <array>
#include <cmath>
#include <string>
#include <vector>

#include "core/augment/plan.h"
#include "core/augment/plan_row.h"
#include "core/data/image_store.h"
#include "core/data/jpeg_decoder.h"

#include "augment_cases.h"
#include "jpeg_cases.h"

#include "check.h"

namespace {

using namespace jpeg_cases;
using byol::CropPart;
using byol::CropRegion;
using byol::ImageStore;
using byol::JpegDecoder;
using byol::ViewSpec;

struct Photo {
  Bytes file;
  int orientation;
  std::string what;

  /// Upright RGB, by libjpeg alone; ink by the formula, in floating point.
  Picture whole() const {
    const Picture seen = upright(decode_plainly(file), std::max(orientation, 1));
    if (seen.components == 3) return seen;
    Picture rgb{seen.height, seen.width, 3, {}};
    for (size_t i = 0; i < seen.pixels.size(); i += 4) {  // Adobe's: 255 is no ink
      for (size_t c = 0; c < 3; ++c) {
        rgb.pixels.push_back(static_cast<uint8_t>(std::lround(seen.pixels[i + c] * seen.pixels[i + 3] / 255.0)));
      }
    }
    return rgb;
  }
};

Photo photo(int height, int width, const Encoding& how, const std::string& what, int components = 3) {
  return {encode(picture(height, width, components, static_cast<unsigned>(height * 131 + width)), how), how.orientation,
          what + ", " + std::to_string(width) + " x " + std::to_string(height)};
}

CropBox random_box(const Picture& image, std::mt19937& random) {
  const auto part = [&](int side) {
    const auto length = 1 + static_cast<int32_t>(random() % static_cast<unsigned>(side));
    return std::pair{static_cast<int32_t>(random() % static_cast<unsigned>(side - length + 1)), length};
  };
  const auto [top, height] = part(image.height);
  const auto [left, width] = part(image.width);
  return {top, left, height, width};
}

std::vector<float> plan_row(const CropPart& crop, bool flip) {
  std::vector<float> row(byol::kPlanColumns, 0.0F);
  row[byol::kCropTop] = static_cast<float>(crop.top);
  row[byol::kCropLeft] = static_cast<float>(crop.left);
  row[byol::kCropHeight] = static_cast<float>(crop.height);
  row[byol::kCropWidth] = static_cast<float>(crop.width);
  row[byol::kFlip] = flip ? 1.0F : 0.0F;
  row[byol::kJitterOrder] = -1.0F;
  return row;
}

CropPart part(const CropBox& box) {
  return {static_cast<double>(box.top), static_cast<double>(box.left), static_cast<double>(box.height),
          static_cast<double>(box.width)};
}

/// Root mean square and largest differences, in levels of 255. `inside`: of all but a view's outermost pixels.
struct Difference {
  double mean_square = 0.0, inside = 0.0, largest = 0.0;
};

/// Of both views of a photo of which two crops were decoded at the scale that the rule allows.
Difference difference_of(const Photo& photo, const std::array<CropBox, 2>& boxes, const ViewSpec& view,
                         const byol::ScaleRule& rule, int scale) {
  JpegDecoder decoder(photo.file, kLimits);
  const auto& header = decoder.header();
  const CropRegion region = byol::crop_region(header.height, header.width, header.orientation, boxes, rule);
  CHECK(region.scale == scale);
  const int64_t bytes = int64_t{region.height} * region.width * 3;
  std::shared_ptr<uint8_t[]> pixels(new uint8_t[static_cast<size_t>(bytes)]);
  const byol::DecodeStatus status = decoder.decode(region, pixels.get());
  if (!status.ok()) check::fail(__FILE__, __LINE__, photo.what + ": " + status.reason);
  const ImageStore store(pixels, {region.height}, {region.width}, {});
  const Picture whole = photo.whole();
  Difference result;
  for (size_t i = 0; i < boxes.size(); ++i) {
    const bool flip = i == 1;
    const at::Tensor seen =
        byol::execute_plan(store, {0}, plan_row(region.boxes[i], flip).data(), view, at::kFloat, 1)[0]
            .permute({1, 2, 0})
            .contiguous();
    const auto expected = oracle::expected_view(whole.pixels.data(), whole.height, whole.width,
                                                plan_row(part(boxes[i]), flip).data(), view);
    double sum = 0.0, inner_sum = 0.0;
    size_t inner = 0;
    for (size_t j = 0; j < expected.v.size(); ++j) {
      const double difference = 255.0 * (static_cast<double>(seen.const_data_ptr<float>()[j]) - expected.v[j]);
      sum += difference * difference;
      result.largest = std::max(result.largest, std::abs(difference));
      const int y = static_cast<int>(j / 3) / expected.width, x = static_cast<int>(j / 3) % expected.width;
      if (y == 0 || x == 0 || y == expected.height - 1 || x == expected.width - 1) continue;
      inner_sum += difference * difference;
      ++inner;
    }
    result.mean_square = std::max(result.mean_square, std::sqrt(sum / static_cast<double>(expected.v.size())));
    if (inner > 0) result.inside = std::max(result.inside, std::sqrt(inner_sum / static_cast<double>(inner)));
  }
  return result;
}

void check_views(const Photo& photo, std::mt19937& random) {
  const ViewSpec view = augment_cases::view_of(9, 12);  // bicubic without antialiasing, as the official code
  const Picture whole = photo.whole();
  for (int draw = 0; draw < 2; ++draw) {
    const std::array<CropBox, 2> boxes = {random_box(whole, random), random_box(whole, random)};
    const Difference difference = difference_of(photo, boxes, view, kNeverScaled, 8);
    if (difference.largest <= 255.0 * augment_cases::kTolerance) continue;
    check::fail(__FILE__, __LINE__, photo.what + ": a view differs by " + std::to_string(difference.largest));
  }
}

}  // namespace

TEST(photo_views_are_official_crops_of_the_whole_photo) {
  std::mt19937 random(7);
  struct Sampling {
    const char* name;
    int horizontal, vertical;
  };
  for (const auto& [name, horizontal, vertical] :
       {Sampling{"4:4:4", 1, 1}, {"4:2:2", 2, 1}, {"4:2:0", 2, 2}, {"4:4:0", 1, 2}, {"4:1:1", 4, 1}}) {
    for (const auto& [height, width] : {std::pair{1, 1}, {1, 7}, {9, 1}, {2, 3}, {17, 33}, {47, 31}}) {
      for (const bool progressive : {false, true}) {
        Encoding how{.horizontal = horizontal, .vertical = vertical, .progressive = progressive};
        for (how.orientation = 0; how.orientation <= 8; ++how.orientation) {
          check_views(photo(height, width, how, std::string(name) + " turned " + std::to_string(how.orientation)),
                      random);
        }
      }
    }
  }
  for (const int orientation : {0, 6}) {
    check_views(photo(47, 31, {.orientation = orientation}, "grey", 1), random);
    for (const J_COLOR_SPACE stored : {JCS_CMYK, JCS_YCCK}) {
      check_views(photo(47, 31, {.stored = stored, .orientation = orientation}, "ink", 4), random);
    }
  }
}

TEST(photo_views_with_antialiasing_hardly_tell_a_scaled_decoding) {
  // 288 of 300 pixels to 24 are 12 times as many: an eighth leaves 1.5 times, a quarter 3 times.
  ViewSpec view = augment_cases::view_of(24, 24);
  view.antialias = true;
  const std::array<CropBox, 2> boxes = {{{5, 3, 288, 288}, {0, 9, 291, 290}}};
  Picture smooth = picture(300, 301);
  for (int y = 0; y < 300; ++y) {
    for (int x = 0; x < 301; ++x) {
      for (int c = 0; c < 3; ++c) {
        const double wave = std::sin(0.11 * x + c) * std::cos(0.07 * y) + 0.4 * std::sin(0.13 * (x + y));
        smooth.pixels[(static_cast<size_t>(y) * 301 + static_cast<size_t>(x)) * 3 + static_cast<size_t>(c)] =
            static_cast<uint8_t>(128 + 80 * wave);
      }
    }
  }
  for (const int orientation : {1, 3, 6, 8}) {
    const Photo photo{encode(smooth, {.orientation = orientation}), orientation, "smooth"};
    for (const auto& [least, scale] : {std::pair{3.0, 2}, std::pair{6.0, 4}}) {
      // Half a pixel of the scaled photo beside its place would be 5 to 12 levels. At a crop's edges a pixel of it that
      // lies partly outside counts in full: of waves as steep as these that is more than all other differences
      // together.
      const Difference difference = difference_of(photo, boxes, view, {24, 24, least}, scale);
      CHECK(difference.inside < (scale == 2 ? 0.65 : 0.35));
      CHECK(difference.mean_square < (scale == 2 ? 1.5 : 0.8));
    }
  }
}

#endif

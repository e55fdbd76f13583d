#pragma once

// One row of a plan, and how it is decoded. No header of LibTorch or of the standard library here: the kernels of
// fused_kernels.isa.cpp and of native/kernels take it too.

#include "core/augment/pixel_arithmetic.h"

namespace byol {

/// Columns of a plan row: the numbers that TypeScript drew for one sample of one view. lib/augment/columns.ts has the
/// same order.
enum PlanColumn : int {
  kCropTop,      // pixels, >= 0; parts of pixels too, as of an image that was made smaller
  kCropLeft,     // pixels, >= 0
  kCropHeight,   // pixels, > 0
  kCropWidth,    // pixels, > 0
  kFlip,         // 1: mirrored left-right after the crop
  kJitterOrder,  // -1: no colour jitter; else 0..23, the lexicographic index of an order of the next four
  kBrightness,   // official: added offset; torchvision: factor
  kContrast,     // factor
  kSaturation,   // factor
  kHue,          // shift in turns, [-0.5, 0.5]
  kGrayscale,    // 1: grey
  kBlurSigma,    // 0: no blur; else the Gaussian's standard deviation in output pixels
  kSolarize,     // 1: solarised at threshold 0.5
  kPlanColumns
};

enum class JitterStep : int { Brightness, Contrast, Saturation, Hue };
constexpr int kJitterSteps = 4;

struct PlanRow {
  float top, left, height, width;  ///< crop, in pixels of the source
  bool flip;
  bool jitter;
  int order;  ///< of the four steps, for jitter_step(); meaningless without jitter
  float brightness, contrast, saturation, hue;
  bool grayscale;
  float blur_sigma;  ///< 0: none
  bool solarize;
};

/// The pixels of a line that an output may be a mean of, and where in them the crop begins.
struct CropLine {
  int first, length;
  double start;
};

/// Of a crop from `start` on in a line of `side` pixels: its own, also those that it has a part of; or with `beyond` all
/// pixels of the line.
BYOL_PIXEL CropLine crop_line(float start, float length, int side, bool beyond) {
  if (beyond) return {0, side, start};
  const int first = static_cast<int>(start);
  const double end = static_cast<double>(start) + static_cast<double>(length);
  const int whole = static_cast<int>(end);
  const int behind = whole < end && whole < side ? whole + 1 : whole;
  return {first, behind - first, static_cast<double>(start) - first};
}

/// The step that is taken as number `i`, from 0.
BYOL_PIXEL JitterStep jitter_step(const PlanRow& row, int i) {
  return static_cast<JitterStep>(row.order >> 4 * i & 0xF);
}

/// The lexicographic index of a permutation of the four steps, decoded in the factorial number system: each digit picks
/// one of those left. Both lists are four bits a step, so that a kernel needs no memory for them.
BYOL_PIXEL int jitter_order(int index) {
  int order = 0, left = 0x3210, weight = 6;
  for (int i = 0; i < kJitterSteps; ++i) {
    const int at = 4 * (index / weight);
    index %= weight;
    weight = i < 2 ? weight / (3 - i) : 1;
    order |= (left >> at & 0xF) << 4 * i;
    const int before = (1 << at) - 1;
    left = (left & before) | (left >> 4 & ~before);
  }
  return order;
}

/// `row` has kPlanColumns values that check_plan has accepted.
BYOL_PIXEL PlanRow read_plan_row(const float* row) {
  PlanRow result{};
  result.top = row[kCropTop];
  result.left = row[kCropLeft];
  result.height = row[kCropHeight];
  result.width = row[kCropWidth];
  result.flip = row[kFlip] != 0.0F;
  result.jitter = row[kJitterOrder] >= 0.0F;
  if (result.jitter) {
    result.order = jitter_order(static_cast<int>(row[kJitterOrder]));
    result.brightness = row[kBrightness];
    result.contrast = row[kContrast];
    result.saturation = row[kSaturation];
    result.hue = row[kHue];
  }
  result.grayscale = row[kGrayscale] != 0.0F;
  result.blur_sigma = row[kBlurSigma];
  result.solarize = row[kSolarize] != 0.0F;
  return result;
}

}  // namespace byol

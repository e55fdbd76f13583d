#pragma once

// What is done to one pixel, between the resize and the blur and after the blur. Before and after contrast, which needs
// a mean over the view.

#include "kernels/augment_sample.cuh"

namespace byol::kernels {

/// The number of the contrast step in the row's order; 0 without jitter.
BYOL_DEVICE int contrast_at(const PlanRow& row) {
  int at = 0;
  while (row.jitter && jitter_step(row, at) != JitterStep::Contrast) ++at;
  return at;
}

BYOL_DEVICE Rgb<float> jittered(Rgb<float> p, const PlanRow& row, JitterStep step, bool official, Rgb<float> mean) {
  if (step == JitterStep::Brightness) {
    const float factor = official ? 1.0F : row.brightness, offset = official ? row.brightness : 0.0F;
    p = {p.r * factor + offset, p.g * factor + offset, p.b * factor + offset};
  } else if (step == JitterStep::Contrast) {
    p = pixel::blend(p, mean, row.contrast);
  } else if (step == JitterStep::Hue) {
    p = pixel::shift_hue(p, row.hue);
  } else if (official) {
    p = pixel::scale_saturation(p, row.saturation);
  } else {
    const float grey = pixel::luma(p);
    p = pixel::blend(p, {grey, grey, grey}, row.saturation);
  }
  return pixel::clip(p);
}

/// A resized pixel, 0..255 and beyond, up to the contrast step.
BYOL_DEVICE Rgb<float> before_contrast(Rgb<float> p, const PlanRow& row, int contrast, bool official) {
  constexpr float kScale = 1.0F / 255.0F;
  p = pixel::clip(Rgb<float>{p.r * kScale, p.g * kScale, p.b * kScale});
  for (int i = 0; i < contrast; ++i) p = jittered(p, row, jitter_step(row, i), official, {});
  return p;
}

/// What contrast needs of a pixel that before_contrast() is done with.
BYOL_DEVICE Rgb<float> contrast_term(Rgb<float> p, bool official) {
  if (official) return p;
  const float grey = pixel::luma(p);
  return {grey, grey, grey};
}

/// Contrast, with the mean of contrast_term() over the view, the steps behind it, and grey.
BYOL_DEVICE Rgb<float> from_contrast(Rgb<float> p, const PlanRow& row, int contrast, bool official, Rgb<float> mean) {
  if (row.jitter) {
    for (int i = contrast; i < kJitterSteps; ++i) p = jittered(p, row, jitter_step(row, i), official, mean);
  }
  if (row.grayscale) {
    const float grey = pixel::luma(p);
    p = {grey, grey, grey};
  }
  return p;
}

BYOL_DEVICE float finished(float value, const PlanRow& row, float mean, float inverse_std) {
  if (row.solarize) value = pixel::solarise(value);
  return (pixel::clip(value) - mean) * inverse_std;
}

BYOL_DEVICE Rgb<float> finished(Rgb<float> p, const PlanRow& row, const AugmentView& view) {
  return {finished(p.r, row, view.mean[0], view.inverse_std[0]), finished(p.g, row, view.mean[1], view.inverse_std[1]),
          finished(p.b, row, view.mean[2], view.inverse_std[2])};
}

}  // namespace byol::kernels

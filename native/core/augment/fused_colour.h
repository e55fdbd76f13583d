#pragma once

// Colour jitter and grey on planes, in as few passes over the pixels as the mean in the middle of contrast allows. For
// fused_kernels.isa.cpp only.

#include "core/augment/fused_lanes.h"
#include "core/augment/fused_planes.h"
#include "core/augment/pixel_arithmetic.h"

namespace byol {
namespace {

/// Mean of value<V>(i) over the pixels i. Float32 sums of at most 64 terms per lane are added up in float64.
template <class Value>
inline __attribute__((always_inline)) float mean_over(int pixels, Value&& value) {
  double total = 0.0;
  int i = 0;
  while (i + kLanes <= pixels) {
    Lanes sum{};
    for (int term = 0; term < 64 && i + kLanes <= pixels; ++term, i += kLanes)
      sum += value.template operator()<Lanes>(i);
    float lanes[kLanes];
    store(lanes, sum);
    for (const float lane : lanes) total += lane;
  }
  for (; i < pixels; ++i) total += value.template operator()<float>(i);
  return static_cast<float>(total / pixels);
}

/// What contrast leaves as it is: each channel's mean, or the grey image's.
inline Rgb<float> contrast_middle(const Planes& planes, int pixels, bool official) {
  const float *r = planes.plane(0), *g = planes.plane(1), *b = planes.plane(2);
  if (official) {
    return {mean_over(pixels, [&]<class V>(int i) { return load<V>(r + i); }),
            mean_over(pixels, [&]<class V>(int i) { return load<V>(g + i); }),
            mean_over(pixels, [&]<class V>(int i) { return load<V>(b + i); })};
  }
  const float grey = mean_over(pixels, [&]<class V>(int i) {
    return pixel::luma(Rgb<V>{load<V>(r + i), load<V>(g + i), load<V>(b + i)});
  });
  return {grey, grey, grey};
}

inline __attribute__((always_inline)) Rgb<Lanes> all_of(Lanes value) { return {value, value, value}; }

/// Pixels that a pass takes through all of its steps before it goes on: their planes stay in the first cache.
constexpr int kColourBlock = 512;

/// Replaces pixels [begin, end) by change(pixel), whole vectors.
template <class Change>
inline __attribute__((always_inline)) void change_pixels(const Planes& planes, int begin, int end, Change&& change) {
  for (int i = begin; i < end; i += kLanes) planes.store_pixels(i, change(planes.load_pixels(i)));
}

inline void jitter_pixels(const Planes& planes, int begin, int end, JitterStep step, const PlanRow& row,
                          Rgb<float> middle, bool official) {
  switch (step) {
    case JitterStep::Brightness: {
      const float factor = official ? 1.0F : row.brightness, offset = official ? row.brightness : 0.0F;
      change_pixels(planes, begin, end, [&](Rgb<Lanes> p) {
        return pixel::clip(Rgb<Lanes>{p.r * factor + offset, p.g * factor + offset, p.b * factor + offset});
      });
      break;
    }
    case JitterStep::Contrast: {
      const Rgb<Lanes> other{Lanes{} + middle.r, Lanes{} + middle.g, Lanes{} + middle.b};
      change_pixels(planes, begin, end,
                    [&](Rgb<Lanes> p) { return pixel::clip(pixel::blend(p, other, row.contrast)); });
      break;
    }
    case JitterStep::Saturation:
      if (official) {
        change_pixels(planes, begin, end,
                      [&](Rgb<Lanes> p) { return pixel::clip(pixel::scale_saturation(p, row.saturation)); });
      } else {
        change_pixels(planes, begin, end, [&](Rgb<Lanes> p) {
          return pixel::clip(pixel::blend(p, all_of(pixel::luma(p)), row.saturation));
        });
      }
      break;
    case JitterStep::Hue:
      change_pixels(planes, begin, end, [&](Rgb<Lanes> p) { return pixel::clip(pixel::shift_hue(p, row.hue)); });
      break;
  }
}

/// The jitter's steps from `first` on, before `last`, and grey in the end.
inline void change_colours(const Planes& planes, int pixels, const PlanRow& row, int first, int last,
                           Rgb<float> middle, bool official, bool grey) {
  for (int begin = 0; begin < pixels; begin += kColourBlock) {
    const int end = begin + kColourBlock < pixels ? begin + kColourBlock : pixels;
    for (int step = first; step < last; ++step) {
      jitter_pixels(planes, begin, end, jitter_step(row, step), row, middle, official);
    }
    if (grey) change_pixels(planes, begin, end, [](Rgb<Lanes> p) { return all_of(pixel::luma(p)); });
  }
}

inline void jitter_and_grey(const FusedView& view, const PlanRow& row, const Planes& planes) {
  const int pixels = view.height * view.width;
  const bool official = view.official_jitter;
  int contrast = 0;
  Rgb<float> middle{};
  if (row.jitter) {
    while (jitter_step(row, contrast) != JitterStep::Contrast) ++contrast;
    if (contrast > 0) change_colours(planes, pixels, row, 0, contrast, middle, official, false);
    middle = contrast_middle(planes, pixels, official);
  }
  const int steps = row.jitter ? kJitterSteps : 0;
  if (row.jitter || row.grayscale) {
    change_colours(planes, pixels, row, contrast, steps, middle, official, row.grayscale);
  }
}

}  // namespace
}  // namespace byol

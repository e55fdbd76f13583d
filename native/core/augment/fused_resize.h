#pragma once

// Crop and separable resize of one sample: rows are combined first, whole vectors at a time, then the pixels of the
// combined row, each as one vector of four floats. For fused_kernels.isa.cpp only.

#include "core/augment/fused_kernels.h"
#include "core/augment/fused_lanes.h"
#include "core/augment/pixel_arithmetic.h"

namespace byol {
namespace {

/// Source pixels and weights of each output position along one axis.
struct Taps {
  pixel::Window* windows;
  float* weights;  ///< `stride` per position
  int stride;
};

inline pixel::Resize resize_of(const FusedView& view, int in, int out) {
  return pixel::resize_of(in, out, view.cubic, view.antialias);
}

inline Taps take_taps(Arena& arena, const FusedView& view, int in, int out) {
  const int stride = pixel::most_taps(resize_of(view, in, out));
  static_assert(sizeof(pixel::Window) == 2 * sizeof(float));
  return {reinterpret_cast<pixel::Window*>(arena.take(2 * out)), arena.take(static_cast<std::int64_t>(stride) * out),
          stride};
}

inline void fill_taps(const Taps& taps, const FusedView& view, int in, int out, bool mirrored) {
  const pixel::Resize resize = resize_of(view, in, out);
  for (int i = 0; i < out; ++i) {
    const double centre = pixel::centre_of(resize, i);
    const int position = mirrored ? out - 1 - i : i;
    const pixel::Window window = pixel::window(centre, resize.reach, in);
    float* weights = taps.weights + static_cast<std::int64_t>(position) * taps.stride;
    float sum = 0.0F;
    for (int k = 0; k < window.count; ++k) {
      weights[k] = pixel::tap(resize, window.first + k, centre);
      sum += weights[k];
    }
    for (int k = 0; k < window.count; ++k) weights[k] /= sum;
    taps.windows[position] = window;
  }
}

struct ResizeScratch {
  Taps down, across;
  float* ring;      ///< the source rows that the current output row needs, as floats
  int ring_stride;  ///< floats per row
  float* line;      ///< their weighted mean

  ResizeScratch(Arena& arena, const FusedView& view)
      : down(take_taps(arena, view, view.source_height, view.height)),
        across(take_taps(arena, view, view.source_width, view.width)),
        ring_stride(padded(3 * view.source_width + 1)) {
    ring = arena.take(static_cast<std::int64_t>(ring_stride) * down.stride);
    line = arena.take(ring_stride);
  }
};

inline void widen(const std::uint8_t* __restrict from, float* __restrict to, int count) {
  for (int i = 0; i < count; ++i) to[i] = static_cast<float>(from[i]);
}

// line = sum of weights[k] * row k of the window, which lies in the ring from some slot on and goes on at slot 0.
inline void combine_rows(const ResizeScratch& s, pixel::Window window, const float* weights, int floats) {
  const int slot = window.first % s.down.stride;
  const int before_end = window.count < s.down.stride - slot ? window.count : s.down.stride - slot;
  for (int i = 0; i < floats; i += kLanes) {
    Lanes sum{};
    const float* from = s.ring + slot * s.ring_stride + i;
    for (int k = 0; k < before_end; ++k, from += s.ring_stride) sum += load<Lanes>(from) * weights[k];
    from = s.ring + i;
    for (int k = before_end; k < window.count; ++k, from += s.ring_stride) sum += load<Lanes>(from) * weights[k];
    store(s.line + i, sum);
  }
}

inline void combine_pixels(const ResizeScratch& s, int width, float* out) {
  for (int x = 0; x < width; ++x) {
    const pixel::Window window = s.across.windows[x];
    const float* weights = s.across.weights + static_cast<std::int64_t>(x) * s.across.stride;
    const float* from = s.line + 3 * window.first;
    Quad sum{};
    for (int k = 0; k < window.count; ++k) sum += load<Quad>(from + 3 * k) * weights[k];
    store(out + 3 * x, sum);
  }
}

/// Writes the view's pixels, interleaved, 0..255 and beyond; the float after the last is overwritten too.
inline void crop_and_resize(const FusedView& view, const FusedSource& source, const PlanRow& row,
                            const ResizeScratch& s, float* out) {
  fill_taps(s.down, view, row.height, view.height, false);
  fill_taps(s.across, view, row.width, view.width, row.flip);
  const std::uint8_t* corner = source.pixels + (static_cast<std::int64_t>(row.top) * source.width + row.left) * 3;
  int widened = 0;
  for (int y = 0; y < view.height; ++y) {
    const pixel::Window window = s.down.windows[y];
    if (widened < window.first) widened = window.first;
    for (; widened < window.first + window.count; ++widened) {
      widen(corner + static_cast<std::int64_t>(widened) * source.width * 3,
            s.ring + widened % s.down.stride * s.ring_stride, 3 * row.width);
    }
    combine_rows(s, window, s.down.weights + static_cast<std::int64_t>(y) * s.down.stride, 3 * row.width + 1);
    combine_pixels(s, view.width, out + static_cast<std::int64_t>(y) * view.width * 3);
  }
}

}  // namespace
}  // namespace byol

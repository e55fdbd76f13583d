#pragma once

// Crop and separable resize of one sample, to planes: rows are combined first, whole vectors at a time, then the columns
// of the combined row. For fused_kernels.isa.cpp only.

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

inline pixel::Resize resize_of(const FusedView& view, double start, double length, int out) {
  return pixel::resize_of(start, length, out, view.cubic, view.antialias);
}

inline Taps take_taps(Arena& arena, const FusedView& view, int in, int out) {
  const int stride = pixel::most_taps(resize_of(view, 0.0, in, out));
  static_assert(sizeof(pixel::Window) == 2 * sizeof(float));
  return {reinterpret_cast<pixel::Window*>(arena.take(2 * out)), arena.take(static_cast<std::int64_t>(stride) * out),
          stride};
}

inline void fill_taps(const Taps& taps, const pixel::Resize& resize, int in, int out, bool mirrored) {
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

/// The columns' windows for kLanes positions at a time. Tap k of all of them lies in the same vectors, k pixels on.
struct Groups {
  std::int32_t* starts;  ///< the leftmost pixel of each group
  std::int32_t* places;  ///< from there to the first pixel of each position
  float* weights;        ///< of each group `stride` vectors, zero where a position has fewer taps
  int stride;
};

/// Vectors that a group's first pixels may lie in.
constexpr int kMostVectors = 4;

inline Groups take_groups(Arena& arena, int out, int stride) {
  const int lanes = padded(out);
  static_assert(sizeof(std::int32_t) == sizeof(float));
  return {reinterpret_cast<std::int32_t*>(arena.take(lanes)), reinterpret_cast<std::int32_t*>(arena.take(lanes)),
          arena.take(static_cast<std::int64_t>(stride) * lanes), stride};
}

/// The number of taps of all groups, and how many vectors the first pixels of one lie in, at most.
struct GroupShape {
  int taps, vectors;
};

inline GroupShape fill_groups(const Groups& groups, const Taps& taps, int out) {
  GroupShape shape{0, 1};
  for (int i = 0; i < out; ++i) shape.taps = pixel::larger(shape.taps, taps.windows[i].count);
  for (int first = 0, g = 0; first < out; first += kLanes, ++g) {
    const int end = pixel::smaller(first + kLanes, out);
    // Windows follow each other, or the other way round where the view is mirrored.
    const int start = pixel::smaller(taps.windows[first].first, taps.windows[end - 1].first);
    float* const weights = groups.weights + static_cast<std::int64_t>(g) * groups.stride * kLanes;
    groups.starts[g] = start;
    for (int lane = 0; lane < kLanes; ++lane) {
      const int i = first + lane;
      const int place = i < end ? taps.windows[i].first - start : 0, count = i < end ? taps.windows[i].count : 0;
      const float* const from = taps.weights + static_cast<std::int64_t>(i) * taps.stride;
      groups.places[first + lane] = place;
      shape.vectors = pixel::larger(shape.vectors, place / kLanes + 1);
      for (int k = 0; k < shape.taps; ++k) weights[k * kLanes + lane] = k < count ? from[k] : 0.0F;
    }
  }
  return shape;
}

struct ResizeScratch {
  Taps down, across;
  Groups groups;
  float* ring;       ///< the source rows that the current output row needs, as floats
  int ring_stride;   ///< floats per row
  float* line;       ///< their weighted mean: pixel by pixel, or three channels
  int line_channel;  ///< floats from one channel to the next
  float* pixels;     ///< a row of the view, pixel by pixel

  ResizeScratch(Arena& arena, const FusedView& view)
      : down(take_taps(arena, view, view.source_height, view.height)),
        across(take_taps(arena, view, view.source_width, view.width)),
        groups(take_groups(arena, view.width, across.stride)),
        ring_stride(padded_pixels(view.source_width)),
        // Groups read whole vectors from their taps on, of which those behind the last pixel have no weight.
        line_channel(padded(view.source_width + across.stride) + (kMostVectors + 1) * kQuantum) {
    ring = arena.take(static_cast<std::int64_t>(ring_stride) * down.stride);
    line = arena.take(3 * static_cast<std::int64_t>(line_channel) + kQuantum);
    pixels = arena.take(padded_pixels(view.width) + kQuantum);
  }

  /// Floats of so many pixels in whole triples of vectors.
  static constexpr int padded_pixels(int count) { return 3 * padded(count); }
};

inline void widen(const std::uint8_t* __restrict from, float* __restrict to, int count) {
  for (int i = 0; i < count; ++i) to[i] = static_cast<float>(from[i]);
}

// line = sum of weights[k] * row k of the window, which lies in the ring from some slot on and goes on at slot 0.
template <bool kByChannels>
inline void combine_rows(const ResizeScratch& s, pixel::Window window, const float* weights, int pixels) {
  const int slot = window.first % s.down.stride;
  const int before_end = window.count < s.down.stride - slot ? window.count : s.down.stride - slot;
  for (int i = 0; i < pixels; i += kLanes) {
    Triple sum{};
    const auto add = [&](const float* from, int begin, int end) __attribute__((always_inline)) {
      for (int k = begin; k < end; ++k, from += s.ring_stride) {
        for (int v = 0; v < 3; ++v) sum.v[v] += load<Lanes>(from + v * kLanes) * weights[k];
      }
    };
    add(s.ring + static_cast<std::int64_t>(slot) * s.ring_stride + 3 * i, 0, before_end);
    add(s.ring + 3 * i, before_end, window.count);
    if constexpr (kByChannels) sum = reordered(sum, kByChannel);
    for (int v = 0; v < 3; ++v) store(kByChannels ? s.line + v * s.line_channel + i : s.line + 3 * i + v * kLanes, sum.v[v]);
  }
}

inline __attribute__((always_inline)) Lanes to_unit(Lanes value) { return pixel::clip(value / 255.0F); }

// A row of the view, to three planes. Writes whole vectors.
template <int kVectors>
inline void combine_groups(const ResizeScratch& s, int taps, int width, float* plane, int stride) {
  for (int x = 0, g = 0; x < width; x += kLanes, ++g) {
    Indices places;
    __builtin_memcpy(&places, s.groups.places + x, sizeof places);
    const float* weights = s.groups.weights + static_cast<std::int64_t>(g) * s.groups.stride * kLanes;
    const float* from = s.line + s.groups.starts[g];
    Triple sum{};
    for (int k = 0; k < taps; ++k, ++from, weights += kLanes) {
      const Lanes weight = load<Lanes>(weights);
      for (int c = 0; c < 3; ++c) {
        const float* const at = from + c * s.line_channel;
        Lanes value = load<Lanes>(at);
        if constexpr (kVectors > 1) value = pick(value, places, load<Lanes>(at + kLanes));
        if constexpr (kVectors > 2) {
          const Lanes behind = pick(load<Lanes>(at + 2 * kLanes), places, load<Lanes>(at + 3 * kLanes));
          value = (places & 2 * kLanes) != 0 ? behind : value;
        }
        sum.v[c] += value * weight;
      }
    }
    for (int c = 0; c < 3; ++c) store(plane + c * stride + x, to_unit(sum.v[c]));
  }
}

// The same pixel by pixel, each a vector of four floats.
inline void combine_pixels(const ResizeScratch& s, int width, float* plane, int stride) {
  for (int x = 0; x < width; ++x) {
    const pixel::Window window = s.across.windows[x];
    const float* weights = s.across.weights + static_cast<std::int64_t>(x) * s.across.stride;
    const float* from = s.line + 3 * window.first;
    Quad sum{};
    for (int k = 0; k < window.count; ++k) sum += load<Quad>(from + 3 * k) * weights[k];
    store(s.pixels + 3 * x, sum);
  }
  for (int x = 0; x < width; x += kLanes) {
    Triple row;
    for (int v = 0; v < 3; ++v) row.v[v] = load<Lanes>(s.pixels + 3 * x + v * kLanes);
    row = reordered(row, kByChannel);
    for (int c = 0; c < 3; ++c) store(plane + c * stride + x, to_unit(row.v[c]));
  }
}

/// Writes the view's pixels to three planes, `stride` floats apart, in [0, 1]. The last vector of a row may run into the
/// next row, which is written after it, or into the gap between two planes.
inline void crop_and_resize(const FusedView& view, const FusedSource& source, const PlanRow& row,
                            const ResizeScratch& s, float* planes, int stride) {
  const CropLine down = crop_line(row.top, row.height, source.height, view.beyond_crop);
  const CropLine across = crop_line(row.left, row.width, source.width, view.beyond_crop);
  fill_taps(s.down, resize_of(view, down.start, row.height, view.height), down.length, view.height, false);
  fill_taps(s.across, resize_of(view, across.start, row.width, view.width), across.length, view.width, row.flip);
  // Columns that no window has are not looked at.
  const pixel::Window begin = s.across.windows[row.flip ? view.width - 1 : 0];
  const pixel::Window end = s.across.windows[row.flip ? 0 : view.width - 1];
  const int left = begin.first, columns = end.first + end.count - left;
  for (int x = 0; x < view.width; ++x) s.across.windows[x].first -= left;
  GroupShape shape{0, kMostVectors + 1};
  if constexpr (kPicks) shape = fill_groups(s.groups, s.across, view.width);
  const std::uint8_t* corner =
      source.pixels + (static_cast<std::int64_t>(down.first) * source.width + across.first + left) * 3;
  int widened = 0;
  for (int y = 0; y < view.height; ++y) {
    const pixel::Window window = s.down.windows[y];
    const float* const weights = s.down.weights + static_cast<std::int64_t>(y) * s.down.stride;
    float* const plane = planes + static_cast<std::int64_t>(y) * view.width;
    if (widened < window.first) widened = window.first;
    for (; widened < window.first + window.count; ++widened) {
      widen(corner + static_cast<std::int64_t>(widened) * source.width * 3,
            s.ring + static_cast<std::int64_t>(widened % s.down.stride) * s.ring_stride, 3 * columns);
    }
    if (shape.vectors > kMostVectors) {
      combine_rows<false>(s, window, weights, columns);
      combine_pixels(s, view.width, plane, stride);
      continue;
    }
    combine_rows<true>(s, window, weights, columns);
    if (shape.vectors <= 2) {
      combine_groups<2>(s, shape.taps, view.width, plane, stride);
    } else {
      combine_groups<4>(s, shape.taps, view.width, plane, stride);
    }
  }
}

}  // namespace
}  // namespace byol

#pragma once

// A Gaussian blur of planes, along rows and then along columns. For fused_kernels.isa.cpp only.

#include "core/augment/fused_lanes.h"
#include "core/augment/fused_planes.h"
#include "core/augment/pixel_arithmetic.h"

namespace byol {
namespace {

struct BlurScratch {
  int stride;    ///< floats from row to row of `blurred`
  float* line;   ///< one row with its borders
  float* blurred;  ///< one plane, blurred along rows, with its borders above and below
  float* taps;

  BlurScratch(Arena& arena, const FusedView& view) : stride(padded(view.width)) {
    const int radius = view.blur_radius;
    line = arena.take(stride + 2 * radius);
    blurred = arena.take(static_cast<std::int64_t>(stride) * (view.height + 2 * radius));
    taps = arena.take(radius + 1);
  }
};

template <int U>
struct LanesGroup {
  Lanes v[U];
};

// U vectors of convolve(), side by side: the additions of one depend on each other.
template <int U, class At>
inline __attribute__((always_inline)) LanesGroup<U> convolve_group(const float* taps, int radius, int i, At&& at) {
  LanesGroup<U> sum;
  for (int u = 0; u < U; ++u) sum.v[u] = load<Lanes>(at(i, 0) + u * kLanes) * taps[0];
  for (int k = 1; k <= radius; ++k) {
    const float* const before = at(i, -k);
    const float* const after = at(i, k);
    for (int u = 0; u < U; ++u)
      sum.v[u] += (load<Lanes>(before + u * kLanes) + load<Lanes>(after + u * kLanes)) * taps[k];
  }
  return sum;
}

// out[i] = sum of taps[|k|] * at(i, k)[0] over -radius <= k <= radius. Writes whole vectors, up to padded(count).
template <class At>
inline __attribute__((always_inline)) void convolve(const float* taps, int radius, int count, float* out, At&& at) {
  int i = 0;
  for (; i + 4 * kLanes <= count; i += 4 * kLanes) {
    const LanesGroup<4> sum = convolve_group<4>(taps, radius, i, at);
    for (int u = 0; u < 4; ++u) store(out + i + u * kLanes, sum.v[u]);
  }
  for (; i + 2 * kLanes <= count; i += 2 * kLanes) {
    const LanesGroup<2> sum = convolve_group<2>(taps, radius, i, at);
    for (int u = 0; u < 2; ++u) store(out + i + u * kLanes, sum.v[u]);
  }
  for (; i < count; i += kLanes) store(out + i, convolve_group<1>(taps, radius, i, at).v[0]);
}

/// Standard deviations beyond which a tap is less than 2^-26 of the middle one: nothing that is left of it in a sum of
/// floats. Further out they would become denormals, which are slow.
constexpr float kBlurReach = 6.0F;

/// Fills taps[|k|], summing to one over -radius <= k <= radius, and returns that radius: the view's, or a smaller one.
inline int fill_blur_taps(float* taps, int most, float sigma) {
  const float reach = kBlurReach * sigma;
  const int radius = reach < static_cast<float>(most) ? static_cast<int>(reach) : most;
  float sum = 1.0F;
  taps[0] = 1.0F;
  for (int k = 1; k <= radius; ++k) {
    taps[k] = pixel::gaussian(static_cast<float>(k), sigma);
    sum += 2.0F * taps[k];
  }
  for (int k = 0; k <= radius; ++k) taps[k] /= sum;
  return radius;
}

// Borders are the positions -i and length - 1 + i for 1 <= i <= radius; reflected, they are i and length - 1 - i.

// Along rows, from a plane to s.blurred.
inline void blur_rows(const FusedView& view, const BlurScratch& s, int radius, const float* plane) {
  const int width = view.width;
  float* const line = s.line + radius;
  for (int y = 0; y < view.height; ++y) {
    const float* const row = plane + static_cast<std::int64_t>(y) * width;
    __builtin_memcpy(line, row, sizeof(float) * static_cast<std::size_t>(width));
    for (int i = 1; i <= radius; ++i) {
      line[-i] = view.reflect ? row[i] : 0.0F;
      line[width - 1 + i] = view.reflect ? row[width - 1 - i] : 0.0F;
    }
    convolve(s.taps, radius, width, s.blurred + static_cast<std::int64_t>(radius + y) * s.stride,
             [&](int i, int k) { return line + i + k; });
  }
}

// Along columns, from s.blurred to a plane. A row's last vector may run into the next row, which is written after it,
// or into the gap before the next plane.
inline void blur_columns(const FusedView& view, const BlurScratch& s, int radius, float* plane) {
  const int height = view.height;
  const auto row = [&](int y) { return s.blurred + static_cast<std::int64_t>(radius + y) * s.stride; };
  const std::size_t bytes = sizeof(float) * static_cast<std::size_t>(s.stride);
  for (int i = 1; i <= radius; ++i) {
    if (view.reflect) {
      __builtin_memcpy(row(-i), row(i), bytes);
      __builtin_memcpy(row(height - 1 + i), row(height - 1 - i), bytes);
    } else {
      __builtin_memset(row(-i), 0, bytes);
      __builtin_memset(row(height - 1 + i), 0, bytes);
    }
  }
  for (int y = 0; y < height; ++y) {
    convolve(s.taps, radius, view.width, plane + static_cast<std::int64_t>(y) * view.width,
             [&](int i, int k) { return row(y + k) + i; });
  }
}

inline void blur(const FusedView& view, float sigma, const BlurScratch& s, const Planes& planes) {
  const int radius = fill_blur_taps(s.taps, view.blur_radius, sigma);
  for (int c = 0; radius > 0 && c < 3; ++c) {
    blur_rows(view, s, radius, planes.plane(c));
    blur_columns(view, s, radius, planes.plane(c));
  }
}

}  // namespace
}  // namespace byol

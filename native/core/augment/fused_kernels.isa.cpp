// Compiled three times, with -DBYOL_ISA=baseline, avx2 and avx512 and the matching -m flags; see fused_lanes.h.

#include "core/augment/fused_kernels.h"

#include "core/augment/fused_lanes.h"
#include "core/augment/fused_resize.h"
#include "core/augment/pixel_arithmetic.h"

namespace byol {
namespace {

using pixel::Rgb;
using std::int64_t;

struct Scratch {
  ResizeScratch resize;
  float* interleaved;  ///< [height * width, 3]
  int plane;           ///< floats from one colour plane to the next; a gap keeps their addresses apart in the cache
  float* planes;
  int blur_stride;   ///< floats from row to row of `blurred`
  float* blur_line;  ///< one row with its borders
  float* blurred;    ///< one plane, blurred along rows, with its borders above and below
  float* blur_taps;

  // The layout depends on the largest source and not on the sample's, nor on its crop, so that no sample finds the
  // integers of another where it has its padding: read as floats they would be denormals, which are slow.
  Scratch(Arena& arena, const FusedView& view)
      : resize(arena, view),
        plane(padded(view.height * view.width) + kQuantum),
        blur_stride(padded(view.width)) {
    const int radius = view.blur_radius;
    interleaved = arena.take(3 * static_cast<int64_t>(plane) + 1);
    planes = arena.take(3 * static_cast<int64_t>(plane) + kQuantum);
    blur_line = arena.take(blur_stride + 2 * radius);
    blurred = arena.take(static_cast<int64_t>(blur_stride) * (view.height + 2 * radius));
    blur_taps = arena.take(radius + 1);
  }
};

int64_t scratch_floats(const FusedView& view) {
  Arena arena(nullptr);
  Scratch(arena, view);
  return arena.used();
}

// --- Planes ---

// To planes in [0, 1].
void separate(const Scratch& s, int pixels) {
  const float* __restrict from = s.interleaved;
  float* __restrict r = s.planes;
  float* __restrict g = r + s.plane;
  float* __restrict b = g + s.plane;
  for (int i = 0; i < pixels; ++i) {
    r[i] = from[3 * i];
    g[i] = from[3 * i + 1];
    b[i] = from[3 * i + 2];
  }
  for (int i = 0; i < 3 * s.plane; i += kLanes) {
    store(s.planes + i, pixel::clip(load<Lanes>(s.planes + i) / 255.0F));
  }
}

// Replaces each pixel by change(pixel).
template <class Change>
inline __attribute__((always_inline)) void for_each_pixel(const Scratch& s, Change&& change) {
  float* r = s.planes;
  float* g = r + s.plane;
  float* b = g + s.plane;
  for (int i = 0; i < s.plane; i += kLanes) {
    const Rgb<Lanes> p = change(Rgb<Lanes>{load<Lanes>(r + i), load<Lanes>(g + i), load<Lanes>(b + i)});
    store(r + i, p.r);
    store(g + i, p.g);
    store(b + i, p.b);
  }
}

// Mean of value<V>(i) over the pixels i. Float32 sums of at most 64 terms per lane are added up in float64.
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

// --- Colour jitter ---

void jitter_brightness(const Scratch& s, float amount, bool official) {
  const float factor = official ? 1.0F : amount;
  const float offset = official ? amount : 0.0F;
  for (int i = 0; i < 3 * s.plane; i += kLanes) {
    store(s.planes + i, pixel::clip(load<Lanes>(s.planes + i) * factor + offset));
  }
}

void jitter_contrast(const Scratch& s, int pixels, float factor, bool official) {
  const float* r = s.planes;
  const float* g = r + s.plane;
  const float* b = g + s.plane;
  Rgb<float> middle;
  if (official) {
    middle.r = mean_over(pixels, [&]<class V>(int i) { return load<V>(r + i); });
    middle.g = mean_over(pixels, [&]<class V>(int i) { return load<V>(g + i); });
    middle.b = mean_over(pixels, [&]<class V>(int i) { return load<V>(b + i); });
  } else {
    const float grey = mean_over(pixels, [&]<class V>(int i) {
      return pixel::luma(Rgb<V>{load<V>(r + i), load<V>(g + i), load<V>(b + i)});
    });
    middle = {grey, grey, grey};
  }
  const Rgb<Lanes> other{Lanes{} + middle.r, Lanes{} + middle.g, Lanes{} + middle.b};
  for_each_pixel(s, [&](Rgb<Lanes> p) { return pixel::clip(pixel::blend(p, other, factor)); });
}

void jitter_saturation(const Scratch& s, float factor, bool official) {
  if (official) {
    for_each_pixel(s, [&](Rgb<Lanes> p) { return pixel::clip(pixel::scale_saturation(p, factor)); });
  } else {
    for_each_pixel(s, [&](Rgb<Lanes> p) {
      const Lanes grey = pixel::luma(p);
      return pixel::clip(pixel::blend(p, {grey, grey, grey}, factor));
    });
  }
}

void jitter(const FusedView& view, const PlanRow& row, const Scratch& s, int pixels) {
  for (int i = 0; i < kJitterSteps; ++i) {
    switch (jitter_step(row, i)) {
      case JitterStep::Brightness:
        jitter_brightness(s, row.brightness, view.official_jitter);
        break;
      case JitterStep::Contrast:
        jitter_contrast(s, pixels, row.contrast, view.official_jitter);
        break;
      case JitterStep::Saturation:
        jitter_saturation(s, row.saturation, view.official_jitter);
        break;
      case JitterStep::Hue:
        for_each_pixel(s, [&](Rgb<Lanes> p) { return pixel::clip(pixel::shift_hue(p, row.hue)); });
        break;
    }
  }
}

void grayscale(const Scratch& s) {
  for_each_pixel(s, [](Rgb<Lanes> p) {
    const Lanes grey = pixel::luma(p);
    return Rgb<Lanes>{grey, grey, grey};
  });
}

// --- Blur ---

template <int U>
struct Group {
  Lanes v[U];
};

// U vectors of convolve(), side by side: the additions of one depend on each other.
template <int U, class At>
inline __attribute__((always_inline)) Group<U> convolve_group(const float* taps, int radius, int i, At&& at) {
  Group<U> sum;
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
    const Group<4> sum = convolve_group<4>(taps, radius, i, at);
    for (int u = 0; u < 4; ++u) store(out + i + u * kLanes, sum.v[u]);
  }
  for (; i < count; i += kLanes) store(out + i, convolve_group<1>(taps, radius, i, at).v[0]);
}

// taps[|k|], summing to one over -radius <= k <= radius.
void fill_blur_taps(float* taps, int radius, float sigma) {
  float sum = 1.0F;
  taps[0] = 1.0F;
  for (int k = 1; k <= radius; ++k) {
    taps[k] = pixel::gaussian(static_cast<float>(k), sigma);
    sum += 2.0F * taps[k];
  }
  for (int k = 0; k <= radius; ++k) taps[k] /= sum;
}

// Borders are the positions -i and length - 1 + i for 1 <= i <= radius; reflected, they are i and length - 1 - i.

// Along rows, from a plane to s.blurred.
void blur_rows(const FusedView& view, const Scratch& s, const float* plane) {
  const int radius = view.blur_radius, width = view.width;
  float* const line = s.blur_line + radius;
  for (int y = 0; y < view.height; ++y) {
    const float* const row = plane + static_cast<int64_t>(y) * width;
    __builtin_memcpy(line, row, sizeof(float) * static_cast<std::size_t>(width));
    for (int i = 1; i <= radius; ++i) {
      line[-i] = view.reflect ? row[i] : 0.0F;
      line[width - 1 + i] = view.reflect ? row[width - 1 - i] : 0.0F;
    }
    convolve(s.blur_taps, radius, width, s.blurred + static_cast<int64_t>(radius + y) * s.blur_stride,
             [&](int i, int k) { return line + i + k; });
  }
}

// Along columns, from s.blurred to a plane. A row's last vector may run into the next row, which is written after it,
// or into the gap before the next plane.
void blur_columns(const FusedView& view, const Scratch& s, float* plane) {
  const int radius = view.blur_radius, height = view.height;
  const auto row = [&](int y) { return s.blurred + static_cast<int64_t>(radius + y) * s.blur_stride; };
  const std::size_t bytes = sizeof(float) * static_cast<std::size_t>(s.blur_stride);
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
    convolve(s.blur_taps, radius, view.width, plane + static_cast<int64_t>(y) * view.width,
             [&](int i, int k) { return row(y + k) + i; });
  }
}

void blur(const FusedView& view, float sigma, const Scratch& s) {
  fill_blur_taps(s.blur_taps, view.blur_radius, sigma);
  for (int c = 0; c < 3; ++c) {
    float* const plane = s.planes + static_cast<int64_t>(c) * s.plane;
    blur_rows(view, s, plane);
    blur_columns(view, s, plane);
  }
}

// --- Result ---

// Round to nearest, ties to even. Values are finite.
inline std::uint16_t to_bfloat16(float v) {
  const auto bits = __builtin_bit_cast(std::uint32_t, v);
  return static_cast<std::uint16_t>((bits + 0x7FFFU + ((bits >> 16) & 1U)) >> 16);
}

template <class Convert, class T>
inline __attribute__((always_inline)) void interleave(const Scratch& s, int pixels, T* __restrict out,
                                                      Convert&& convert) {
  const float* __restrict r = s.planes;
  const float* __restrict g = r + s.plane;
  const float* __restrict b = g + s.plane;
  for (int i = 0; i < pixels; ++i) {
    out[3 * i] = convert(r[i]);
    out[3 * i + 1] = convert(g[i]);
    out[3 * i + 2] = convert(b[i]);
  }
}

void finish(const FusedView& view, const PlanRow& row, const Scratch& s, int pixels, void* out) {
  for (int c = 0; c < 3; ++c) {
    float* const plane = s.planes + static_cast<int64_t>(c) * s.plane;
    for (int i = 0; i < s.plane; i += kLanes) {
      Lanes v = load<Lanes>(plane + i);
      if (row.solarize) v = pixel::solarise(v);
      store(plane + i, (pixel::clip(v) - view.mean[c]) * view.inverse_std[c]);
    }
  }
  if (view.bfloat16) {
    interleave(s, pixels, static_cast<std::uint16_t*>(out), to_bfloat16);
  } else {
    interleave(s, pixels, static_cast<float*>(out), [](float v) { return v; });
  }
}

void execute(const FusedView& view, const FusedSource& source, const PlanRow& row, float* scratch, void* out) {
  Arena arena(scratch);
  const Scratch s(arena, view);
  const int pixels = view.height * view.width;
  crop_and_resize(view, source, row, s.resize, s.interleaved);
  separate(s, pixels);
  if (row.jitter) jitter(view, row, s, pixels);
  if (row.grayscale) grayscale(s);
  if (row.blur_sigma > 0.0F) blur(view, row.blur_sigma, s);
  finish(view, row, s, pixels, out);
}

}  // namespace

#define BYOL_ISA_IS_baseline kFusedKernelsBaseline
#define BYOL_ISA_IS_avx2 kFusedKernelsAvx2
#define BYOL_ISA_IS_avx512 kFusedKernelsAvx512
#define BYOL_ISA_JOIN(isa) BYOL_ISA_IS_##isa
#define BYOL_ISA_TABLE(isa) BYOL_ISA_JOIN(isa)

extern const FusedKernels BYOL_ISA_TABLE(BYOL_ISA) = {scratch_floats, execute};

}  // namespace byol

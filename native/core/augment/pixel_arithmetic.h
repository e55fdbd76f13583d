#pragma once

// The arithmetic of one pixel of the augmentation pipeline, and nothing else: no include, no standard library, no
// memory. The fused CPU kernels take it from here and a run-time compiled device kernel can, so what the tests prove on
// the CPU holds for the device. Functions are templated on the value: `float`, or a vector type with the same
// operators, whose comparisons give masks that `?:` accepts. Intensities are in [0, 1].

#if defined(__CUDACC__) || defined(__CUDACC_RTC__)
#define BYOL_PIXEL static __device__ __forceinline__
#else
// Internal linkage on purpose: the host compiles this header once per instruction set, and a linker that merged those
// copies could put AVX-512 code on the path of a CPU without it.
#define BYOL_PIXEL static inline __attribute__((always_inline))
#endif

namespace byol::pixel {

template <class V>
struct Rgb {
  V r, g, b;
};

template <class V>
BYOL_PIXEL V smaller(V a, V b) {
  return a < b ? a : b;
}

template <class V>
BYOL_PIXEL V larger(V a, V b) {
  return a > b ? a : b;
}

template <class V>
BYOL_PIXEL V clip(V v) {
  return smaller(larger(v, V{}), V{} + 1.0F);
}

template <class V>
BYOL_PIXEL Rgb<V> clip(Rgb<V> p) {
  return {clip(p.r), clip(p.g), clip(p.b)};
}

// --- Resampling: one output position of a line of `length` pixels ---

/// Keys' cubic convolution kernel (1981) with a = -0.5, the one of TensorFlow 2 and Pillow.
BYOL_PIXEL float cubic_kernel(float x) {
  const float d = x < 0.0F ? -x : x;
  if (d < 1.0F) return (1.5F * d - 2.5F) * d * d + 1.0F;
  if (d < 2.0F) return ((-0.5F * d + 2.5F) * d - 4.0F) * d + 2.0F;
  return 0.0F;
}

BYOL_PIXEL float triangle_kernel(float x) {
  const float d = x < 0.0F ? -x : x;
  return d < 1.0F ? 1.0F - d : 0.0F;
}

/// Source pixels [first, first + count) that an output pixel's weighted mean is over.
struct Window {
  int first, count;
};

/// Half-pixel centres: output pixel i lies at (i + 0.5) * scale, source pixel j at j + 0.5. `reach` is the kernel's
/// radius in source pixels. Pixels outside the line have no part in the mean, and the weights of the others are
/// renormalised: TensorFlow's ResizeBicubic does so with half_pixel_centers (as in tf.image.resize), and so do Pillow
/// and ATen's antialiased kernels. For the triangle it equals repeating the edge pixel. (TensorFlow looks the kernel up
/// in a table with 1,024 steps per pixel; here it is evaluated.)
BYOL_PIXEL Window window(double centre, double reach, int length) {
  const int first = static_cast<int>(centre - reach + 0.5);  // truncation is floor here, negative values are clamped
  const int end = static_cast<int>(centre + reach + 0.5);
  const int from = first < 0 ? 0 : first;
  return {from, (end > length ? length : end) - from};
}

/// How a line of pixels becomes another one.
struct Resize {
  double start;  ///< of the part that becomes the whole output, in source pixels
  double scale;  ///< source pixels per output pixel
  double reach;  ///< the kernel's radius in source pixels
  float shrink;  ///< from source pixels to the kernel's units
  bool cubic;    ///< else the triangle
};

/// Of `length` source pixels from `start` on to `out`. With `antialias`, a kernel that makes fewer of them is as much
/// wider.
BYOL_PIXEL Resize resize_of(double start, double length, int out, bool cubic, bool antialias) {
  const double scale = length / out;
  const double stretch = antialias && scale > 1.0 ? scale : 1.0;
  return {start, scale, (cubic ? 2.0 : 1.0) * stretch, static_cast<float>(1.0 / stretch), cubic};
}

/// Of output pixel i, in source pixels.
BYOL_PIXEL double centre_of(const Resize& resize, int i) { return resize.start + (i + 0.5) * resize.scale; }

/// No window has more pixels.
BYOL_PIXEL int most_taps(const Resize& resize) { return static_cast<int>(2.0 * resize.reach) + 2; }

/// The weight of source pixel `j` in the output pixel that lies at `centre`, before all are divided by their sum.
BYOL_PIXEL float tap(const Resize& resize, int j, double centre) {
  const float distance = static_cast<float>(j + 0.5 - centre) * resize.shrink;
  return resize.cubic ? cubic_kernel(distance) : triangle_kernel(distance);
}

// --- Colour ---

/// Luma as both definitions have it (ITU-R BT.601, four digits).
template <class V>
BYOL_PIXEL V luma(Rgb<V> p) {
  return p.r * 0.2989F + p.g * 0.5870F + p.b * 0.1140F;
}

/// factor * v + (1 - factor) * other.
template <class V>
BYOL_PIXEL V blend(V v, V other, float factor) {
  return (v - other) * factor + other;
}

template <class V>
BYOL_PIXEL Rgb<V> blend(Rgb<V> p, Rgb<V> other, float factor) {
  return {blend(p.r, other.r, factor), blend(p.g, other.g, factor), blend(p.b, other.b, factor)};
}

/// V of HSV, and V - min: S is range / value.
template <class V>
struct Chroma {
  V value, range;
};

template <class V>
BYOL_PIXEL Chroma<V> chroma(Rgb<V> p) {
  const V value = larger(larger(p.r, p.g), p.b);
  return {value, value - smaller(smaller(p.r, p.g), p.b)};
}

/// 1 / range, and anything finite for grey pixels, where it is multiplied by zero.
template <class V>
BYOL_PIXEL V inverse_range(V range) {
  const V one = V{} + 1.0F;
  return one / (range > 0.0F ? range : one);
}

/// S <- clip(S * factor, 0, 1) in HSV, H and V as they are. At constant H and V the distances of the channels from V
/// are proportional to S, so they are scaled by min(factor, 1 / S) and no hue is needed.
template <class V>
BYOL_PIXEL Rgb<V> scale_saturation(Rgb<V> p, float factor) {
  const auto [value, range] = chroma(p);
  const V scale = smaller(V{} + factor, value * inverse_range(range));
  return {value - (value - p.r) * scale, value - (value - p.g) * scale, value - (value - p.b) * scale};
}

/// One channel of HSV -> RGB from the hue in sixths of a turn, advanced by the channel's phase: 5, 3, 1 for R, G, B.
template <class V>
BYOL_PIXEL V channel_of_hue(Chroma<V> c, V sixths, float phase) {
  V k = sixths + phase;
  k = k >= 6.0F ? k - 6.0F : k;
  return c.value - c.range * clip(smaller(k, V{} + 4.0F - k));
}

/// H <- (H + turns) mod 1 in HSV, S and V as they are; |turns| <= 0.5.
template <class V>
BYOL_PIXEL Rgb<V> shift_hue(Rgb<V> p, float turns) {
  const Chroma<V> c = chroma(p);
  const V inverse = inverse_range(c.range);
  const V from_red = (p.g - p.b) * inverse;
  const V from_green = (p.b - p.r) * inverse + 2.0F;
  const V from_blue = (p.r - p.g) * inverse + 4.0F;
  V sixths = p.r == c.value ? from_red : (p.g == c.value ? from_green : from_blue);
  sixths = sixths + 6.0F * turns;  // in [-1 - 3, 5 + 3]
  sixths = sixths < 0.0F ? sixths + 6.0F : sixths;
  sixths = sixths >= 6.0F ? sixths - 6.0F : sixths;
  return {channel_of_hue(c, sixths, 5.0F), channel_of_hue(c, sixths, 3.0F), channel_of_hue(c, sixths, 1.0F)};
}

/// Inverted at and above threshold 0.5.
template <class V>
BYOL_PIXEL V solarise(V v) {
  return v < 0.5F ? v : 1.0F - v;
}

// --- Blur ---

/// exp(-x^2 / (2 sigma^2)), not normalised; sigma > 0.
BYOL_PIXEL float gaussian(float x, float sigma) {
  const float t = x / sigma;  // squaring sigma itself could underflow
#if defined(__CUDACC__) || defined(__CUDACC_RTC__)
  return expf(-0.5F * t * t);
#else
  return __builtin_expf(-0.5F * t * t);
#endif
}

}  // namespace byol::pixel

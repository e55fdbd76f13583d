#pragma once

// Views that no block's shared memory holds, second part: what is blurred. Both passes blur along the lines of what
// they read and write it transposed: rows of `colours` become lines of `columns`, and those the view.

#include "kernels/augment_colour.cuh"
#include "kernels/augment_scratch.cuh"
#include "kernels/elements.cuh"

namespace byol::kernels {

/// Results that a thread holds.
constexpr int kRun = kBlurRun;

/// The lines of a view that are blurred, and how far.
struct BlurLines {
  int count, length;
  int side;  ///< positions that take part on each side: the radius, or the whole line
};

BYOL_DEVICE BlurLines blur_lines(int count, int length, int radius) {
  return {count, length, pixel::smaller(radius, length - 1)};
}

/// taps[i] for -side <= i - side <= side, and zeros behind them up to the last that blur_block() reads. Every thread
/// may read them.
BYOL_DEVICE void fill_line_taps(float* taps, int floats, int side, int radius, float sigma) {
  float sum = 0.0F;
  for (int k = static_cast<int>(threadIdx.x); k <= radius; k += kAugmentThreads) {
    const float tap = pixel::gaussian(static_cast<float>(k), sigma);
    sum += k == 0 ? tap : 2.0F * tap;
  }
  const float scale = 1.0F / block_sum({sum, 0.0F, 0.0F}).r;
  for (int i = static_cast<int>(threadIdx.x); i < floats; i += kAugmentThreads) {
    const int k = i < side ? side - i : i - side;
    taps[i] = k <= side ? pixel::gaussian(static_cast<float>(k), sigma) * scale : 0.0F;
  }
  __syncthreads();
}

/// Blurs kBlurLength positions of kBlurLines lines, from `line` and `start` on, along the lines. `load(line, position)`
/// tells a pixel; `chunk` has kBlurChunkFloats. The thread's line is its lane, its positions are the
/// kRun from start + kRun * warp on.
template <class Load>
BYOL_DEVICE void blur_block(const BlurLines& lines, int line, int start, bool reflect, const float* taps, float* chunk,
                            const Load& load, float (&sums)[3][kRun]) {
  constexpr int kPlane = kBlurLines * kBlurPitch;
  const int lane = static_cast<int>(threadIdx.x) % kWarp, warp = static_cast<int>(threadIdx.x) / kWarp;
  // Position p of the input, from start - side on, has tap p - q in result q: of the eight positions that are added at
  // a time, with taps from `taps_before` and from the next eight.
  float before[kRun];
  BYOL_UNROLL
  for (int i = 0; i < kRun; ++i) {
    before[i] = 0.0F;
    sums[0][i] = sums[1][i] = sums[2][i] = 0.0F;
  }
  const int last = 2 * lines.side;
  for (int at = 0; at <= last + kBlurLength - 1; at += kBlurChunk) {
    __syncthreads();
    for (int i = warp; i < kBlurLines; i += kAugmentThreads / kWarp) {
      int position = start - lines.side + at + lane;
      if (reflect && position < 0) position = -position;
      if (reflect && position >= lines.length) position = 2 * (lines.length - 1) - position;
      // Beyond a mirrored border's reach there is nothing that a result of the view needs.
      const bool inside = line + i < lines.count && position >= 0 && position < lines.length;
      const Rgb<float> p = inside ? load(line + i, position) : Rgb<float>{0.0F, 0.0F, 0.0F};
      float* const to = chunk + i * kBlurPitch + lane;
      to[0] = p.r;
      to[kPlane] = p.g;
      to[2 * kPlane] = p.b;
    }
    __syncthreads();
    for (int eight = 0; eight < kBlurChunk; eight += kRun) {
      const int tap = at + eight - kRun * warp;  // of the first position in the first result
      if (tap < 0 || tap > last + kRun - 1) continue;
      float next[kRun];
      BYOL_UNROLL
      for (int i = 0; i < kRun; i += 4) {
        const FourFloats four = *reinterpret_cast<const FourFloats*>(taps + tap + i);
        BYOL_UNROLL
        for (int j = 0; j < 4; ++j) next[i + j] = four.v[j];
      }
      const float* const from = chunk + lane * kBlurPitch + eight;
      BYOL_UNROLL
      for (int i = 0; i < kRun; ++i) {
        const float values[3] = {from[i], from[kPlane + i], from[2 * kPlane + i]};
        BYOL_UNROLL
        for (int q = 0; q < kRun; ++q) {
          const float weight = q <= i ? next[i - q] : before[kRun + i - q];
          BYOL_UNROLL
          for (int c = 0; c < 3; ++c) sums[c][q] += values[c] * weight;
        }
      }
      BYOL_UNROLL
      for (int i = 0; i < kRun; ++i) before[i] = next[i];
    }
  }
}

/// The part of a view that a block blurs.
struct BlurPart {
  int line, start;
};

BYOL_DEVICE BlurPart blur_part(const BlurLines& lines) {
  const int across = (lines.count + kBlurLines - 1) / kBlurLines, number = static_cast<int>(blockIdx.x);
  return {number % across * kBlurLines, number / across * kBlurLength};
}

/// From `colours`, with the colours from contrast on, to `columns`.
BYOL_KERNEL(augment_blur_rows, AugmentArguments, kAugmentThreads, kAugmentBlocks) {
  BYOL_DYNAMIC_SHARED(float, shared);
  const int slot = static_cast<int>(blockIdx.y);
  const Sample sample = sample_of(a, a.first + slot);
  const AugmentView& view = a.views[sample.view];
  const PlanRow row = row_of(a, sample);
  if (!is_blurred(row, view)) return;
  float* const taps = shared + kBlurChunkFloats;
  const BlurLines lines = blur_lines(a.height, a.width, view.blur_radius);
  fill_line_taps(taps, a.blur_tap_floats, lines.side, view.blur_radius, row.blur_sigma);
  Rgb<float> mean{0.0F, 0.0F, 0.0F};
  if (row.jitter) mean = mean_of(a, slot);
  const int contrast = contrast_at(row);
  const Planes<long long> colours = colours_of(a, slot);
  const BlurPart part = blur_part(lines);
  float sums[3][kRun];
  blur_block(
      lines, part.line, part.start, view.reflect, taps, shared,
      [&](int y, int x) {
        const Rgb<float> p = colours.load(static_cast<long long>(y) * a.width + x);
        return from_contrast(p, row, contrast, view.official_jitter, mean);
      },
      sums);

  const int y = part.line + static_cast<int>(threadIdx.x) % kWarp;
  const int x = part.start + static_cast<int>(threadIdx.x) / kWarp * kRun;
  if (y >= a.height) return;
  float* const columns = a.columns + slot * 3 * colours.stride + y;
  BYOL_UNROLL
  for (int q = 0; q < kRun; ++q) {
    if (x + q >= a.width) break;
    BYOL_UNROLL
    for (int c = 0; c < 3; ++c) columns[c * colours.stride + static_cast<long long>(x + q) * a.height] = sums[c][q];
  }
}

/// From `columns` to the output.
BYOL_KERNEL(augment_blur_columns, AugmentArguments, kAugmentThreads, kAugmentBlocks) {
  BYOL_DYNAMIC_SHARED(float, shared);
  const int slot = static_cast<int>(blockIdx.y), output = a.first + slot;
  const Sample sample = sample_of(a, output);
  const AugmentView& view = a.views[sample.view];
  const PlanRow row = row_of(a, sample);
  if (!is_blurred(row, view)) return;
  float* const taps = shared + kBlurResultFloats;
  const BlurLines lines = blur_lines(a.width, a.height, view.blur_radius);
  fill_line_taps(taps, a.blur_tap_floats, lines.side, view.blur_radius, row.blur_sigma);
  const long long pixels = static_cast<long long>(a.height) * a.width;
  const Planes<long long> columns{a.columns + slot * 3 * pixels, pixels};
  const BlurPart part = blur_part(lines);
  float sums[3][kRun];
  blur_block(
      lines, part.line, part.start, view.reflect, taps, shared,
      [&](int x, int y) { return columns.load(static_cast<long long>(x) * a.height + y); }, sums);

  const int lane = static_cast<int>(threadIdx.x) % kWarp, warp = static_cast<int>(threadIdx.x) / kWarp;
  const Planes<int> planes{shared, kBlurLength * kBlurLines + kPlaneGap};
  __syncthreads();  // the planes lie where the chunks were
  BYOL_UNROLL
  for (int q = 0; q < kRun; ++q) {
    const Rgb<float> p = finished(Rgb<float>{sums[0][q], sums[1][q], sums[2][q]}, row, view);
    planes.store((warp * kRun + q) * kBlurLines + lane, p);
  }
  __syncthreads();
  const int width = pixel::smaller(kBlurLines, a.width - part.line);
  for (int i = warp; i < kBlurLength && part.start + i < a.height; i += kAugmentThreads / kWarp) {
    const long long first = (static_cast<long long>(output) * a.height + part.start + i) * a.width + part.line;
    write_pixels(a, first, {planes.red + i * kBlurLines, planes.stride}, width, lane, kWarp);
  }
}

}  // namespace byol::kernels

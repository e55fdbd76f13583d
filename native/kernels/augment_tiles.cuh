#pragma once

// Views that no block's shared memory holds, first part: tiles are resized and coloured as far as the contrast step,
// whose mean is over all of them; then pixels from there on. A row is written as soon as it is done; what is blurred
// goes on in augment_blur.cuh.

#include "kernels/augment_colour.cuh"
#include "kernels/augment_resize.cuh"
#include "kernels/augment_scratch.cuh"

namespace byol::kernels {

/// One block per tile and output.
BYOL_KERNEL(augment_tile, AugmentArguments, kAugmentThreads, kAugmentBlocks) {
  BYOL_DYNAMIC_SHARED(float, shared);
  const int slot = static_cast<int>(blockIdx.y), output = a.first + slot, number = static_cast<int>(blockIdx.x);
  const Sample sample = sample_of(a, output);
  const AugmentView& view = a.views[sample.view];
  const int across = tiles_across(a), x = number % across * a.tile_width, y = number / across * a.tile_height;
  const Tile tile{x, y, pixel::smaller(a.tile_width, a.width - x), pixel::smaller(a.tile_height, a.height - y)};
  const Planes<int> planes{shared + a.layout.planes, a.layout.plane_stride};
  resize_tile(a, sample, tile, shared, planes);

  const PlanRow row = row_of(a, sample);
  const int contrast = contrast_at(row);
  const bool done = !row.jitter && !is_blurred(row, view);
  const Planes<long long> colours = colours_of(a, slot);
  Rgb<float> sum{0.0F, 0.0F, 0.0F};
  for (int i = static_cast<int>(threadIdx.x); i < tile.width * tile.height; i += kAugmentThreads) {
    Rgb<float> p = before_contrast(planes.load(i), row, contrast, view.official_jitter);
    if (done) {
      planes.store(i, finished(from_contrast(p, row, contrast, view.official_jitter, {}), row, view));
      continue;
    }
    const int down = i / tile.width;
    colours.store(static_cast<long long>(y + down) * a.width + x + (i - down * tile.width), p);
    p = contrast_term(p, view.official_jitter);
    sum = {sum.r + p.r, sum.g + p.g, sum.b + p.b};
  }
  if (row.jitter) {
    sum = block_sum(sum);
    if (threadIdx.x == 0) {
      float* const sums = a.sums + (static_cast<long long>(slot) * gridDim.x + number) * 3;
      sums[0] = sum.r;
      sums[1] = sum.g;
      sums[2] = sum.b;
    }
  }
  if (!done) return;
  __syncthreads();
  const int lane = static_cast<int>(threadIdx.x) % kWarp;
  for (int i = static_cast<int>(threadIdx.x) / kWarp; i < tile.height; i += kAugmentThreads / kWarp) {
    const long long first = (static_cast<long long>(output) * a.height + y + i) * a.width + x;
    write_pixels(a, first, {planes.red + i * tile.width, planes.stride}, tile.width, lane, kWarp);
  }
}

/// Pixels of jittered rows that are not blurred, from contrast to the end. One block per kColourPixels of an output.
BYOL_KERNEL(augment_colour, AugmentArguments, kAugmentThreads, kAugmentBlocks) {
  __shared__ float memory[3 * (kColourPixels + kPlaneGap)];
  const int slot = static_cast<int>(blockIdx.y), output = a.first + slot;
  const Sample sample = sample_of(a, output);
  const AugmentView& view = a.views[sample.view];
  const PlanRow row = row_of(a, sample);
  if (!row.jitter || is_blurred(row, view)) return;
  const Rgb<float> mean = mean_of(a, slot);
  const int contrast = contrast_at(row);
  const Planes<long long> colours = colours_of(a, slot);
  const Planes<int> planes{memory, kColourPixels + kPlaneGap};
  const long long begin = static_cast<long long>(blockIdx.x) * kColourPixels;
  const int pixels = static_cast<int>(pixel::smaller<long long>(kColourPixels, colours.stride - begin));
  for (int i = static_cast<int>(threadIdx.x); i < pixels; i += kAugmentThreads) {
    const Rgb<float> p = from_contrast(colours.load(begin + i), row, contrast, view.official_jitter, mean);
    planes.store(i, finished(p, row, view));
  }
  __syncthreads();
  write_pixels(a, output * colours.stride + begin, planes, pixels, static_cast<int>(threadIdx.x), kAugmentThreads);
}

}  // namespace byol::kernels

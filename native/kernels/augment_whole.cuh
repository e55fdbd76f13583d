#pragma once

// Views that a block's shared memory holds: everything in one launch, one block per output.

#include "kernels/augment_colour.cuh"
#include "kernels/augment_resize.cuh"

namespace byol::kernels {

/// taps[k] for 0 <= k <= side; over -radius <= k <= radius they sum to one. Every thread may read them.
BYOL_DEVICE void fill_blur_taps(float* taps, int side, int radius, float sigma) {
  float sum = 0.0F;
  for (int k = static_cast<int>(threadIdx.x); k <= radius; k += kAugmentThreads) {
    const float tap = pixel::gaussian(static_cast<float>(k), sigma);
    if (k <= side) taps[k] = tap;
    sum += k == 0 ? tap : 2.0F * tap;
  }
  const float scale = 1.0F / block_sum({sum, 0.0F, 0.0F}).r;
  for (int k = static_cast<int>(threadIdx.x); k <= side; k += kAugmentThreads) taps[k] *= scale;
  __syncthreads();
}

/// Position `i` of a line, or what its border has there: the line mirrored about its last pixel, or zero.
BYOL_DEVICE float bordered(const float* line, int i, int stride, int length, bool reflect) {
  if (i >= 0 && i < length) return line[i * stride];
  if (!reflect) return 0.0F;
  return line[(i < 0 ? -i : 2 * (length - 1) - i) * stride];
}

BYOL_DEVICE float blurred_at(const float* line, int i, int stride, int length, const float* taps, int side,
                             bool reflect) {
  float sum = line[i * stride] * taps[0];
  for (int k = 1; k <= side; ++k) {
    sum += (bordered(line, i - k, stride, length, reflect) + bordered(line, i + k, stride, length, reflect)) * taps[k];
  }
  return sum;
}

/// Blurs and finishes. `line` has room for a plane.
BYOL_DEVICE void blur_whole(const AugmentArguments& a, const AugmentView& view, const PlanRow& row,
                            const Planes<int>& planes, float* line, float* taps) {
  const int pixels = a.height * a.width;
  const int side = pixel::smaller(view.blur_radius, pixel::larger(a.height, a.width) - 1);
  fill_blur_taps(taps, side, view.blur_radius, row.blur_sigma);
  for (int c = 0; c < 3; ++c) {
    float* const plane = planes.red + c * planes.stride;
    for (int i = static_cast<int>(threadIdx.x); i < pixels; i += kAugmentThreads) {
      const int y = i / a.width, x = i - y * a.width;
      line[i] = blurred_at(plane + y * a.width, x, 1, a.width, taps, side, view.reflect);
    }
    __syncthreads();
    for (int i = static_cast<int>(threadIdx.x); i < pixels; i += kAugmentThreads) {
      const int y = i / a.width, x = i - y * a.width;
      const float value = blurred_at(line + x, y, a.width, a.height, taps, side, view.reflect);
      plane[i] = finished(value, row, view.mean[c], view.inverse_std[c]);
    }
    __syncthreads();
  }
}

BYOL_KERNEL(augment_whole, AugmentArguments, kAugmentThreads, kAugmentBlocks) {
  BYOL_DYNAMIC_SHARED(float, shared);
  const int output = a.first + static_cast<int>(blockIdx.x);
  const Sample sample = sample_of(a, output);
  const AugmentView& view = a.views[sample.view];
  const int pixels = a.height * a.width;
  const Planes<int> planes{shared + a.layout.planes, a.layout.plane_stride};
  resize_tile(a, sample, {0, 0, a.width, a.height}, shared, planes);

  const PlanRow row = row_of(a, sample);
  const bool blurred = is_blurred(row, view);
  const int contrast = contrast_at(row);
  Rgb<float> mean{0.0F, 0.0F, 0.0F};
  if (row.jitter) {
    Rgb<float> sum{0.0F, 0.0F, 0.0F};
    for (int i = static_cast<int>(threadIdx.x); i < pixels; i += kAugmentThreads) {
      const Rgb<float> p = before_contrast(planes.load(i), row, contrast, view.official_jitter);
      const Rgb<float> term = contrast_term(p, view.official_jitter);
      sum = {sum.r + term.r, sum.g + term.g, sum.b + term.b};
      planes.store(i, p);
    }
    sum = block_sum(sum);
    const float share = 1.0F / static_cast<float>(pixels);
    mean = {sum.r * share, sum.g * share, sum.b * share};
  }
  for (int i = static_cast<int>(threadIdx.x); i < pixels; i += kAugmentThreads) {
    Rgb<float> p = planes.load(i);
    if (!row.jitter) p = before_contrast(p, row, 0, view.official_jitter);
    p = from_contrast(p, row, contrast, view.official_jitter, mean);
    planes.store(i, blurred ? p : finished(p, row, view));
  }
  __syncthreads();
  if (blurred) blur_whole(a, view, row, planes, shared + a.layout.line, shared + a.layout.blur_taps);
  write_pixels(a, static_cast<long long>(output) * pixels, planes, pixels, static_cast<int>(threadIdx.x),
               kAugmentThreads);
}

}  // namespace byol::kernels

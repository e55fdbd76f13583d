#pragma once

// What the kernels for large views hand on to each other.

#include "kernels/augment_sample.cuh"

namespace byol::kernels {

BYOL_DEVICE int tiles_across(const AugmentArguments& a) { return (a.width + a.tile_width - 1) / a.tile_width; }
BYOL_DEVICE int tiles_down(const AugmentArguments& a) { return (a.height + a.tile_height - 1) / a.tile_height; }

/// Output `slot` of this launch in AugmentArguments::colours.
BYOL_DEVICE Planes<long long> colours_of(const AugmentArguments& a, int slot) {
  const long long pixels = static_cast<long long>(a.height) * a.width;
  return {a.colours + slot * 3 * pixels, pixels};
}

/// The mean that contrast needs, from augment_tile's sums.
BYOL_DEVICE Rgb<float> mean_of(const AugmentArguments& a, int slot) {
  __shared__ float means[3];
  const int channel = static_cast<int>(threadIdx.x) / kWarp, lane = static_cast<int>(threadIdx.x) % kWarp;
  if (channel < 3) {
    const int tiles = tiles_across(a) * tiles_down(a);
    const float* const sums = a.sums + static_cast<long long>(slot) * tiles * 3 + channel;
    float sum = 0.0F;
    for (int i = lane; i < tiles; i += kWarp) sum += sums[i * 3];
    sum = warp_sum(sum);
    if (lane == 0) means[channel] = sum / (static_cast<float>(a.height) * static_cast<float>(a.width));
  }
  __syncthreads();
  return {means[0], means[1], means[2]};
}

}  // namespace byol::kernels

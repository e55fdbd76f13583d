#pragma once

// What all augmentation kernels share: the row that a block executes, sums over a block, and how pixels are written.

#include "core/augment/pixel_arithmetic.h"
#include "core/augment/plan_row.h"
#include "kernels/augment_arguments.h"
#include "kernels/language.cuh"

namespace byol::kernels {

using pixel::Rgb;

/// What an output is made of.
struct Sample {
  int view;
  int index;  ///< of the row
};

BYOL_DEVICE Sample sample_of(const AugmentArguments& a, int output) {
  const int view = output / a.rows;
  return {view, output - view * a.rows};
}

/// Read again where it is needed again, which is cheaper than to hold it in registers meanwhile.
BYOL_DEVICE PlanRow row_of(const AugmentArguments& a, const Sample& sample) {
  return read_plan_row(a.views[sample.view].plan + static_cast<long long>(sample.index) * kPlanColumns);
}

BYOL_DEVICE bool is_blurred(const PlanRow& row, const AugmentView& view) {
  return row.blur_sigma > 0.0F && view.blur_radius > 0;
}

/// The sums over the block, which every thread gets: always in the same order.
BYOL_DEVICE Rgb<float> block_sum(Rgb<float> value) {
  constexpr int kWarps = kAugmentThreads / kWarp;
  __shared__ float sums[3][kWarps];
  const int warp = static_cast<int>(threadIdx.x) / kWarp;
  value = {warp_sum(value.r), warp_sum(value.g), warp_sum(value.b)};
  __syncthreads();  // whoever still reads an earlier sum
  if (threadIdx.x % kWarp == 0) {
    sums[0][warp] = value.r;
    sums[1][warp] = value.g;
    sums[2][warp] = value.b;
  }
  __syncthreads();
  Rgb<float> total{0.0F, 0.0F, 0.0F};
  for (int i = 0; i < kWarps; ++i) {
    total.r += sums[0][i];
    total.g += sums[1][i];
    total.b += sums[2][i];
  }
  return total;
}

/// Pixels in three planes; Index: int in shared memory, long long in that of the device.
template <class Index>
struct Planes {
  float* red;
  Index stride;  ///< floats from one plane to the next

  BYOL_MEMBER Rgb<float> load(Index i) const { return {red[i], red[stride + i], red[2 * stride + i]}; }
  BYOL_MEMBER void store(Index i, Rgb<float> p) const {
    red[i] = p.r;
    red[stride + i] = p.g;
    red[2 * stride + i] = p.b;
  }
};

template <int kChannels, class Store>
BYOL_DEVICE void interleave(const Planes<int>& from, int pixels, int begin, int step, const Store& store) {
  for (int i = begin; i < pixels * kChannels; i += step) {
    const int at = i / kChannels, channel = i % kChannels;
    store(i, channel < 3 ? from.red[channel * from.stride + at] : 0.0F);
  }
}

template <class Store>
BYOL_DEVICE void interleave(int channels, const Planes<int>& from, int pixels, int begin, int step,
                            const Store& store) {
  if (channels == 3) {
    interleave<3>(from, pixels, begin, step, store);
  } else if (channels == 4) {
    interleave<4>(from, pixels, begin, step, store);
  } else {
    interleave<8>(from, pixels, begin, step, store);
  }
}

/// Writes pixels that follow each other in the output, from pixel `first` of all outputs on. Threads that call it with
/// begin = 0..step - 1 write neighbouring values.
BYOL_DEVICE void write_pixels(const AugmentArguments& a, long long first, const Planes<int>& from, int pixels,
                              int begin, int step) {
  if (a.bfloat16) {
    unsigned short* const out = static_cast<unsigned short*>(a.out) + first * a.channels;
    interleave(a.channels, from, pixels, begin, step, [&](int i, float value) { out[i] = to_bfloat16(value); });
  } else {
    float* const out = static_cast<float*>(a.out) + first * a.channels;
    interleave(a.channels, from, pixels, begin, step, [&](int i, float value) { out[i] = value; });
  }
}

}  // namespace byol::kernels

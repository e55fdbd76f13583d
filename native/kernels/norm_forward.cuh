#pragma once

// y = act((x - mean) * scale + shift [+ residual]) and the statistics that it takes (core/model/norm.h).

#include "core/model/norm_arithmetic.h"
#include "kernels/norm_blocks.cuh"

namespace byol::kernels {

/// Which values of a block's channels lie in shared memory.
enum NormColumn : int {
  kPivot,  // near the mean; deviations from it can be squared and summed in float32 where the mean is large
  kSum,    // of x - pivot; then the mean's distance from the pivot
  kSquare, // sum of (x - pivot)^2; then the variance
  kMean,
  kMeanRest,
  kInverseDeviation,
  kScale,
  kShift,
};

/// Pivot, sum and sum of squares of the block's rows.
template <class E>
BYOL_DEVICE void norm_moments(const NormForwardArguments& a, const NormPlace& p, const NormShared& shared) {
  constexpr int kSamples = 4;
  float pivot[E::kWide], sum[E::kWide], square[E::kWide];
  for (int k = 0; k < E::kWide; ++k) pivot[k] = sum[k] = square[k] = 0.0F;
  if (p.lane < p.lanes) {
    const long long first = p.offset - static_cast<long long>(p.lane) * a.map.channels;
    typename E::Raw raw[kSamples];
    for (int i = 0; i < kSamples; ++i) {
      raw[i] = E::load(a.x, first + static_cast<long long>(p.block_rows / kSamples * i) * a.map.channels);
    }
    for (int i = 0; i < kSamples; ++i) {
      float x[E::kWide];
      E::unpack(raw[i], x);
      for (int k = 0; k < E::kWide; ++k) pivot[k] += x[k] * (1.0F / kSamples);
    }
  }
  constexpr int kRows = E::kWide == 1 ? 2 : 8;
  each_row<kRows>(a.map, p, false, [&]<bool kWhole>(long long at, long long step, int count) {
    typename E::Raw raw[kRows] = {};
    for (int i = 0; i < kRows; ++i) {
      if (!kWhole && i >= count) continue;
      raw[i] = E::load(a.x, at + i * step);
    }
    for (int i = 0; i < kRows; ++i) {
      if (!kWhole && i >= count) continue;
      float x[E::kWide];
      E::unpack(raw[i], x);
      for (int k = 0; k < E::kWide; ++k) {
        const float d = x[k] - pivot[k];
        sum[k] += d;
        square[k] = arithmetic::multiply_add(d, d, square[k]);
      }
    }
  });
  if (p.lane == 0) {
    for (int k = 0; k < E::kWide; ++k) shared.of_columns(kPivot)[p.column + k] = pivot[k];
  }
  sum_lanes<E>(shared, p, sum, square, shared.of_columns(kSum), shared.of_columns(kSquare));
}

BYOL_DEVICE float* norm_partial(float* partials, const NormMap& map, int sums, int part, int row_block) {
  return partials + (static_cast<long long>(part) * map.row_blocks + row_block) * sums * map.channels;
}

BYOL_DEVICE void norm_store_moments(const NormForwardArguments& a, const NormPlace& p, const NormShared& shared) {
  float* const to = norm_partial(a.partials, a.map, 3, p.part, p.row_block) + p.first_column;
  for (int c = static_cast<int>(threadIdx.x); c < p.columns; c += kNormThreads) {
    to[c] = shared.of_columns(kPivot)[c];
    to[a.map.channels + c] = shared.of_columns(kSum)[c];
    to[2 * a.map.channels + c] = shared.of_columns(kSquare)[c];
  }
}

/// Pivot, sum and sum of squares of the whole part, from those of its blocks of rows.
BYOL_DEVICE void norm_merge_moments(const NormForwardArguments& a, const NormPlace& p, const NormShared& shared) {
  const long long channels = a.map.channels;
  const float* const from = norm_partial(a.partials, a.map, 3, p.part, 0) + p.first_column;
  float* const pivots = shared.of_columns(kPivot);
  for (int c = static_cast<int>(threadIdx.x); c < p.columns; c += kNormThreads) pivots[c] = from[c];
  sum_terms(shared, p.columns, a.map.row_blocks, shared.of_columns(kSum), shared.of_columns(kSquare),
            [&](int i, int c, float (&sums)[2]) {
              const float* const other = from + i * 3 * channels + c;
              const auto rows = static_cast<float>(norm_block_rows(a.map, i));
              // (x - pivot) = (x - other's pivot) + difference.
              const float difference = other[0] - from[c], sum = other[channels];
              sums[0] += arithmetic::multiply_add(rows, difference, sum);
              sums[1] += arithmetic::multiply_add(
                  difference, arithmetic::multiply_add(rows, difference, 2.0F * sum), other[2 * channels]);
            });
}

/// The mean's distance from the pivot and the variance, of the part's sums; one mean and one variance for each group.
BYOL_DEVICE void norm_statistics(const NormMap& map, const NormPlace& p, const NormShared& shared) {
  float* const pivots = shared.of_columns(kPivot);
  float* const distances = shared.of_columns(kSum);
  float* const variances = shared.of_columns(kSquare);
  const auto rows = static_cast<float>(map.rows);
  for (int c = static_cast<int>(threadIdx.x); c < p.columns; c += kNormThreads) {
    const float distance = distances[c] / rows, variance = variances[c] / rows - distance * distance;
    distances[c] = distance;
    variances[c] = variance < 0.0F ? 0.0F : variance;  // NaN stays NaN
  }
  __syncthreads();
  if (map.group == 1) return;
  // Each channel has as many values as any other, so their moments are averages of the channels'.
  each_group(p, map.group, [&](int first, int lane) {
    const float pivot = pivots[first];
    const auto count = static_cast<float>(map.group);
    float distance = 0.0F, variance = 0.0F;
    for (int c = first + lane; c < first + map.group; c += kWarp) distance += (pivots[c] - pivot) + distances[c];
    distance = warp_sum(distance) / count;
    for (int c = first + lane; c < first + map.group; c += kWarp) {
      const float d = (pivots[c] - pivot) + distances[c] - distance;
      variance += arithmetic::multiply_add(d, d, variances[c]);
    }
    variance = warp_sum(variance) / count;
    for (int c = first + lane; c < first + map.group; c += kWarp) {
      pivots[c] = pivot;
      distances[c] = distance;
      variances[c] = variance;
    }
  });
}

BYOL_DEVICE void norm_given_statistics(const NormForwardArguments& a, const NormPlace& p, const NormShared& shared) {
  for (int c = static_cast<int>(threadIdx.x); c < p.columns; c += kNormThreads) {
    shared.of_columns(kPivot)[c] = a.mean == nullptr ? 0.0F : a.mean[p.first_column + c];
    shared.of_columns(kSum)[c] = 0.0F;
    shared.of_columns(kSquare)[c] = a.variance == nullptr ? 1.0F : a.variance[p.first_column + c];
  }
  __syncthreads();
}

/// What the rows are normalised with; one block of each part's keeps it.
BYOL_DEVICE void norm_coefficients(const NormForwardArguments& a, const NormPlace& p, const NormShared& shared) {
  const long long channels = a.map.channels;
  float* const kept = a.coefficients + p.part * 5 * channels + p.first_column;
  for (int c = static_cast<int>(threadIdx.x); c < p.columns; c += kNormThreads) {
    const float pivot = shared.of_columns(kPivot)[c], distance = shared.of_columns(kSum)[c];
    const float variance = shared.of_columns(kSquare)[c];
    // mean + mean_rest = pivot + distance exactly (Knuth's two-sum).
    const float mean = pivot + distance, back = mean - pivot;
    const float mean_rest = (pivot - (mean - back)) + (distance - back);
    const float inverse_deviation = 1.0F / sqrtf(variance + a.eps);
    const float scale = (a.gamma == nullptr ? 1.0F : a.gamma[p.first_column + c]) * inverse_deviation;
    const float beta = a.beta == nullptr ? 0.0F : a.beta[p.first_column + c];
    const float shift = arithmetic::multiply_add(-mean_rest, scale, beta);
    shared.of_columns(kMean)[c] = mean;
    shared.of_columns(kScale)[c] = scale;
    shared.of_columns(kShift)[c] = shift;
    if (p.row_block != 0) continue;
    kept[c] = mean;
    kept[channels + c] = mean_rest;
    kept[2 * channels + c] = inverse_deviation;
    kept[3 * channels + c] = scale;
    kept[4 * channels + c] = shift;
    if (!a.given && a.mean != nullptr) {
      a.mean[p.part * a.mean_stride + p.first_column + c] = mean;
      a.variance[p.part * a.variance_stride + p.first_column + c] = variance;
    }
  }
  __syncthreads();
}

template <class E, bool kResidual>
BYOL_DEVICE void norm_normalise(const NormForwardArguments& a, const NormPlace& p, const NormShared& shared) {
  float mean[E::kWide], scale[E::kWide], shift[E::kWide];
  for (int k = 0; k < E::kWide; ++k) {
    mean[k] = shared.of_columns(kMean)[p.column + k];
    scale[k] = shared.of_columns(kScale)[p.column + k];
    shift[k] = shared.of_columns(kShift)[p.column + k];
  }
  // Backwards: the second pass begins with what the first one left in the cache.
  constexpr int kRows = kResidual ? 3 : 4;
  each_row<kRows>(a.map, p, true, [&]<bool kWhole>(long long at, long long step, int count) {
    typename E::Raw raw[kRows] = {}, added[kRows] = {};
    for (int i = 0; i < kRows; ++i) {
      if (!kWhole && i >= count) continue;
      raw[i] = E::load(a.x, at + i * step);
      if constexpr (kResidual) added[i] = E::load(a.residual, at + i * step);
    }
    for (int i = 0; i < kRows; ++i) {
      if (!kWhole && i >= count) continue;
      float x[E::kWide], r[E::kWide], y[E::kWide];
      E::unpack(raw[i], x);
      if constexpr (kResidual) E::unpack(added[i], r);
      for (int k = 0; k < E::kWide; ++k) {
        y[k] = arithmetic::normalise(x[k] - mean[k], scale[k], shift[k]);
        if constexpr (kResidual) y[k] += r[k];
        if (a.relu) y[k] = arithmetic::positive_part(y[k]);
      }
      E::store(a.y, at + i * step, E::pack(y));
    }
  });
}

template <class E>
BYOL_DEVICE void norm_normalise_any(const NormForwardArguments& a, const NormPlace& p, const NormShared& shared) {
  norm_coefficients(a, p, shared);
  if (a.residual == nullptr) {
    norm_normalise<E, false>(a, p, shared);
  } else {
    norm_normalise<E, true>(a, p, shared);
  }
}

template <class E>
BYOL_DEVICE void norm_forward_whole(const NormForwardArguments& a) {
  BYOL_DYNAMIC_SHARED(float, memory);
  const NormShared shared = norm_shared<E>(memory, a.map.columns);
  const NormPlace p = norm_place<E>(a.map, 1, 0);
  norm_moments<E>(a, p, shared);
  norm_statistics(a.map, p, shared);
  norm_normalise_any<E>(a, p, shared);
}

template <class E>
BYOL_DEVICE void norm_forward_first(const NormForwardArguments& a) {
  BYOL_DYNAMIC_SHARED(float, memory);
  const NormShared shared = norm_shared<E>(memory, a.map.columns);
  const NormPlace p = norm_place<E>(a.map, 1, 0);
  norm_moments<E>(a, p, shared);
  norm_store_moments(a, p, shared);
}

template <class E>
BYOL_DEVICE void norm_forward_second(const NormForwardArguments& a) {
  BYOL_DYNAMIC_SHARED(float, memory);
  const NormShared shared = norm_shared<E>(memory, a.map.columns);
  const NormPlace p = norm_place<E>(a.map, 1, 0);
  if (a.given) {
    norm_given_statistics(a, p, shared);
  } else {
    norm_merge_moments(a, p, shared);
    norm_statistics(a.map, p, shared);
  }
  norm_normalise_any<E>(a, p, shared);
}

BYOL_KERNEL(norm_forward_whole_float32, NormForwardArguments, kNormThreads) { norm_forward_whole<Float4>(a); }
BYOL_KERNEL(norm_forward_whole_float32_scalar, NormForwardArguments, kNormThreads) { norm_forward_whole<Float1>(a); }
BYOL_KERNEL(norm_forward_whole_bfloat16, NormForwardArguments, kNormThreads) { norm_forward_whole<Half8>(a); }
BYOL_KERNEL(norm_forward_whole_bfloat16_scalar, NormForwardArguments, kNormThreads) { norm_forward_whole<Half1>(a); }
BYOL_KERNEL(norm_forward_first_float32, NormForwardArguments, kNormThreads) { norm_forward_first<Float4>(a); }
BYOL_KERNEL(norm_forward_first_float32_scalar, NormForwardArguments, kNormThreads) { norm_forward_first<Float1>(a); }
BYOL_KERNEL(norm_forward_first_bfloat16, NormForwardArguments, kNormThreads) { norm_forward_first<Half8>(a); }
BYOL_KERNEL(norm_forward_first_bfloat16_scalar, NormForwardArguments, kNormThreads) { norm_forward_first<Half1>(a); }
BYOL_KERNEL(norm_forward_second_float32, NormForwardArguments, kNormThreads) { norm_forward_second<Float4>(a); }
BYOL_KERNEL(norm_forward_second_float32_scalar, NormForwardArguments, kNormThreads) { norm_forward_second<Float1>(a); }
BYOL_KERNEL(norm_forward_second_bfloat16, NormForwardArguments, kNormThreads) { norm_forward_second<Half8>(a); }
BYOL_KERNEL(norm_forward_second_bfloat16_scalar, NormForwardArguments, kNormThreads) { norm_forward_second<Half1>(a); }

}  // namespace byol::kernels

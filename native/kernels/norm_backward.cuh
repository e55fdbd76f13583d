#pragma once

// Gradients of norm_forward.cuh: of x, of the residual (g), of gamma and beta.

#include "core/model/norm_arithmetic.h"
#include "kernels/norm_blocks.cuh"

namespace byol::kernels {

/// Which values of a block's channels lie in shared memory.
enum NormGradientColumn : int {
  kGradientMean,
  kGradientScale,
  kGradientShift,
  kSumG,         // of g; then `offset` of the input's gradient
  kSumGCentred,  // of g * (x - m); then `slope`
  kScaledG,
  kScaledCentred,
  kGammaGradient,
  kBetaGradient
};

BYOL_DEVICE void norm_load_coefficients(const NormBackwardArguments& a, const NormPlace& p, const NormShared& shared) {
  const float* const from = a.coefficients + p.part * 5LL * a.map.channels + p.first_column;
  for (int c = static_cast<int>(threadIdx.x); c < p.columns; c += kNormThreads) {
    shared.of_columns(kGradientMean)[c] = from[c];
    shared.of_columns(kGradientScale)[c] = from[3LL * a.map.channels + c];
    shared.of_columns(kGradientShift)[c] = from[4LL * a.map.channels + c];
  }
  __syncthreads();
}

/// Rows that a thread loads before it uses any: as many as fit its registers.
template <class E>
constexpr int kNormRows = E::kWide == 1 ? 2 : 4;

/// Sums of g and of g * (x - m) over the block's rows, m being the mean before it was rounded.
template <class E, NormMask kMask, int kRows>
BYOL_DEVICE void norm_reduce(const NormBackwardArguments& a, const NormPlace& p, const NormShared& shared) {
  float mean[E::kWide], scale[E::kWide], shift[E::kWide], sum[E::kWide], centred_sum[E::kWide];
  for (int k = 0; k < E::kWide; ++k) {
    mean[k] = shared.of_columns(kGradientMean)[p.column + k];
    scale[k] = shared.of_columns(kGradientScale)[p.column + k];
    shift[k] = shared.of_columns(kGradientShift)[p.column + k];
    sum[k] = centred_sum[k] = 0.0F;
  }
  each_row<kRows>(a.map, p, false, [&]<bool kWhole>(long long at, long long step, int count) {
    typename E::Raw raw_x[kRows] = {}, raw_dy[kRows] = {}, raw_y[kRows] = {};
    for (int i = 0; i < kRows; ++i) {
      if (!kWhole && i >= count) continue;
      raw_x[i] = E::load(a.x, at + i * step);
      raw_dy[i] = E::load(a.dy, at + i * step);
      if constexpr (kMask == kNormMaskFromOutput) raw_y[i] = E::load(a.y, at + i * step);
    }
    for (int i = 0; i < kRows; ++i) {
      if (!kWhole && i >= count) continue;
      float x[E::kWide], g[E::kWide], y[E::kWide];
      E::unpack(raw_x[i], x);
      E::unpack(raw_dy[i], g);
      if constexpr (kMask == kNormMaskFromOutput) E::unpack(raw_y[i], y);
      for (int k = 0; k < E::kWide; ++k) {
        const float centred = x[k] - mean[k];
        if constexpr (kMask == kNormMaskFromInput) {
          g[k] = arithmetic::masked_gradient(centred, g[k], scale[k], shift[k]);
        }
        if constexpr (kMask == kNormMaskFromOutput) g[k] = arithmetic::where_positive(y[k], g[k]);
        sum[k] += g[k];
        centred_sum[k] = arithmetic::multiply_add(g[k], centred, centred_sum[k]);
      }
      if constexpr (kMask == kNormMaskFromOutput) E::store(a.g, at + i * step, E::pack(g));
    }
  });
  sum_lanes<E>(shared, p, sum, centred_sum, shared.of_columns(kSumG), shared.of_columns(kSumGCentred));
  const float* const mean_rest = a.coefficients + (p.part * 5LL + 1) * a.map.channels + p.first_column;
  for (int c = static_cast<int>(threadIdx.x); c < p.columns; c += kNormThreads) {
    float& centred = shared.of_columns(kSumGCentred)[c];
    centred = arithmetic::multiply_add(-mean_rest[c], shared.of_columns(kSumG)[c], centred);
  }
  __syncthreads();
}

template <class E, int kRows>
BYOL_DEVICE void norm_reduce_any(const NormBackwardArguments& a, const NormPlace& p, const NormShared& shared) {
  if (a.mask == kNormMaskFromInput) {
    norm_reduce<E, kNormMaskFromInput, kRows>(a, p, shared);
  } else if (a.mask == kNormMaskFromOutput) {
    norm_reduce<E, kNormMaskFromOutput, (kRows < 3 ? kRows : 3)>(a, p, shared);
  } else {
    norm_reduce<E, kNormUnmasked, kRows>(a, p, shared);
  }
}

BYOL_DEVICE float* norm_gradient_partial(const NormBackwardArguments& a, int part, int row_block) {
  return a.partials + (static_cast<long long>(part) * a.map.row_blocks + row_block) * 2 * a.map.channels;
}

BYOL_DEVICE void norm_store_sums(const NormBackwardArguments& a, const NormPlace& p, const NormShared& shared) {
  float* const to = norm_gradient_partial(a, p.part, p.row_block) + p.first_column;
  for (int c = static_cast<int>(threadIdx.x); c < p.columns; c += kNormThreads) {
    to[c] = shared.of_columns(kSumG)[c];
    to[a.map.channels + c] = shared.of_columns(kSumGCentred)[c];
  }
}

BYOL_DEVICE void norm_merge_sums(const NormBackwardArguments& a, const NormPlace& p, const NormShared& shared) {
  const float* const from = norm_gradient_partial(a, p.part, 0) + p.first_column;
  sum_terms(shared, p.columns, a.map.row_blocks, shared.of_columns(kSumG), shared.of_columns(kSumGCentred),
            [&](int i, int c, float (&sums)[2]) {
              const float* const other = from + i * 2LL * a.map.channels + c;
              sums[0] += other[0];
              sums[1] += other[a.map.channels];
            });
}

/// Writes the gradients of gamma and beta for `columns` channels from `first_column` on, summed over all parts.
BYOL_DEVICE void norm_sum_parameters(const NormShared& shared, int first_column, int columns, int channels, int parts,
                                     int row_blocks, const float* partials, const float* coefficients, float* gamma,
                                     float* beta) {
  sum_terms(shared, columns, parts * row_blocks, beta + first_column, gamma + first_column,
            [&](int i, int c, float (&sums)[2]) {
              const float* const from = partials + i * 2LL * channels + first_column + c;
              const long long part = i / row_blocks;
              const float inverse_deviation = coefficients[(part * 5 + 2) * channels + first_column + c];
              sums[0] += from[0];
              sums[1] = arithmetic::multiply_add(from[channels], inverse_deviation, sums[1]);
            });
}

/// Slope and offset of the input's gradient (norm_arithmetic.h) in place of the sums.
BYOL_DEVICE void norm_gradient_coefficients(const NormBackwardArguments& a, const NormPlace& p,
                                            const NormShared& shared) {
  float* const scaled = shared.of_columns(kScaledG);
  float* const scaled_centred = shared.of_columns(kScaledCentred);
  const int group = a.map.group;
  for (int c = static_cast<int>(threadIdx.x); c < p.columns; c += kNormThreads) {
    const float scale = shared.of_columns(kGradientScale)[c];
    scaled[c] = scale * shared.of_columns(kSumG)[c];
    scaled_centred[c] = scale * shared.of_columns(kSumGCentred)[c];
  }
  __syncthreads();
  if (group > 1) {
    each_group(p, group, [&](int first, int lane) {
      float sum = 0.0F, centred_sum = 0.0F;
      for (int c = first + lane; c < first + group; c += kWarp) {
        sum += scaled[c];
        centred_sum += scaled_centred[c];
      }
      sum = warp_sum(sum);
      centred_sum = warp_sum(centred_sum);
      for (int c = first + lane; c < first + group; c += kWarp) {
        scaled[c] = sum;
        scaled_centred[c] = centred_sum;
      }
    });
  }
  const float n = static_cast<float>(a.map.rows) * static_cast<float>(group);
  const float* const coefficients = a.coefficients + p.part * 5LL * a.map.channels + p.first_column;
  for (int c = static_cast<int>(threadIdx.x); c < p.columns; c += kNormThreads) {
    const float mean_rest = coefficients[a.map.channels + c];
    const float inverse_deviation = coefficients[2LL * a.map.channels + c];
    const float slope = a.frozen ? 0.0F : arithmetic::input_gradient_slope(scaled_centred[c], inverse_deviation, n);
    shared.of_columns(kSumGCentred)[c] = slope;
    shared.of_columns(kSumG)[c] = a.frozen ? 0.0F : arithmetic::input_gradient_offset(scaled[c], slope, mean_rest, n);
  }
  __syncthreads();
}

template <class E, bool kMasked, int kRows>
BYOL_DEVICE void norm_input_gradient(const NormBackwardArguments& a, const NormPlace& p, const NormShared& shared) {
  float mean[E::kWide], scale[E::kWide], shift[E::kWide], slope[E::kWide], offset[E::kWide];
  for (int k = 0; k < E::kWide; ++k) {
    mean[k] = shared.of_columns(kGradientMean)[p.column + k];
    scale[k] = shared.of_columns(kGradientScale)[p.column + k];
    shift[k] = shared.of_columns(kGradientShift)[p.column + k];
    slope[k] = shared.of_columns(kSumGCentred)[p.column + k];
    offset[k] = shared.of_columns(kSumG)[p.column + k];
  }
  const void* const gradient = a.mask == kNormMaskFromOutput ? a.g : a.dy;
  each_row<kRows>(a.map, p, true, [&]<bool kWhole>(long long at, long long step, int count) {
    typename E::Raw raw_x[kRows] = {}, raw_g[kRows] = {};
    for (int i = 0; i < kRows; ++i) {
      if (!kWhole && i >= count) continue;
      raw_x[i] = E::load(a.x, at + i * step);
      raw_g[i] = E::load(gradient, at + i * step);
    }
    for (int i = 0; i < kRows; ++i) {
      if (!kWhole && i >= count) continue;
      float x[E::kWide], g[E::kWide], dx[E::kWide];
      E::unpack(raw_x[i], x);
      E::unpack(raw_g[i], g);
      for (int k = 0; k < E::kWide; ++k) {
        const float centred = x[k] - mean[k];
        if constexpr (kMasked) g[k] = arithmetic::masked_gradient(centred, g[k], scale[k], shift[k]);
        dx[k] = arithmetic::input_gradient(centred, g[k], scale[k], slope[k], offset[k]);
      }
      E::store(a.dx, at + i * step, E::pack(dx));
    }
  });
}

template <class E, int kRows>
BYOL_DEVICE void norm_input_gradient_any(const NormBackwardArguments& a, const NormPlace& p, const NormShared& shared) {
  if (a.dx == nullptr) return;
  norm_gradient_coefficients(a, p, shared);
  if (a.mask == kNormMaskFromInput) {
    norm_input_gradient<E, true, kRows>(a, p, shared);
  } else {
    norm_input_gradient<E, false, kRows>(a, p, shared);
  }
}

/// Adds this part's share to the gradients of gamma and beta, and writes them at the block's last part.
BYOL_DEVICE void norm_add_parameters(const NormBackwardArguments& a, const NormPlace& p, const NormShared& shared,
                                     int turn) {
  const float* const inverse_deviation = a.coefficients + (p.part * 5LL + 2) * a.map.channels + p.first_column;
  float* const gamma = shared.of_columns(kGammaGradient);
  float* const beta = shared.of_columns(kBetaGradient);
  for (int c = static_cast<int>(threadIdx.x); c < p.columns; c += kNormThreads) {
    const float of_gamma = shared.of_columns(kSumGCentred)[c] * inverse_deviation[c];
    const float of_beta = shared.of_columns(kSumG)[c];
    gamma[c] = turn == 0 ? of_gamma : gamma[c] + of_gamma;
    beta[c] = turn == 0 ? of_beta : beta[c] + of_beta;
    if (turn + 1 < a.block_parts) continue;
    a.gamma_gradient[p.first_column + c] = gamma[c];
    a.beta_gradient[p.first_column + c] = beta[c];
  }
}

/// Where a block has all rows of its channels: parts follow each other in it.
template <class E>
BYOL_DEVICE void norm_backward_whole(const NormBackwardArguments& a) {
  BYOL_DYNAMIC_SHARED(float, memory);
  const NormShared shared = norm_shared<E>(memory, a.map.columns);
  for (int turn = 0; turn < a.block_parts; ++turn) {
    const NormPlace p = norm_place<E>(a.map, a.block_parts, turn);
    norm_load_coefficients(a, p, shared);
    norm_reduce_any<E, E::kWide == 1 ? 3 : 2>(a, p, shared);
    if (a.partials != nullptr) norm_store_sums(a, p, shared);
    if (a.gamma_gradient != nullptr) norm_add_parameters(a, p, shared, turn);
    norm_input_gradient_any<E, E::kWide == 1 ? 3 : 2>(a, p, shared);
    __syncthreads();
  }
}

template <class E>
BYOL_DEVICE void norm_backward_first(const NormBackwardArguments& a) {
  BYOL_DYNAMIC_SHARED(float, memory);
  const NormShared shared = norm_shared<E>(memory, a.map.columns);
  const NormPlace p = norm_place<E>(a.map, 1, 0);
  norm_load_coefficients(a, p, shared);
  norm_reduce_any<E, kNormRows<E>>(a, p, shared);
  norm_store_sums(a, p, shared);
}

template <class E>
BYOL_DEVICE void norm_backward_second(const NormBackwardArguments& a) {
  BYOL_DYNAMIC_SHARED(float, memory);
  const NormShared shared = norm_shared<E>(memory, a.map.columns);
  const NormPlace p = norm_place<E>(a.map, 1, 0);
  norm_load_coefficients(a, p, shared);
  if (a.gamma_gradient != nullptr && p.row_block == 0 && p.part == 0) {
    norm_sum_parameters(shared, p.first_column, p.columns, a.map.channels, a.map.parts, a.map.row_blocks, a.partials,
                        a.coefficients, a.gamma_gradient, a.beta_gradient);
  }
  if (!a.frozen) norm_merge_sums(a, p, shared);
  norm_input_gradient_any<E, kNormRows<E>>(a, p, shared);
}

BYOL_KERNEL(norm_backward_whole_float32, NormBackwardArguments, kNormThreads) { norm_backward_whole<Float4>(a); }
BYOL_KERNEL(norm_backward_whole_float32_scalar, NormBackwardArguments, kNormThreads) {
  norm_backward_whole<Float1>(a);
}
BYOL_KERNEL(norm_backward_whole_bfloat16, NormBackwardArguments, kNormThreads) { norm_backward_whole<Half8>(a); }
BYOL_KERNEL(norm_backward_whole_bfloat16_scalar, NormBackwardArguments, kNormThreads) {
  norm_backward_whole<Half1>(a);
}
BYOL_KERNEL(norm_backward_first_float32, NormBackwardArguments, kNormThreads) { norm_backward_first<Float4>(a); }
BYOL_KERNEL(norm_backward_first_float32_scalar, NormBackwardArguments, kNormThreads) {
  norm_backward_first<Float1>(a);
}
BYOL_KERNEL(norm_backward_first_bfloat16, NormBackwardArguments, kNormThreads) { norm_backward_first<Half8>(a); }
BYOL_KERNEL(norm_backward_first_bfloat16_scalar, NormBackwardArguments, kNormThreads) {
  norm_backward_first<Half1>(a);
}
BYOL_KERNEL(norm_backward_second_float32, NormBackwardArguments, kNormThreads) { norm_backward_second<Float4>(a); }
BYOL_KERNEL(norm_backward_second_float32_scalar, NormBackwardArguments, kNormThreads) {
  norm_backward_second<Float1>(a);
}
BYOL_KERNEL(norm_backward_second_bfloat16, NormBackwardArguments, kNormThreads) { norm_backward_second<Half8>(a); }
BYOL_KERNEL(norm_backward_second_bfloat16_scalar, NormBackwardArguments, kNormThreads) {
  norm_backward_second<Half1>(a);
}

BYOL_KERNEL(norm_parameter_gradients, NormParameterArguments, kNormThreads) {
  BYOL_DYNAMIC_SHARED(float, memory);
  const NormShared shared = norm_shared<Float1>(memory, a.columns);
  const int first = static_cast<int>(blockIdx.x) * a.columns;
  const int columns = a.channels - first < a.columns ? a.channels - first : a.columns;
  norm_sum_parameters(shared, first, columns, a.channels, a.parts, a.row_blocks, a.partials, a.coefficients,
                      a.gamma_gradient, a.beta_gradient);
}

}  // namespace byol::kernels

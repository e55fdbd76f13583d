// Compiled three times, with -DBYOL_ISA=baseline, avx2 and avx512 and the matching -m flags; see simd/lanes.h.

#include "core/model/norm_kernels.h"

#include "core/model/norm_arithmetic.h"
#include "core/model/norm_walk.h"
#include "core/simd/lanes.h"

namespace byol {
namespace {

using arithmetic::input_gradient;
using arithmetic::masked_gradient;
using arithmetic::normalise;

struct alignas(64) Columns {
  float at[kNormBlockColumns];

  void clear(int64_t columns) {
    for (int64_t i = 0; i < columns; ++i) at[i] = 0.0F;
  }
};

// A value near the mean of each channel. Deviations from it, unlike the values, can be squared and summed in float32
// when the mean is large against the deviation.
template <class T>
void pivots(const NormBlock& block, const T* x, Columns& pivot) {
  constexpr int64_t kSample = 8;
  const int64_t rows = block.rows() < 16 * kSample ? (block.rows() + 15) / 16 : kSample;
  const int64_t stride = block.fold == 1 ? block.stride : block.channels;
  pivot.clear(block.channels);
  for (int64_t row = 0; row < rows; ++row) {
    const T* p = x + block.offset + row * stride;
    for (int64_t c = 0; c < block.channels; ++c) pivot.at[c] += Scalar::load(p + c).v;
  }
  for (int64_t c = 0; c < block.channels; ++c) pivot.at[c] /= static_cast<float>(rows);
  for (int64_t i = block.channels; i < block.columns; ++i) pivot.at[i] = pivot.at[i - block.channels];
}

double folded(const NormBlock& block, const Columns& sums, int64_t channel) {
  double sum = 0.0;
  for (int64_t i = channel; i < block.columns; i += block.channels) sum += static_cast<double>(sums.at[i]);
  return sum;
}

template <class T>
void moments(const NormBlock& block, const void* x_memory, double* mean, double* squares) {
  const T* x = static_cast<const T*>(x_memory);
  Columns pivot;
  Columns sum;
  Columns square;
  pivots(block, x, pivot);
  sum.clear(block.columns);
  square.clear(block.columns);
  const Walk how = walk_of<T>(block);
  walk<3>(
      block, how, [&]<class V, int U>(Step step) __attribute__((always_inline)) {
        const auto k = Group<V, U>::load(pivot.at + step.column);
        auto s = Group<V, U>::zero();
        auto q = Group<V, U>::zero();
        for (; step.lines > 0; --step.lines, step.offset += block.stride, step.next += U * V::kWidth) {
          if (how.fetch_next) fetch<V, U>(step.next, x);
          for (int u = 0; u < U; ++u) {
            const V d = V::load(x + step.offset + u * V::kWidth) - k.v[u];
            s.v[u] = s.v[u] + d;
            q.v[u] = multiply_add(d, d, q.v[u]);
          }
        }
        s.add_to(sum.at + step.column);
        q.add_to(square.at + step.column);
      });
  const auto rows = static_cast<double>(block.rows());
  for (int64_t c = 0; c < block.channels; ++c) {
    const double s = folded(block, sum, c);
    const double q = folded(block, square, c) - s * s / rows;
    mean[c] = static_cast<double>(pivot.at[c]) + s / rows;
    squares[c] = q < 0.0 ? 0.0 : q;  // NaN stays NaN
  }
}

template <class T, bool HasResidual, bool Relu>
void normalise_block(const NormBlock& block, const T* x, const T* residual, T* y, const NormCoefficients& c) {
  const Walk how = walk_of<T>(block);
  walk<3>(
      block, how, [&]<class V, int U>(Step step) __attribute__((always_inline)) {
        const int64_t column = block.first_column + step.column;
        const auto mean = Group<V, U>::load(c.mean + column);
        const auto scale = Group<V, U>::load(c.scale + column);
        const auto shift = Group<V, U>::load(c.shift + column);
        for (; step.lines > 0; --step.lines, step.offset += block.stride, step.next += U * V::kWidth) {
          if (how.fetch_next) {
            fetch<V, U>(step.next, x);
            if constexpr (HasResidual) fetch<V, U>(step.next, residual);
          }
          for (int u = 0; u < U; ++u) {
            const int64_t at = step.offset + u * V::kWidth;
            V v = normalise(V::load(x + at) - mean.v[u], scale.v[u], shift.v[u]);
            if constexpr (HasResidual) v = v + V::load(residual + at);
            if constexpr (Relu) v = positive_part(v);
            v.store(y + at);
          }
        }
      });
}

template <class T>
void normalise_any(const NormBlock& block, const void* x, const void* residual, void* y, const NormCoefficients& c,
                   bool relu) {
  const auto* x_ = static_cast<const T*>(x);
  const auto* r_ = static_cast<const T*>(residual);
  auto* y_ = static_cast<T*>(y);
  if (residual != nullptr) {
    relu ? normalise_block<T, true, true>(block, x_, r_, y_, c) : normalise_block<T, true, false>(block, x_, r_, y_, c);
  } else {
    relu ? normalise_block<T, false, true>(block, x_, r_, y_, c)
         : normalise_block<T, false, false>(block, x_, r_, y_, c);
  }
}

enum class Mask { kNone, kFromInput, kFromOutput };

template <class T, Mask M>
void reduce_block(const NormBlock& block, const T* x, const T* dy, const T* y, T* g_out, const NormCoefficients& c,
                  double* sum_g, double* sum_g_centred) {
  constexpr int kLive = M == Mask::kFromInput ? 5 : 3;
  const Walk how = walk_of<T>(block);
  Columns sum;
  Columns centred_sum;
  sum.clear(block.columns);
  centred_sum.clear(block.columns);
  walk<kLive>(
      block, how, [&]<class V, int U>(Step step) __attribute__((always_inline)) {
        const int64_t column = block.first_column + step.column;
        const auto mean = Group<V, U>::load(c.mean + column);
        const auto scale = Group<V, U>::load(c.scale + column);
        const auto shift = Group<V, U>::load(c.shift + column);
        auto s = Group<V, U>::zero();
        auto q = Group<V, U>::zero();
        for (; step.lines > 0; --step.lines, step.offset += block.stride, step.next += U * V::kWidth) {
          if (how.fetch_next) {
            fetch<V, U>(step.next, x, dy);
            if constexpr (M == Mask::kFromOutput) fetch<V, U>(step.next, y);
          }
          for (int u = 0; u < U; ++u) {
            const int64_t at = step.offset + u * V::kWidth;
            const V centred = V::load(x + at) - mean.v[u];
            V g = V::load(dy + at);
            if constexpr (M == Mask::kFromInput) g = masked_gradient(centred, g, scale.v[u], shift.v[u]);
            if constexpr (M == Mask::kFromOutput) {
              g = where_positive(V::load(y + at), g);
              g.store(g_out + at);
            }
            s.v[u] = s.v[u] + g;
            q.v[u] = multiply_add(g, centred, q.v[u]);
          }
        }
        s.add_to(sum.at + step.column);
        q.add_to(centred_sum.at + step.column);
      });
  for (int64_t i = 0; i < block.channels; ++i) {
    sum_g[i] = folded(block, sum, i);
    sum_g_centred[i] =
        folded(block, centred_sum, i) - static_cast<double>(c.mean_rest[block.first_column + i]) * sum_g[i];
  }
}

template <class T>
void reduce_any(const NormBlock& block, const void* x, const void* dy, const void* y, void* g,
                const NormCoefficients& c, bool relu, double* sum_g, double* sum_g_centred) {
  const auto* x_ = static_cast<const T*>(x);
  const auto* dy_ = static_cast<const T*>(dy);
  const auto* y_ = static_cast<const T*>(y);
  auto* g_ = static_cast<T*>(g);
  if (!relu) {
    reduce_block<T, Mask::kNone>(block, x_, dy_, y_, g_, c, sum_g, sum_g_centred);
  } else if (y == nullptr) {
    reduce_block<T, Mask::kFromInput>(block, x_, dy_, y_, g_, c, sum_g, sum_g_centred);
  } else {
    reduce_block<T, Mask::kFromOutput>(block, x_, dy_, y_, g_, c, sum_g, sum_g_centred);
  }
}

template <class T, bool Masked>
void input_gradient_block(const NormBlock& block, const T* x, const T* dy, T* dx, const NormCoefficients& c,
                          const NormGradientCoefficients& d) {
  constexpr int kLive = Masked ? 5 : 4;
  const Walk how = walk_of<T>(block);
  walk<kLive>(
      block, how, [&]<class V, int U>(Step step) __attribute__((always_inline)) {
        const int64_t column = block.first_column + step.column;
        const auto mean = Group<V, U>::load(c.mean + column);
        const auto scale = Group<V, U>::load(c.scale + column);
        const auto shift = Group<V, U>::load(c.shift + column);
        const auto slope = Group<V, U>::load(d.slope + column);
        const auto constant = Group<V, U>::load(d.offset + column);
        for (; step.lines > 0; --step.lines, step.offset += block.stride, step.next += U * V::kWidth) {
          if (how.fetch_next) fetch<V, U>(step.next, x, dy);
          for (int u = 0; u < U; ++u) {
            const int64_t at = step.offset + u * V::kWidth;
            const V centred = V::load(x + at) - mean.v[u];
            V g = V::load(dy + at);
            if constexpr (Masked) g = masked_gradient(centred, g, scale.v[u], shift.v[u]);
            input_gradient(centred, g, scale.v[u], slope.v[u], constant.v[u]).store(dx + at);
          }
        }
      });
}

template <class T>
void input_gradient_any(const NormBlock& block, const void* x, const void* dy, void* dx, const NormCoefficients& c,
                        const NormGradientCoefficients& d, bool masked) {
  const auto* x_ = static_cast<const T*>(x);
  const auto* dy_ = static_cast<const T*>(dy);
  auto* dx_ = static_cast<T*>(dx);
  masked ? input_gradient_block<T, true>(block, x_, dy_, dx_, c, d)
         : input_gradient_block<T, false>(block, x_, dy_, dx_, c, d);
}

void merge_moments(int64_t channels, double* __restrict mean_a, double* __restrict squares_a, int64_t rows_a,
                   const double* __restrict mean_b, const double* __restrict squares_b, int64_t rows_b) {
  const double share = static_cast<double>(rows_b) / static_cast<double>(rows_a + rows_b);
  const double weight = share * static_cast<double>(rows_a);
  for (int64_t c = 0; c < channels; ++c) {
    const double difference = mean_b[c] - mean_a[c];
    mean_a[c] += difference * share;
    squares_a[c] += squares_b[c] + difference * difference * weight;
  }
}

void merge_sums(int64_t count, double* __restrict a, const double* __restrict b) {
  for (int64_t i = 0; i < count; ++i) a[i] += b[i];
}

template <class T>
constexpr NormKernels kernels() {
  return {moments<T>, normalise_any<T>, reduce_any<T>, input_gradient_any<T>, merge_moments, merge_sums};
}

}  // namespace

#define BYOL_ISA_IS_baseline kNormKernelsBaseline
#define BYOL_ISA_IS_avx2 kNormKernelsAvx2
#define BYOL_ISA_IS_avx512 kNormKernelsAvx512
#define BYOL_ISA_JOIN(isa) BYOL_ISA_IS_##isa
#define BYOL_ISA_TABLE(isa) BYOL_ISA_JOIN(isa)

extern const NormKernels BYOL_ISA_TABLE(BYOL_ISA)[3] = {kernels<float>(), kernels<Bfloat16>(),
                                                        kernels<NativeBfloat16>()};

}  // namespace byol

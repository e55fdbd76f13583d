#pragma once

// The loops of the fused normalisation as plain functions on plain memory, compiled once per instruction set from
// norm_kernels.isa.cpp. No header of LibTorch here: that file must not pull inline code of others into an object
// that is compiled with AVX-512.

#include <cstdint>

namespace byol {

/// The last is bfloat16 too, for CPUs that have avx512_bf16; other instruction sets than AVX-512 treat it as kBfloat16.
enum class NormElement { kFloat32 = 0, kBfloat16 = 1, kNativeBfloat16 = 2 };

/// A feature map in channels_last is a matrix [rows, channels]. Where `channels` is small, `fold` consecutive rows are
/// treated as one line of `fold` * channels columns, so that a line fills whole vectors; per-channel coefficients are
/// then repeated `fold` times. A block is a rectangle of that matrix: `lines` whole lines of `columns` columns at
/// distance `stride`, and after them, where `fold` does not divide the rows, `tail` columns of one incomplete line.
struct NormBlock {
  std::int64_t offset;        ///< of the first element, in elements
  std::int64_t stride;        ///< from line to line, in elements
  std::int64_t lines;         ///< >= 0
  std::int64_t columns;       ///< 1 .. kNormBlockColumns
  std::int64_t tail;          ///< 0 .. columns - channels
  std::int64_t first_column;  ///< index into coefficients of line width
  std::int64_t channels;      ///< columns / fold
  std::int64_t fold;          ///< rows in a line

  std::int64_t rows() const { return lines * fold + tail / channels; }
};

inline constexpr std::int64_t kNormBlockColumns = 4096;

/// Coefficients per column, each an array of line width.
struct NormCoefficients {
  float* mean;
  float* mean_rest;          ///< what rounding `mean` to float32 left over
  float* inverse_deviation;  ///< 1 / sqrt(variance + eps)
  float* scale;              ///< gamma * inverse_deviation
  float* shift;              ///< beta - mean_rest * scale
};

/// Coefficients of the input's gradient, see arithmetic::input_gradient; each an array of line width.
struct NormGradientCoefficients {
  float* slope;
  float* offset;
};

/// One instruction set, one element type. Pointers to feature maps are to the whole map; blocks carry the offset.
struct NormKernels {
  /// Mean and sum of squared deviations from it for each of the block's channels.
  void (*moments)(const NormBlock& block, const void* x, double* mean, double* squares);

  /// y = act((x - mean) * scale + shift [+ residual]). y may be x. `residual` may be null.
  void (*normalise)(const NormBlock& block, const void* x, const void* residual, void* y, const NormCoefficients& c,
                    bool relu);

  /// Sums over the block of g and of g * (x - mean) per channel, where g is dy
  ///  - as it is                                     (relu false);
  ///  - where the forward pass was positive, else 0  (relu true), judged from x if `y` is null, else from `y`; in the
  ///    second case g is stored in `g`, which may be dy.
  void (*reduce)(const NormBlock& block, const void* x, const void* dy, const void* y, void* g,
                 const NormCoefficients& c, bool relu, double* sum_g, double* sum_g_centred);

  /// dx = scale * g + slope * (x - mean) + offset. `masked`: g is dy where the forward pass was positive (judged from
  /// x), else 0; otherwise g is dy. dx may be dy.
  void (*input_gradient)(const NormBlock& block, const void* x, const void* dy, void* dx, const NormCoefficients& c,
                         const NormGradientCoefficients& d, bool masked);

  /// Adds the moments of `rows_b` values (mean_b, squares_b) to those of `rows_a` (mean_a, squares_a), which they
  /// replace (Chan, Golub and LeVeque 1979).
  void (*merge_moments)(std::int64_t channels, double* mean_a, double* squares_a, std::int64_t rows_a,
                        const double* mean_b, const double* squares_b, std::int64_t rows_b);

  /// a += b.
  void (*merge_sums)(std::int64_t count, double* a, const double* b);
};

/// Indexed by NormElement.
extern const NormKernels kNormKernelsBaseline[3];
#if defined(__x86_64__)
extern const NormKernels kNormKernelsAvx2[3];
extern const NormKernels kNormKernelsAvx512[3];
#endif

}  // namespace byol

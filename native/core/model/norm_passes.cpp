#include "core/model/norm_passes.h"

#include <ATen/Parallel.h>
#include <ATen/Version.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <string>

#include "core/model/norm_arithmetic.h"

namespace byol {
namespace {

// Vectors of any instruction set, and the loops' groups of four of them, divide this.
constexpr std::int64_t kLineQuantum = 64;
// A block's float32 sums are merged in float64, so blocks bound the rounding error; they also are the unit of work of a
// thread. Their shape depends on the feature map's only: results are the same for any number of threads. They consist of
// whole lines, so that each is read in the order of memory, and are kMinBlocks or a multiple, so that threads get equal
// shares of a small map.
constexpr std::int64_t kBlockElements = 65536;
constexpr std::int64_t kBlockRows = 128;
constexpr std::int64_t kMinBlocks = 8;
// Below this, waking other threads costs more than it saves.
constexpr std::int64_t kSerialElements = 32768;

// ATen's own choice of instructions: what the CPU has, or ATEN_CPU_CAPABILITY.
const NormKernels& kernels_for(at::ScalarType type) {
#if defined(__x86_64__)
  static const std::string capability = at::get_cpu_capability();
  static const bool has_bfloat16 = capability == "AVX512" && __builtin_cpu_supports("avx512bf16");
  const NormKernels* const kernels = capability == "AVX512" ? kNormKernelsAvx512
                                     : capability == "AVX2" ? kNormKernelsAvx2
                                                            : kNormKernelsBaseline;
#else
  constexpr bool has_bfloat16 = false;
  const NormKernels* const kernels = kNormKernelsBaseline;
#endif
  const NormElement bfloat16 = has_bfloat16 ? NormElement::kNativeBfloat16 : NormElement::kBfloat16;
  return kernels[static_cast<int>(type == at::kFloat ? NormElement::kFloat32 : bfloat16)];
}

std::int64_t round_up(std::int64_t n, std::int64_t multiple) { return (n + multiple - 1) / multiple * multiple; }

NormCoefficients view(const at::Tensor& coefficients) {
  auto* p = coefficients.data_ptr<float>();
  const std::int64_t width = coefficients.size(1);
  return {p, p + width, p + 2 * width, p + 3 * width, p + 4 * width};
}

}  // namespace

NormPasses::NormPasses(const at::Tensor& x)
    : kernels_(kernels_for(x.scalar_type())), rows_(x.numel() / x.size(1)), channels_(x.size(1)) {
  fold_ = channels_ < kLineQuantum ? kLineQuantum / std::gcd(channels_, kLineQuantum) : 1;
  width_ = channels_ * fold_;
  block_columns_ = std::min(width_, kNormBlockColumns);
  column_blocks_ = round_up(width_, block_columns_) / block_columns_;
  const std::int64_t most_rows = std::max(kBlockElements / channels_, kBlockRows);
  const std::int64_t blocks = round_up(round_up(rows_, most_rows) / most_rows, kMinBlocks);
  block_rows_ = round_up(round_up(rows_, blocks) / blocks, fold_);
  row_blocks_ = round_up(rows_, block_rows_) / block_rows_;
}

std::int64_t NormPasses::rows_of(std::int64_t row_block) const {
  return std::min(block_rows_, rows_ - row_block * block_rows_);
}

NormBlock NormPasses::block(std::int64_t index) const {
  const std::int64_t row_block = index / column_blocks_;
  const std::int64_t first_column = index % column_blocks_ * block_columns_;
  const std::int64_t rows = rows_of(row_block);
  const std::int64_t columns = std::min(block_columns_, width_ - first_column);
  return {.offset = row_block * block_rows_ * channels_ + first_column,
          .stride = width_,
          .lines = rows / fold_,
          .columns = columns,
          .tail = rows % fold_ * channels_,
          .first_column = first_column,
          .channels = columns / fold_,
          .fold = fold_};
}

template <class Work>
void NormPasses::for_each_block(const Work& work) const {
  const std::int64_t blocks = row_blocks_ * column_blocks_;
  at::parallel_for(0, blocks, rows_ * channels_ < kSerialElements ? blocks : 1, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t i = begin; i < end; ++i) work(block(i), i / column_blocks_);
  });
}

// For a second pass over the same memory: it begins where the first one ended, with what is still in the cache.
template <class Work>
void NormPasses::for_each_block_backwards(const Work& work) const {
  const std::int64_t blocks = row_blocks_ * column_blocks_;
  at::parallel_for(0, blocks, rows_ * channels_ < kSerialElements ? blocks : 1, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t i = end; i-- > begin;) work(block(i));
  });
}

void NormPasses::repeat(float* line) const {
  for (std::int64_t i = channels_; i < width_; ++i) line[i] = line[i - channels_];
}

at::Tensor NormPasses::statistics(const at::Tensor& x) const {
  const at::Tensor moments = at::empty({row_blocks_, 2, channels_}, at::kDouble);
  auto* const means = moments.data_ptr<double>();
  auto* const squares = means + channels_;
  const void* const memory = x.const_data_ptr();
  for_each_block([&](const NormBlock& b, std::int64_t row_block) {
    const std::int64_t at = row_block * 2 * channels_ + b.first_column;
    kernels_.moments(b, memory, means + at, squares + at);
  });
  for (std::int64_t i = 1; i < row_blocks_; ++i) {
    kernels_.merge_moments(channels_, means, squares, i * block_rows_, means + i * 2 * channels_,
                            squares + i * 2 * channels_, rows_of(i));
  }
  for (std::int64_t c = 0; c < channels_; ++c) squares[c] /= static_cast<double>(rows_);
  return moments[0];
}

at::Tensor NormPasses::coefficients(const at::Tensor& statistics, const at::Tensor& gamma, const at::Tensor& beta,
                                    double eps) const {
  at::Tensor result = at::empty({5, width_}, at::kFloat);
  const NormCoefficients c = view(result);
  const auto* const mean = statistics.const_data_ptr<double>();
  const auto* const variance = mean + channels_;
  const auto* const g = gamma.const_data_ptr<float>();
  const auto* const b = beta.const_data_ptr<float>();
  for (std::int64_t i = 0; i < channels_; ++i) {
    const double inverse_deviation = 1.0 / std::sqrt(variance[i] + eps);
    c.mean[i] = static_cast<float>(mean[i]);
    const double mean_rest = mean[i] - static_cast<double>(c.mean[i]);
    c.mean_rest[i] = static_cast<float>(mean_rest);
    c.inverse_deviation[i] = static_cast<float>(inverse_deviation);
    c.scale[i] = static_cast<float>(static_cast<double>(g[i]) * inverse_deviation);
    c.shift[i] = static_cast<float>(static_cast<double>(b[i]) - mean_rest * static_cast<double>(c.scale[i]));
  }
  for (float* line : {c.mean, c.mean_rest, c.inverse_deviation, c.scale, c.shift}) repeat(line);
  return result;
}

void NormPasses::normalise(const at::Tensor& x, const at::Tensor& residual, const at::Tensor& y,
                           const at::Tensor& coefficients, bool relu) const {
  const NormCoefficients c = view(coefficients);
  const void* const from = x.const_data_ptr();
  const void* const added = residual.defined() ? residual.const_data_ptr() : nullptr;
  void* const to = y.data_ptr();
  for_each_block_backwards([&](const NormBlock& b) { kernels_.normalise(b, from, added, to, c, relu); });
}

at::Tensor NormPasses::reduce(const at::Tensor& x, const at::Tensor& dy, const at::Tensor& y, const at::Tensor& g,
                              const at::Tensor& coefficients, bool relu) const {
  at::Tensor sums = at::empty({row_blocks_, 2, channels_}, at::kDouble);
  auto* const p = sums.data_ptr<double>();
  const NormCoefficients c = view(coefficients);
  const void* const x_memory = x.const_data_ptr();
  const void* const dy_memory = dy.const_data_ptr();
  const void* const y_memory = y.defined() ? y.const_data_ptr() : nullptr;
  void* const g_memory = g.defined() ? g.data_ptr() : nullptr;
  for_each_block([&](const NormBlock& b, std::int64_t row_block) {
    double* const sum_g = p + row_block * 2 * channels_ + b.first_column;
    kernels_.reduce(b, x_memory, dy_memory, y_memory, g_memory, c, relu, sum_g, sum_g + channels_);
  });
  for (std::int64_t i = 1; i < row_blocks_; ++i) kernels_.merge_sums(2 * channels_, p, p + i * 2 * channels_);
  return sums[0];
}

void NormPasses::input_gradient(const at::Tensor& x, const at::Tensor& dy, const at::Tensor& dx,
                                const at::Tensor& coefficients, const at::Tensor& sums, bool masked,
                                bool frozen) const {
  const NormCoefficients c = view(coefficients);
  const at::Tensor line = frozen ? at::zeros({2, width_}, at::kFloat) : at::empty({2, width_}, at::kFloat);
  const NormGradientCoefficients d{line.data_ptr<float>(), line.data_ptr<float>() + width_};
  if (!frozen) {
    const auto* const sum_g = sums.const_data_ptr<double>();
    const auto n = static_cast<double>(rows_);
    for (std::int64_t i = 0; i < channels_; ++i) {
      d.slope[i] = static_cast<float>(
          arithmetic::input_gradient_slope(sum_g[channels_ + i], c.scale[i], c.inverse_deviation[i], n));
      d.offset[i] =
          static_cast<float>(arithmetic::input_gradient_offset(sum_g[i], d.slope[i], c.scale[i], c.mean_rest[i], n));
    }
    repeat(d.slope);
    repeat(d.offset);
  }
  const void* const x_memory = x.const_data_ptr();
  const void* const dy_memory = dy.const_data_ptr();
  void* const dx_memory = dx.data_ptr();
  for_each_block_backwards(
      [&](const NormBlock& b) { kernels_.input_gradient(b, x_memory, dy_memory, dx_memory, c, d, masked); });
}

at::Tensor NormPasses::gamma_gradient(const at::Tensor& coefficients, const at::Tensor& sums) const {
  at::Tensor result = at::empty({channels_}, at::kFloat);
  auto* const p = result.data_ptr<float>();
  const auto* const sum_g_centred = sums.const_data_ptr<double>() + channels_;
  const NormCoefficients c = view(coefficients);
  for (std::int64_t i = 0; i < channels_; ++i) {
    p[i] = static_cast<float>(sum_g_centred[i] * static_cast<double>(c.inverse_deviation[i]));
  }
  return result;
}

at::Tensor NormPasses::beta_gradient(const at::Tensor& sums) const { return sums[0].to(at::kFloat); }

}  // namespace byol

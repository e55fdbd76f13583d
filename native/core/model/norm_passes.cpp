#include "core/model/norm_passes.h"

#include <ATen/Parallel.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "core/model/norm_arithmetic.h"

namespace byol {
namespace {

// Vectors of any instruction set, and the loops' groups of four of them, divide this.
constexpr std::int64_t kLineQuantum = 64;
// A block's float32 sums are merged in float64, so blocks bound the rounding error; they also are the unit of work of a
// thread. Their shape depends on the feature map's only: results are the same for any number of threads. They consist
// of whole lines, so that memory is read in its order, and their number is a multiple of kMinBlocks where the rows
// suffice, so that threads get equal shares of a small map.
constexpr std::int64_t kBlockElements = 65536;
constexpr std::int64_t kBlockRows = 128;
constexpr std::int64_t kMinBlocks = 8;  // of a part, where the parts are fewer
// Below this, waking other threads costs more than it saves.
constexpr std::int64_t kSerialElements = 32768;

std::int64_t ceil_div(std::int64_t a, std::int64_t b) { return (a + b - 1) / b; }
std::int64_t round_up(std::int64_t n, std::int64_t multiple) { return ceil_div(n, multiple) * multiple; }

NormCoefficients view(const at::Tensor& coefficients, std::int64_t part) {
  const std::int64_t width = coefficients.size(2);
  float* const p = coefficients.data_ptr<float>() + part * 5 * width;
  return {p, p + width, p + 2 * width, p + 3 * width, p + 4 * width};
}

}  // namespace

NormPasses::NormPasses(const at::Tensor& x, std::int64_t parts, std::int64_t channel_groups)
    : kernels_(norm_kernels_for(x.scalar_type())),
      parts_(parts),
      rows_(x.numel() / x.size(1) / parts),
      channels_(x.size(1)),
      group_(x.size(1) / channel_groups) {
  fold_ = channels_ < kLineQuantum ? kLineQuantum / std::gcd(channels_, kLineQuantum) : 1;
  width_ = channels_ * fold_;
  block_columns_ = std::min(width_, kNormBlockColumns);
  column_blocks_ = ceil_div(width_, block_columns_);
  const std::int64_t most_rows = std::max(kBlockElements / channels_, kBlockRows);
  const std::int64_t least_blocks = parts_ < kMinBlocks ? kMinBlocks : 1;
  block_rows_ = round_up(ceil_div(rows_, round_up(ceil_div(rows_, most_rows), least_blocks)), fold_);
  row_blocks_ = ceil_div(rows_, block_rows_);
}

std::int64_t NormPasses::rows_of(std::int64_t row_block) const {
  return std::min(block_rows_, rows_ - row_block * block_rows_);
}

NormBlock NormPasses::block(const Place& place) const {
  const std::int64_t first_column = place.column_block * block_columns_;
  const std::int64_t rows = rows_of(place.row_block);
  const std::int64_t columns = std::min(block_columns_, width_ - first_column);
  return {.offset = (place.part * rows_ + place.row_block * block_rows_) * channels_ + first_column,
          .stride = width_,
          .lines = rows / fold_,
          .columns = columns,
          .tail = rows % fold_ * channels_,
          .first_column = first_column,
          .channels = columns / fold_,
          .fold = fold_};
}

// A second pass over the same memory goes backwards: it begins with what the first one left in the cache.
template <class Work>
void NormPasses::for_each_block(Order order, const Work& work) const {
  const std::int64_t blocks = parts_ * row_blocks_ * column_blocks_;
  const std::int64_t grain = parts_ * rows_ * channels_ < kSerialElements ? blocks : 1;
  at::parallel_for(0, blocks, grain, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t i = begin; i < end; ++i) {
      const std::int64_t index = order == Order::kForwards ? i : begin + end - 1 - i;
      const std::int64_t rows = index / column_blocks_;
      const Place place{rows / row_blocks_, rows % row_blocks_, index % column_blocks_};
      work(block(place), place);
    }
  });
}

template <class Work>
void NormPasses::for_each_part(const Work& work) const {
  const std::int64_t grain = std::max<std::int64_t>(1, kSerialElements / channels_);
  at::parallel_for(0, parts_, grain, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t part = begin; part < end; ++part) work(part);
  });
}

NormPasses::Pairs NormPasses::pairs_per_row_block() const {
  return std::make_unique_for_overwrite<double[]>(static_cast<std::size_t>(parts_ * row_blocks_ * 2 * channels_));
}

std::int64_t NormPasses::pairs_offset(std::int64_t part, std::int64_t row_block) const {
  return (part * row_blocks_ + row_block) * 2 * channels_;
}

double* NormPasses::pairs_at(const Pairs& pairs, std::int64_t part, std::int64_t row_block) const {
  return pairs.get() + pairs_offset(part, row_block);
}

void NormPasses::repeat(float* line) const {
  for (std::int64_t i = channels_; i < width_; ++i) line[i] = line[i - channels_];
}

// Each channel has as many values as any other, so their moments are averages of the channels'.
void NormPasses::merge_channels(double* means, double* variances) const {
  if (group_ == 1) return;
  const auto count = static_cast<double>(group_);
  for (std::int64_t first = 0; first < channels_; first += group_) {
    double mean = 0.0;
    double variance = 0.0;
    for (std::int64_t c = first; c < first + group_; ++c) mean += means[c] / count;
    for (std::int64_t c = first; c < first + group_; ++c) {
      variance += (variances[c] + (means[c] - mean) * (means[c] - mean)) / count;
    }
    std::fill_n(means + first, group_, mean);
    std::fill_n(variances + first, group_, variance);
  }
}

NormPasses::Pairs NormPasses::statistics(const at::Tensor& x) const {
  Pairs moments = pairs_per_row_block();
  const void* const memory = x.const_data_ptr();
  for_each_block(Order::kForwards, [&](const NormBlock& b, const Place& at) {
    double* const means = pairs_at(moments, at.part, at.row_block) + b.first_column;
    kernels_.moments(b, memory, means, means + channels_);
  });
  for_each_part([&](std::int64_t part) {
    double* const means = pairs_at(moments, part);
    double* const squares = means + channels_;
    for (std::int64_t i = 1; i < row_blocks_; ++i) {
      const double* const other = pairs_at(moments, part, i);
      kernels_.merge_moments(channels_, means, squares, i * block_rows_, other, other + channels_, rows_of(i));
    }
    for (std::int64_t c = 0; c < channels_; ++c) squares[c] /= static_cast<double>(rows_);
    merge_channels(means, squares);
  });
  return moments;
}

NormPasses::Pairs NormPasses::given_statistics(const at::Tensor& mean, const at::Tensor& variance) const {
  auto statistics = std::make_unique_for_overwrite<double[]>(static_cast<std::size_t>(2 * channels_));
  if (mean.defined()) {
    std::copy_n(mean.const_data_ptr<float>(), channels_, statistics.get());
    std::copy_n(variance.const_data_ptr<float>(), channels_, statistics.get() + channels_);
  } else {
    std::fill_n(statistics.get(), channels_, 0.0);
    std::fill_n(statistics.get() + channels_, channels_, 1.0);
  }
  return statistics;
}

void NormPasses::write_statistics(const Pairs& statistics, const at::Tensor& mean, const at::Tensor& variance) const {
  for (std::int64_t part = 0; part < parts_; ++part) {
    const double* const from = pairs_at(statistics, part);
    auto* const m = mean.data_ptr<float>() + part * mean.stride(0);
    auto* const v = variance.data_ptr<float>() + part * variance.stride(0);
    for (std::int64_t c = 0; c < channels_; ++c) {
      m[c] = static_cast<float>(from[c]);
      v[c] = static_cast<float>(from[channels_ + c]);
    }
  }
  // Autograd did not see this: tell it, in case something saved these buffers.
  mean.unsafeGetTensorImpl()->bump_version();
  variance.unsafeGetTensorImpl()->bump_version();
}

at::Tensor NormPasses::coefficients(const Pairs& statistics, const at::Tensor& gamma, const at::Tensor& beta,
                                    double eps) const {
  at::Tensor result = at::empty({parts_, 5, width_}, at::kFloat);
  const auto* const g = gamma.defined() ? gamma.const_data_ptr<float>() : nullptr;
  const auto* const b = beta.defined() ? beta.const_data_ptr<float>() : nullptr;
  for_each_part([&](std::int64_t part) {
    const NormCoefficients c = view(result, part);
    const double* const mean = pairs_at(statistics, part);
    const double* const variance = mean + channels_;
    for (std::int64_t i = 0; i < channels_; ++i) {
      const double inverse_deviation = 1.0 / std::sqrt(variance[i] + eps);
      c.mean[i] = static_cast<float>(mean[i]);
      const double mean_rest = mean[i] - static_cast<double>(c.mean[i]);
      c.mean_rest[i] = static_cast<float>(mean_rest);
      c.inverse_deviation[i] = static_cast<float>(inverse_deviation);
      c.scale[i] = static_cast<float>((g == nullptr ? 1.0 : static_cast<double>(g[i])) * inverse_deviation);
      c.shift[i] = static_cast<float>((b == nullptr ? 0.0 : static_cast<double>(b[i])) -
                                      mean_rest * static_cast<double>(c.scale[i]));
    }
    for (float* line : {c.mean, c.mean_rest, c.inverse_deviation, c.scale, c.shift}) repeat(line);
  });
  return result;
}

void NormPasses::normalise(const at::Tensor& x, const at::Tensor& residual, const at::Tensor& y,
                           const at::Tensor& coefficients, bool relu) const {
  const void* const from = x.const_data_ptr();
  const void* const added = residual.defined() ? residual.const_data_ptr() : nullptr;
  void* const to = y.data_ptr();
  for_each_block(Order::kBackwards, [&](const NormBlock& b, const Place& at) {
    kernels_.normalise(b, from, added, to, view(coefficients, at.part), relu);
  });
}

NormPasses::Pairs NormPasses::reduce(const at::Tensor& x, const at::Tensor& dy, const at::Tensor& y,
                                     const at::Tensor& g, const at::Tensor& coefficients, bool relu) const {
  Pairs sums = pairs_per_row_block();
  const void* const x_memory = x.const_data_ptr();
  const void* const dy_memory = dy.const_data_ptr();
  const void* const y_memory = y.defined() ? y.const_data_ptr() : nullptr;
  void* const g_memory = g.defined() ? g.data_ptr() : nullptr;
  for_each_block(Order::kForwards, [&](const NormBlock& b, const Place& at) {
    double* const sum_g = pairs_at(sums, at.part, at.row_block) + b.first_column;
    kernels_.reduce(b, x_memory, dy_memory, y_memory, g_memory, view(coefficients, at.part), relu, sum_g,
                    sum_g + channels_);
  });
  for_each_part([&](std::int64_t part) {
    for (std::int64_t i = 1; i < row_blocks_; ++i) {
      kernels_.merge_sums(2 * channels_, pairs_at(sums, part), pairs_at(sums, part, i));
    }
  });
  return sums;
}

void NormPasses::gradient_coefficients(const NormCoefficients& c, const double* sums,
                                       const NormGradientCoefficients& d) const {
  const double n = static_cast<double>(rows_) * static_cast<double>(group_);
  for (std::int64_t first = 0; first < channels_; first += group_) {
    double sum_g = 0.0;
    double sum_g_centred = 0.0;
    for (std::int64_t i = first; sums != nullptr && i < first + group_; ++i) {
      sum_g += static_cast<double>(c.scale[i]) * sums[i];
      sum_g_centred += static_cast<double>(c.scale[i]) * sums[channels_ + i];
    }
    for (std::int64_t i = first; i < first + group_; ++i) {
      const double inverse_deviation = c.inverse_deviation[i], mean_rest = c.mean_rest[i];
      const double slope = arithmetic::input_gradient_slope(sum_g_centred, inverse_deviation, n);
      d.slope[i] = static_cast<float>(slope);
      d.offset[i] = static_cast<float>(arithmetic::input_gradient_offset(sum_g, slope, mean_rest, n));
    }
  }
  repeat(d.slope);
  repeat(d.offset);
}

void NormPasses::input_gradient(const at::Tensor& x, const at::Tensor& dy, const at::Tensor& dx,
                                const at::Tensor& coefficients, const double* sums, bool masked) const {
  const at::Tensor memory = at::empty({parts_, 2, width_}, at::kFloat);
  const auto of_part = [&](std::int64_t part) {
    float* const slope = memory.data_ptr<float>() + part * 2 * width_;
    return NormGradientCoefficients{slope, slope + width_};
  };
  for_each_part([&](std::int64_t part) {
    gradient_coefficients(view(coefficients, part), sums == nullptr ? nullptr : sums + pairs_offset(part),
                          of_part(part));
  });
  const void* const x_memory = x.const_data_ptr();
  const void* const dy_memory = dy.const_data_ptr();
  void* const dx_memory = dx.data_ptr();
  for_each_block(Order::kBackwards, [&](const NormBlock& b, const Place& at) {
    kernels_.input_gradient(b, x_memory, dy_memory, dx_memory, view(coefficients, at.part), of_part(at.part), masked);
  });
}

at::Tensor NormPasses::gamma_gradient(const at::Tensor& coefficients, const Pairs& sums) const {
  at::Tensor result = at::empty({channels_}, at::kFloat);
  auto* const p = result.data_ptr<float>();
  for (std::int64_t i = 0; i < channels_; ++i) {
    double sum = 0.0;
    for (std::int64_t part = 0; part < parts_; ++part) {
      sum += pairs_at(sums, part)[channels_ + i] * static_cast<double>(view(coefficients, part).inverse_deviation[i]);
    }
    p[i] = static_cast<float>(sum);
  }
  return result;
}

at::Tensor NormPasses::beta_gradient(const Pairs& sums) const {
  at::Tensor result = at::empty({channels_}, at::kFloat);
  auto* const p = result.data_ptr<float>();
  for (std::int64_t i = 0; i < channels_; ++i) {
    double sum = 0.0;
    for (std::int64_t part = 0; part < parts_; ++part) sum += pairs_at(sums, part)[i];
    p[i] = static_cast<float>(sum);
  }
  return result;
}

}  // namespace byol

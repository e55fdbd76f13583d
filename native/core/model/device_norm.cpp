#include "core/model/device_norm.h"

#include <algorithm>
#include <limits>
#include <numeric>
#include <string>

namespace byol {
namespace {

using kernels::kNormThreads;

// Channels of a block: 128 bytes of a row in bfloat16, so that memory is read in whole lines; less where that gives too
// few blocks, down to what memory reads at least, and more where rows are too few for the threads.
constexpr std::int64_t kColumns = 64, kLeastBytes = 32, kMostColumns = 2048;
// What one block does alone in less time than a second launch takes.
constexpr std::int64_t kWholeElements = 65536;
// Rows that a thread has at least where blocks share rows: below, merging their sums costs more than it saves.
constexpr std::int64_t kThreadRows = 8;
// Parts that a block of the backward pass does one after the other.
constexpr std::int64_t kFewParts = 8;

std::int64_t ceil_div(std::int64_t a, std::int64_t b) { return (a + b - 1) / b; }

int vector_width(const at::Tensor& x) {
  const int width = x.scalar_type() == at::kFloat ? 4 : 8;
  return x.size(1) % width == 0 ? width : 1;
}

// Whole groups that vectors divide; all channels, if there is no smaller number.
std::int64_t least_columns(std::int64_t channels, std::int64_t group, int wide) {
  return std::min(channels, std::lcm(group, static_cast<std::int64_t>(wide)));
}

template <class T>
T* data(const at::Tensor& t) {
  return t.defined() ? static_cast<T*>(t.data_ptr()) : nullptr;
}

const void* memory(const at::Tensor& t) { return t.defined() ? t.const_data_ptr() : nullptr; }
const float* floats(const at::Tensor& t) { return t.defined() ? t.const_data_ptr<float>() : nullptr; }

// Into how many runs the rows of `places` parts and blocks of columns are divided: the fewest that keep the
// multiprocessors, one block each, as busy as any other number would.
std::int64_t row_blocks(std::int64_t places, std::int64_t most, std::int64_t multiprocessors) {
  const auto time = [&](std::int64_t blocks) {
    return static_cast<double>(ceil_div(blocks * places, multiprocessors)) / static_cast<double>(blocks);
  };
  most = std::min(most, std::max<std::int64_t>(1, 4 * multiprocessors / places));
  double best = time(1);
  for (std::int64_t n = 2; n <= most; ++n) best = std::min(best, time(n));
  std::int64_t n = 1;
  while (time(n) > 1.05 * best) ++n;
  return n;
}

}  // namespace

bool DeviceNorm::takes(const at::Tensor& x, std::int64_t parts, std::int64_t channel_groups) {
  if (x.scalar_type() != at::kFloat && x.scalar_type() != at::kBFloat16) return false;
  const int wide = vector_width(x);
  const std::int64_t channels = x.size(1), columns = least_columns(channels, channels / channel_groups, wide);
  constexpr std::int64_t kMost = std::numeric_limits<int>::max();
  const std::int64_t most_blocks = parts * ceil_div(channels, columns);
  return columns <= std::min<std::int64_t>(kMostColumns, kNormThreads * wide) && x.numel() / channels < kMost &&
         most_blocks < kMost;
}

DeviceNorm::DeviceNorm(DeviceRuntime& device, const at::Tensor& x, std::int64_t parts, std::int64_t channel_groups)
    : device_(device),
      float32_(x.options().dtype(at::kFloat)),
      bfloat16_(x.scalar_type() == at::kBFloat16),
      wide_(vector_width(x)) {
  const std::int64_t channels = x.size(1), rows = x.numel() / channels / parts, group = channels / channel_groups;
  const std::int64_t multiprocessors = device.facts().multiprocessors;
  const std::int64_t least = least_columns(channels, group, wide_);
  const std::int64_t most = std::min<std::int64_t>(kMostColumns, kNormThreads * wide_);
  // In units of `least`.
  const auto columns_of = [&](std::int64_t units) { return std::min(channels, units * least); };
  const auto places = [&](std::int64_t units) { return parts * ceil_div(channels, columns_of(units)); };
  const auto lanes = [&](std::int64_t units) { return kNormThreads / (columns_of(units) / wide_); };
  std::int64_t units = std::max<std::int64_t>(1, kColumns / least);
  while (units * 2 * least <= most && columns_of(units) < channels && lanes(units) > rows &&
         places(units * 2) >= multiprocessors) {
    units *= 2;
  }
  const std::int64_t bytes = least * static_cast<std::int64_t>(x.element_size());
  while (units > 1 && units / 2 * bytes >= kLeastBytes && places(units) < multiprocessors && lanes(units / 2) <= rows &&
         rows * columns_of(units) <= kWholeElements) {
    units /= 2;
  }
  const std::int64_t columns = columns_of(units);
  const std::int64_t blocks =
      rows * columns <= kWholeElements
          ? 1
          : row_blocks(places(units), std::max<std::int64_t>(1, rows / (lanes(units) * kThreadRows)), multiprocessors);
  const std::int64_t block_rows = ceil_div(rows, blocks);
  map_ = {.rows = static_cast<int>(rows),
          .block_rows = static_cast<int>(block_rows),
          .channels = static_cast<int>(channels),
          .group = static_cast<int>(group),
          .columns = static_cast<int>(columns),
          .column_blocks = static_cast<int>(ceil_div(channels, columns)),
          .row_blocks = static_cast<int>(ceil_div(rows, block_rows)),
          .parts = static_cast<int>(parts)};
}

std::int64_t DeviceNorm::blocks() const {
  return static_cast<std::int64_t>(map_.column_blocks) * map_.row_blocks * map_.parts;
}

at::Tensor DeviceNorm::sums(std::int64_t each) const {
  return at::empty({map_.parts, map_.row_blocks, each, map_.channels}, float32_);
}

template <class Arguments>
void DeviceNorm::launch(const char* pass, const Arguments& arguments, std::int64_t blocks) const {
  const std::string name =
      std::string("norm_") + pass + (bfloat16_ ? "_bfloat16" : "_float32") + (wide_ == 1 ? "_scalar" : "");
  const auto shared = static_cast<unsigned>(kernels::norm_shared_floats(map_.columns, wide_) * sizeof(float));
  device_.launch(name.c_str(), {.x = static_cast<unsigned>(blocks), .shared_bytes = shared}, arguments);
}

at::Tensor DeviceNorm::forward(kernels::NormForwardArguments& arguments, const at::Tensor& x,
                               const at::Tensor& residual, const at::Tensor& y, const Parameters& parameters) const {
  const at::Tensor coefficients = at::empty({map_.parts, 5, map_.channels}, float32_);
  arguments.map = map_;
  arguments.relu = parameters.relu;
  arguments.eps = static_cast<float>(parameters.eps);
  arguments.x = memory(x);
  arguments.residual = memory(residual);
  arguments.y = y.data_ptr();
  arguments.gamma = floats(parameters.gamma);
  arguments.beta = floats(parameters.beta);
  arguments.coefficients = coefficients.data_ptr<float>();
  if (!arguments.given && map_.row_blocks == 1) {
    launch("forward_whole", arguments, blocks());
    return coefficients;
  }
  at::Tensor partials;
  if (!arguments.given) {
    partials = sums(3);
    arguments.partials = partials.data_ptr<float>();
    launch("forward_first", arguments, blocks());
  }
  launch("forward_second", arguments, blocks());
  return coefficients;
}

at::Tensor DeviceNorm::normalise(const at::Tensor& x, const at::Tensor& residual, const at::Tensor& y,
                                 const Parameters& parameters, const at::Tensor& mean,
                                 const at::Tensor& variance) const {
  kernels::NormForwardArguments arguments{};
  if (mean.defined()) {
    arguments.mean = mean.data_ptr<float>();
    arguments.variance = variance.data_ptr<float>();
    arguments.mean_stride = mean.stride(0);
    arguments.variance_stride = variance.stride(0);
    // Autograd does not see this: tell it, in case something saved these buffers.
    mean.unsafeGetTensorImpl()->bump_version();
    variance.unsafeGetTensorImpl()->bump_version();
  }
  return forward(arguments, x, residual, y, parameters);
}

at::Tensor DeviceNorm::normalise_with(const at::Tensor& x, const at::Tensor& residual, const at::Tensor& y,
                                      const Parameters& parameters, const at::Tensor& mean,
                                      const at::Tensor& variance) const {
  kernels::NormForwardArguments arguments{};
  arguments.given = true;
  arguments.mean = data<float>(mean);
  arguments.variance = data<float>(variance);
  return forward(arguments, x, residual, y, parameters);
}

DeviceNorm::ParameterGradients DeviceNorm::gradients(const Backward& call) const {
  ParameterGradients result;
  if (call.parameters_wanted) {
    result.gamma = at::empty({map_.channels}, float32_);
    result.beta = at::empty({map_.channels}, float32_);
  }
  kernels::NormBackwardArguments arguments{};
  arguments.map = map_;
  arguments.mask = !call.relu ? kernels::kNormUnmasked
                   : call.y.defined() ? kernels::kNormMaskFromOutput
                                      : kernels::kNormMaskFromInput;
  arguments.frozen = call.frozen;
  arguments.block_parts = 1;
  arguments.x = memory(call.x);
  arguments.dy = memory(call.dy);
  arguments.y = memory(call.y);
  arguments.g = data<void>(call.g);
  arguments.dx = data<void>(call.dx);
  arguments.coefficients = floats(call.coefficients);
  if (call.frozen && !call.parameters_wanted && arguments.mask != kernels::kNormMaskFromOutput) {
    if (arguments.dx != nullptr) launch("backward_second", arguments, blocks());
    return result;
  }

  // Whether blocks have all that the gradients of gamma and beta are sums of.
  const bool in_blocks = map_.parts <= kFewParts;
  const bool whole = map_.row_blocks == 1;
  at::Tensor partials;
  if (!whole || (call.parameters_wanted && !in_blocks)) {
    partials = sums(2);
    arguments.partials = partials.data_ptr<float>();
  }
  if (call.parameters_wanted && in_blocks) {
    arguments.gamma_gradient = result.gamma.data_ptr<float>();
    arguments.beta_gradient = result.beta.data_ptr<float>();
  }
  if (whole) {
    if (call.parameters_wanted && in_blocks) arguments.block_parts = map_.parts;
    launch("backward_whole", arguments, blocks() / arguments.block_parts);
  } else {
    launch("backward_first", arguments, blocks());
    if (arguments.dx != nullptr || arguments.gamma_gradient != nullptr) {
      launch("backward_second", arguments, blocks());
    }
  }
  if (call.parameters_wanted && !in_blocks) {
    constexpr int kParameterColumns = 32;
    const kernels::NormParameterArguments sum{.channels = map_.channels,
                                              .columns = kParameterColumns,
                                              .parts = map_.parts,
                                              .row_blocks = map_.row_blocks,
                                              .partials = arguments.partials,
                                              .coefficients = arguments.coefficients,
                                              .gamma_gradient = result.gamma.data_ptr<float>(),
                                              .beta_gradient = result.beta.data_ptr<float>()};
    const auto shared = static_cast<unsigned>(kernels::norm_shared_floats(kParameterColumns, 1) * sizeof(float));
    const auto count = static_cast<unsigned>(ceil_div(map_.channels, kParameterColumns));
    device_.launch("norm_parameter_gradients", {.x = count, .shared_bytes = shared}, sum);
  }
  return result;
}

}  // namespace byol

#include "core/model/convolution.h"

#include <algorithm>
#include <limits>

#include "core/interrupt.h"

namespace byol {
namespace {

// Pads where the two sides differ, and says what symmetric padding is left for the operator itself.
at::Tensor pad_asymmetric(const at::Tensor& x, int64_t kernel, int64_t stride, double value, int64_t* rest) {
  const SamePadding rows = same_padding(x.size(2), kernel, stride), columns = same_padding(x.size(3), kernel, stride);
  const bool symmetric = rows.before == rows.after && columns.before == columns.after && rows.before == columns.before;
  *rest = symmetric ? rows.before : 0;
  if (symmetric) return x;
  return at::constant_pad_nd(x, {columns.before, columns.after, rows.before, rows.after}, value);
}

}  // namespace

SamePadding same_padding(int64_t length, int64_t kernel, int64_t stride) {
  const int64_t outputs = (length + stride - 1) / stride;
  const int64_t total = std::max<int64_t>((outputs - 1) * stride + kernel - length, 0);
  return {total / 2, total - total / 2};
}

Convolution::Convolution(NetworkBuilder& builder, const std::string& name, int64_t in, int64_t out, int64_t kernel,
                         int64_t stride, Padding padding, bool standardized)
    // Standardised in float32, then rounded.
    : weight_(builder.convolution(name + ".weight", in, out, kernel,
                                  standardized ? ParameterRole::FullPrecisionWeight : ParameterRole::Weight)),
      kernel_(kernel),
      stride_(stride),
      padding_(padding),
      standardized_(standardized) {}

at::Tensor Convolution::forward(const ForwardContext& context, const at::Tensor& x) const {
  throw_if_interrupted();
  const at::Tensor& weight = context.weight(weight_, standardized_);
  // oneDNN's weight gradient of a strided 1x1 convolution writes out of bounds for fewer input channels than a vector
  // holds and odd batches (LibTorch 2.13 with AVX-512). The pixels it would skip can be left out before.
  if (kernel_ == 1 && stride_ > 1 && x.is_cpu() && x.size(1) < 16) {
    const at::Tensor kept = x.slice(2, 0, x.size(2), stride_).slice(3, 0, x.size(3), stride_);
    return at::conv2d(kept.contiguous(at::MemoryFormat::ChannelsLast), weight);
  }
  int64_t padding = kernel_ / 2;
  const at::Tensor input = padding_ == Padding::Same ? pad_asymmetric(x, kernel_, stride_, 0.0, &padding) : x;
  return at::conv2d(input, weight, {}, stride_, padding);
}

at::Tensor max_pool(const at::Tensor& x, Padding padding) {
  int64_t rest = 1;
  // -infinity, so that padding never wins.
  const at::Tensor input =
      padding == Padding::Same ? pad_asymmetric(x, 3, 2, -std::numeric_limits<double>::infinity(), &rest) : x;
  return at::max_pool2d(input, 3, 2, rest);
}

}  // namespace byol

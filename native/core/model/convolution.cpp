#include "core/model/convolution.h"

#include <limits>

#include "core/model/convolution_function.h"

namespace byol {

Convolution::Convolution(NetworkBuilder& builder, const std::string& name, int64_t in, int64_t out, int64_t kernel,
                         int64_t stride, Padding padding, bool standardized, int64_t margin)
    : weight_(builder.convolution(name + ".weight", in, out, kernel,
                                  standardized ? ParameterRole::StandardizedWeight : ParameterRole::Weight)),
      in_(in),
      out_(out),
      kernel_(kernel),
      stride_(stride),
      margin_(margin),
      padding_(padding) {}

ConvolutionShape Convolution::shape(int64_t batch, int64_t height, int64_t width) const {
  const auto padding = [&](int64_t length) {
    const AxisPadding own =
        padding_ == Padding::Same ? same_padding(length, kernel_, stride_) : AxisPadding{kernel_ / 2, kernel_ / 2};
    return AxisPadding{own.before + margin_, own.after + margin_};
  };
  return {batch, in_, height, width, out_, kernel_, stride_, padding(height), padding(width)};
}

at::Tensor Convolution::forward(const ForwardContext& context, const at::Tensor& x) const {
  return convolve(shape(x.size(0), x.size(2), x.size(3)), x, context.weight(weight_), context.convolutions);
}

at::Tensor max_pool(const at::Tensor& x, Padding padding) {
  if (padding == Padding::Symmetric) return at::max_pool2d(x, 3, 2, 1);
  const AxisPadding rows = same_padding(x.size(2), 3, 2), columns = same_padding(x.size(3), 3, 2);
  const bool symmetric = rows == columns && rows.before == rows.after;
  if (symmetric) return at::max_pool2d(x, 3, 2, rows.before);
  // -infinity, so that padding never wins.
  const double least = -std::numeric_limits<double>::infinity();
  return at::max_pool2d(at::constant_pad_nd(x, {columns.before, columns.after, rows.before, rows.after}, least), 3, 2);
}

}  // namespace byol

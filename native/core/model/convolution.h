#pragma once

#include <ATen/ATen.h>

#include "core/model/convolution_shape.h"
#include "core/model/forward_context.h"
#include "core/model/network_builder.h"

namespace byol {

/// A convolution without bias; `standardized`: with weight standardisation. `margin`: so many zeros on each side beside
/// those of `padding`.
class Convolution {
 public:
  Convolution(NetworkBuilder& builder, const std::string& name, int64_t in, int64_t out, int64_t kernel, int64_t stride,
              Padding padding, bool standardized = false, int64_t margin = 0);
  at::Tensor forward(const ForwardContext& context, const at::Tensor& x) const;
  /// Of `batch` images of this size.
  ConvolutionShape shape(int64_t batch, int64_t height, int64_t width) const;

 private:
  size_t weight_;
  int64_t in_, out_, kernel_, stride_, margin_;
  Padding padding_;
};

/// 3x3 max pool with stride 2.
at::Tensor max_pool(const at::Tensor& x, Padding padding);

}  // namespace byol

#include "core/model/convolution_shape.h"

#include <algorithm>

namespace byol {

AxisPadding same_padding(int64_t length, int64_t kernel, int64_t stride) {
  const int64_t outputs = (length + stride - 1) / stride;
  const int64_t total = std::max<int64_t>((outputs - 1) * stride + kernel - length, 0);
  return {total / 2, total - total / 2};
}

}  // namespace byol

#pragma once

#include <ATen/ATen.h>

#include <vector>

namespace byol::napi {

/// The tensor's elements in logical row-major order, as float32: what leaves the LibTorch thread is plain memory.
inline std::vector<float> to_values(const at::Tensor& tensor) {
  std::vector<float> values(static_cast<size_t>(tensor.numel()));
  at::from_blob(values.data(), tensor.sizes(), at::kFloat).copy_(tensor);
  return values;
}

}  // namespace byol::napi

#pragma once

#include <ATen/ATen.h>

#include <map>
#include <memory>
#include <utility>

#include "core/model/device_standardization.h"
#include "core/parameters/parameter_store.h"

namespace byol {

/// Standardised weights in the precision that passes compute in, made once for all passes of one graph: the passes'
/// gradients are added before they go back through the standardisation.
class StandardizedWeights {
 public:
  /// `device`: of these parameters, or null, where each is standardised when it is asked for.
  StandardizedWeights(const ParameterStore& parameters, std::shared_ptr<const DeviceStandardization> device)
      : parameters_(parameters), device_(std::move(device)) {}
  const at::Tensor& of(size_t index);

 private:
  const ParameterStore& parameters_;
  std::shared_ptr<const DeviceStandardization> device_;
  std::map<size_t, at::Tensor> made_;
};

}  // namespace byol

#pragma once

#include <ATen/ATen.h>

#include <cstdint>
#include <vector>

#include "core/device/runtime.h"
#include "core/optim/optimizer_spec.h"
#include "core/optim/segment_table.h"
#include "core/parameters/parameter_store.h"
#include "kernels/update_arguments.h"

namespace byol {

/// What Optimizer does on the CPU, on a device with kernels of its own: three launches for all parameters. Everything
/// that a step changes or depends on is a value on the device, in memory that stays where it is.
class DeviceUpdate {
 public:
  /// `store` and `target` (or null) outlive this, and so does `momentum`, a buffer like the store's.
  DeviceUpdate(DeviceRuntime& device, const OptimizerSpec& spec, const std::vector<Segment>& segments,
               ParameterStore& store, const at::Tensor& momentum, ParameterStore* target);

  /// See Optimizer.
  void inspect(const at::Tensor& alive) const;
  void apply(const at::Tensor& rates, const at::Tensor& target_weight, const at::Tensor& alive) const;

 private:
  kernels::UpdateBuffers buffers() const;

  DeviceRuntime& device_;
  OptimizerSpec spec_;
  ParameterStore& store_;
  at::Tensor momentum_;
  ParameterStore* target_;
  std::int64_t segment_count_, block_count_;
  at::Tensor segments_, blocks_, sums_;  // bytes: UpdateSegment, UpdateBlock and UpdateSums
  at::Tensor ratios_;                    // float32 [segments]
};

}  // namespace byol

#pragma once

#include <ATen/ATen.h>

#include <memory>
#include <vector>

#include "core/optim/device_update.h"
#include "core/optim/segment_table.h"
#include "core/optim/update_kernels.h"

namespace byol {

/// LARS exactly as the official code (byol-facts 2.1), or SGD as torch.optim.SGD, and the moving average that follows,
/// on a flat parameter store: two passes over memory. Nothing is read back from the device, and nothing that a later
/// step reads is reassigned.
class Optimizer {
 public:
  /// `target`: a store of the same layout that follows by a moving average, or null. Both outlive this.
  Optimizer(const OptimizerSpec& spec, ParameterStore& store, ParameterStore* target);

  /// First pass: `alive`, a 0-dim bool, becomes false where a gradient is not finite; LARS takes its norms.
  void inspect(const at::Tensor& alive);
  /// Second pass: one step on the store's gradients, which are used up, and the target's. `rates`: float32
  /// [kRateSlots]; `target_weight`: float32, 0-dim, 1 - tau. Where `alive` is false, neither parameters nor momentum
  /// nor target change.
  void apply(const at::Tensor& rates, const at::Tensor& target_weight, const at::Tensor& alive);

  at::Tensor& momentum() { return momentum_; }
  const at::Tensor& momentum() const { return momentum_; }

 private:
  struct Block {  // of a segment: what one thread does at once
    size_t segment;
    int64_t begin, count;
  };
  UpdateSpan span_of(const Block& block) const;
  template <class Work>
  void for_each_block(const Work& work) const;

  OptimizerSpec spec_;
  ParameterStore& store_;
  ParameterStore* target_;
  at::Tensor momentum_;
  std::vector<Segment> segments_;
  std::unique_ptr<DeviceUpdate> device_;  // null where the device has no kernels of its own
  std::vector<Block> blocks_;
  std::vector<SquaredNorms> norms_;  // by block, of the last inspect()
};

/// The same by ATen operations, a parameter at a time: slow and obviously right. For devices without kernels.
void reference_update(const OptimizerSpec& spec, const std::vector<Segment>& segments, ParameterStore& store,
                      at::Tensor& momentum, ParameterStore* target, const at::Tensor& rates,
                      const at::Tensor& target_weight, const at::Tensor& alive);

}  // namespace byol

#pragma once

#include <ATen/ATen.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "core/device/runtime.h"
#include "core/parameters/parameter_store.h"

namespace byol {

/// What standardize_weight() does on the CPU, on a device with kernels of its own: one launch for all standardised
/// weights of a network, and one for all their gradients. Results are the same bits each time.
class DeviceStandardization : public std::enable_shared_from_this<DeviceStandardization> {
 public:
  /// Of those of `store` with that role, which is allocated. Null where there are none, or no kernels for its device.
  static std::shared_ptr<const DeviceStandardization> make(const ParameterStore& store);

  /// Their indices in the store.
  const std::vector<size_t>& indices() const { return indices_; }
  /// The standardised weights in their order, in the precision that passes compute in, with the raw ones' layout. In a
  /// backward pass, gradients are added to the store's in the place where autograd would add them, in one launch.
  std::vector<at::Tensor> standardize() const;

 private:
  struct Function;
  struct Holder;
  struct Weight {
    std::vector<int64_t> sizes, strides;
    int64_t offset;  // in the flat buffers
    int64_t first_block, blocks;
  };
  struct Forward {
    std::vector<at::Tensor> weights;
    at::Tensor statistics;  // float32 [2, units]
  };

  DeviceStandardization(DeviceRuntime& device, const ParameterStore& store, std::vector<size_t> indices);
  /// `kept`: with statistics.
  Forward forward(bool kept) const;
  /// Of each weight the gradient, undefined: 0.
  void backward(const at::Tensor& statistics, const std::vector<at::Tensor>& gradients) const;
  template <class Arguments>
  void launch(const char* direction, const Arguments& arguments, int64_t blocks) const;

  DeviceRuntime& device_;
  std::vector<size_t> indices_;
  std::vector<at::Tensor> raw_;  // as autograd sees them
  std::vector<Weight> weights_;
  at::Tensor master_, gradient_;  // the store's
  at::Tensor blocks_;             // bytes: StandardizeBlock
  at::TensorOptions made_;        // of what is made
  int64_t begin_, end_;           // of the weights in the flat buffers
  int64_t units_ = 0;
};

}  // namespace byol

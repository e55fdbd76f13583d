#pragma once

#include <ATen/ATen.h>

#include <string>
#include <vector>

#include "core/model/spec.h"

namespace byol {

enum class ParameterRole {
  Weight,               // convolution or Linear matrix: decayed, LARS-adapted, computed with in low precision
  FullPrecisionWeight,  // the same, but seen in float32 (the online classifier, as its input is; weights that are
                        // standardised before they are rounded)
  Excluded              // biases, norm scale and shift: float32; the official LARS neither adapts nor decays them
};

/// The parameters of a network in one flat float32 buffer; modules hold views into it. So do the gradients. With
/// bfloat16 a mirror of the weights is what forward passes use, and its gradients are collected into the float32 ones.
class ParameterStore {
 public:
  /// Declares a parameter; returns its index. All are declared before allocate().
  size_t add(std::string name, std::vector<int64_t> shape, ParameterRole role);
  /// `trainable`: makes gradient buffers and lets autograd see the parameters.
  void allocate(at::Device device, Precision precision, bool trainable);

  size_t count() const { return entries_.size(); }
  const std::string& name(size_t index) const { return entries_[index].name; }
  /// What forward passes use: float32, or bfloat16 for a Weight in bfloat16 precision. A leaf if trainable.
  const at::Tensor& operator[](size_t index) const { return entries_[index].used; }
  /// What forward passes compute in: float32, or bfloat16 in bfloat16 precision.
  at::ScalarType compute_dtype() const { return mirror_.defined() ? at::kBFloat16 : at::kFloat; }
  /// View into the float32 buffer; convolutions are channels_last.
  at::Tensor master(size_t index) const { return view_of(master_, index); }
  /// The same view into a buffer of this layout (momentum, gradient).
  at::Tensor view_of(const at::Tensor& buffer, size_t index) const;

  at::Tensor& master() { return master_; }
  const at::Tensor& master() const { return master_; }
  at::Tensor& gradient() { return gradient_; }
  /// The leading part of a buffer that holds every Weight and FullPrecisionWeight.
  at::Tensor adapted_part(const at::Tensor& buffer) const { return buffer.narrow(0, 0, adapted_size_); }
  /// Views of the adapted parameters in a buffer of this layout, in declaration order.
  std::vector<at::Tensor> adapted_views(const at::Tensor& buffer) const;

  /// `value` for every element of a buffer of this layout, times `factor` in the parameters whose name begins so.
  at::Tensor with_prefix_scaled(const at::Tensor& value, const std::string& prefix, double factor) const;

  /// Parameters without the padding between them.
  int64_t numel() const;
  /// Adds the low-precision gradients of the last backward pass to the float32 ones and clears them.
  void collect_gradient();
  /// Of a trainable store: forgets every gradient, also those that were not collected.
  void clear_gradient();
  /// Copies the float32 weights into the low-precision mirror; after every change of master().
  void refresh();

 private:
  struct Entry {
    std::string name;
    std::vector<int64_t> shape;
    ParameterRole role;
    int64_t offset = 0;
    int64_t numel = 0;
    at::Tensor used;
  };
  std::vector<Entry> entries_;
  at::Tensor master_, gradient_, mirror_, mirror_gradient_;
  int64_t weight_size_ = 0;   // [0, weight_size_): Weight
  int64_t adapted_size_ = 0;  // [weight_size_, adapted_size_): FullPrecisionWeight; then Excluded
};

}  // namespace byol

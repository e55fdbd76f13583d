#pragma once

#include <ATen/ATen.h>

#include <string>
#include <vector>

#include "core/parameters/precision.h"

namespace byol {

enum class ParameterRole {
  Weight,               // convolution or Linear matrix: decayed, LARS-adapted, computed with in low precision
  FullPrecisionWeight,  // the same, but seen in float32 (the online classifier, as its input is)
  StandardizedWeight,   // the same in float32 that is standardised, then rounded (model/standardized_weights.h)
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
  ParameterRole role(size_t index) const { return entries_[index].role; }
  /// Where it begins in the flat buffers, and how many elements it has.
  int64_t offset(size_t index) const { return entries_[index].offset; }
  int64_t numel(size_t index) const { return entries_[index].numel; }
  /// Whether forward passes use the mirror's values of it.
  bool mirrored(size_t index) const { return mirror_.defined() && entries_[index].role == ParameterRole::Weight; }
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
  const at::Tensor& gradient() const { return gradient_; }
  /// The weights in low precision, with the offsets of the flat buffers, and their gradients; undefined in float32.
  const at::Tensor& mirror() const { return mirror_; }
  const at::Tensor& mirror_gradient() const { return mirror_gradient_; }

  /// Parameters without the padding between them.
  int64_t numel() const;
  /// Adds the low-precision gradients of the last backward pass to the float32 ones and clears them.
  void collect_gradient();
  /// Whether that happened since the gradients were last cleared: else the float32 ones of mirrored parameters are 0.
  bool collected() const { return collected_; }
  /// After all gradients were set to 0.
  void gradient_used_up() { collected_ = false; }
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
  int64_t weight_size_ = 0;  // [0, weight_size_): Weight; then the other roles in their order
  bool collected_ = false;
};

}  // namespace byol

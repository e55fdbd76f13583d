#include "core/parameters/parameter_store.h"

#include <functional>
#include <numeric>

namespace byol {
namespace {

// Slots start on 64-byte boundaries in float32 and in bfloat16, which vectorised kernels like.
constexpr int64_t kSlotAlignment = 32;

int64_t round_up(int64_t n) { return (n + kSlotAlignment - 1) / kSlotAlignment * kSlotAlignment; }

}  // namespace

size_t ParameterStore::add(std::string name, std::vector<int64_t> shape, ParameterRole role) {
  const int64_t numel = std::accumulate(shape.begin(), shape.end(), int64_t{1}, std::multiplies<>());
  entries_.push_back({std::move(name), std::move(shape), role, 0, numel, {}});
  return entries_.size() - 1;
}

at::Tensor ParameterStore::view_of(const at::Tensor& buffer, size_t index) const {
  const Entry& entry = entries_[index];
  std::vector<int64_t> strides(entry.shape.size(), 1);
  if (entry.shape.size() == 4) {
    const int64_t channels = entry.shape[1], width = entry.shape[3];
    strides = {channels * entry.shape[2] * width, 1, width * channels, channels};
  } else if (entry.shape.size() == 2) {
    strides = {entry.shape[1], 1};
  }
  return buffer.as_strided(entry.shape, strides, buffer.storage_offset() + entry.offset);
}

void ParameterStore::allocate(at::Device device, Precision precision, bool trainable) {
  int64_t offset = 0;
  for (ParameterRole role : {ParameterRole::Weight, ParameterRole::FullPrecisionWeight, ParameterRole::StandardizedWeight,
                             ParameterRole::Excluded}) {
    for (Entry& entry : entries_) {
      if (entry.role != role) continue;
      entry.offset = offset;
      offset += round_up(entry.numel);
    }
    if (role == ParameterRole::Weight) weight_size_ = offset;
  }
  const auto float32 = at::TensorOptions().device(device).dtype(at::kFloat);
  master_ = at::zeros({offset}, float32);
  if (trainable) gradient_ = at::zeros({offset}, float32);
  if (precision == Precision::BFloat16) {
    mirror_ = at::zeros({weight_size_}, float32.dtype(at::kBFloat16));
    if (trainable) mirror_gradient_ = at::zeros_like(mirror_);
  }
  for (size_t i = 0; i < entries_.size(); ++i) {
    Entry& entry = entries_[i];
    const bool low = mirrored(i);
    entry.used = view_of(low ? mirror_ : master_, i).detach();
    if (!trainable) continue;
    entry.used.set_requires_grad(true);
    entry.used.mutable_grad() = view_of(low ? mirror_gradient_ : gradient_, i);
  }
}

int64_t ParameterStore::numel() const {
  int64_t sum = 0;
  for (const Entry& entry : entries_) sum += entry.numel;
  return sum;
}

void ParameterStore::collect_gradient() {
  if (!mirror_gradient_.defined()) return;
  at::NoGradGuard no_grad;
  gradient_.narrow(0, 0, weight_size_).add_(mirror_gradient_);
  mirror_gradient_.zero_();
  collected_ = true;
}

void ParameterStore::clear_gradient() {
  at::NoGradGuard no_grad;
  gradient_.zero_();
  if (mirror_gradient_.defined()) mirror_gradient_.zero_();
  collected_ = false;
}

void ParameterStore::refresh() {
  if (!mirror_.defined()) return;
  at::NoGradGuard no_grad;
  mirror_.copy_(master_.narrow(0, 0, weight_size_));
}

}  // namespace byol

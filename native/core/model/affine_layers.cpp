#include "core/model/affine_layers.h"

#include <algorithm>
#include <utility>

namespace byol {

AffineLayers::AffineLayers(const std::vector<NormSlot>& norms, at::Device device) {
  for (const NormSlot& slot : norms) {
    if (slot.kind != NormKind::Affine) continue;
    slots_.push_back(slot);
    channels_ += slot.channels;
  }
  waits_.assign(slots_.size(), true);
  initialized = at::zeros({static_cast<int64_t>(slots_.size())}, at::TensorOptions().device(device).dtype(at::kLong));
}

bool AffineLayers::any_waits() const { return std::find(waits_.begin(), waits_.end(), true) != waits_.end(); }

void AffineLayers::initialize(ParameterStore& parameters, const BatchStatistics& statistics, double eps) {
  const at::NoGradGuard no_grad;
  std::vector<std::pair<at::Tensor, at::Tensor>> folded;  // parameter and its new value
  std::vector<at::Tensor> finite;
  for (const NormSlot& slot : slots_) {
    if (!waits(slot)) continue;
    const at::Tensor mean = statistics.mean.narrow(0, slot.offset, slot.channels);
    const at::Tensor variance = statistics.variance.narrow(0, slot.offset, slot.channels);
    const at::Tensor gamma = parameters.master(slot.scale), beta = parameters.master(slot.shift);
    const at::Tensor scale = gamma / (variance + eps).sqrt();
    const at::Tensor shift = beta - mean * scale;
    folded.emplace_back(gamma, scale);
    folded.emplace_back(beta, shift);
    finite.push_back(at::isfinite(scale + shift).all());
  }
  if (folded.empty()) return;
  const at::Tensor all_finite = at::stack(finite).all();
  for (auto& [parameter, value] : folded) parameter.copy_(at::where(all_finite, value, parameter));
  for (const NormSlot& slot : slots_) {
    if (waits(slot)) initialized[static_cast<int64_t>(slot.affine)].copy_(all_finite);
  }
  // Even where it failed: the step is refused then, and so are all later ones.
  waits_.assign(slots_.size(), false);
}

void AffineLayers::refresh() {
  const at::Tensor host = initialized.to(at::kCPU);
  for (size_t i = 0; i < waits_.size(); ++i) waits_[i] = host[static_cast<int64_t>(i)].item<int64_t>() == 0;
}

}  // namespace byol

#include "core/model/forward_context.h"

#include "core/model/fused_norm.h"

namespace byol {

at::Tensor ForwardContext::norm(const NormSlot& slot, at::Tensor x, const std::optional<at::Tensor>& residual,
                                bool relu) const {
  const at::Tensor mean = statistics.mean.narrow(0, slot.offset, slot.channels);
  const at::Tensor variance = statistics.variance.narrow(0, slot.offset, slot.channels);
  const at::Tensor& scale = parameters[slot.scale];
  const at::Tensor& shift = parameters[slot.shift];
  return training ? fused_batch_norm(std::move(x), scale, shift, residual, relu, epsilon, mean, variance)
                  : fused_norm_inference(x, scale, shift, residual, relu, epsilon, mean, variance);
}

}  // namespace byol

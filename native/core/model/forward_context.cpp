#include "core/model/forward_context.h"

#include "core/error.h"
#include "core/model/norm.h"
#include "core/thread_limit.h"

namespace byol {
namespace {

[[noreturn]] void refuse_untrained(const std::string& what) {
  throw Error("ERR_BYOL_VALUE",
              "This network has no " + what + " yet because it was never trained; embed with statistics 'batch'.");
}

}  // namespace

at::Tensor ForwardContext::batch_norm(const NormSlot& slot, const BatchStatistics& flat, at::Tensor x,
                                      const std::optional<at::Tensor>& residual, bool relu) const {
  if (!flat.mean.defined()) refuse_untrained("running statistics");
  const at::Tensor mean = flat.mean.narrow(-1, slot.offset, slot.channels);
  const at::Tensor variance = flat.variance.narrow(-1, slot.offset, slot.channels);
  const at::Tensor& scale = parameters[slot.scale];
  const at::Tensor& shift = parameters[slot.shift];
  return training ? byol::batch_norm(std::move(x), scale, shift, residual, relu, epsilon, mean, variance)
                  : batch_norm_inference(std::move(x), scale, shift, residual, relu, epsilon, mean, variance);
}

at::Tensor ForwardContext::norm(const NormSlot& slot, at::Tensor x, const std::optional<at::Tensor>& residual,
                                bool relu) const {
  heed_thread_limit();
  switch (slot.kind) {
    case NormKind::Batch:
      return batch_norm(slot, statistics, std::move(x), residual, relu);
    case NormKind::Group:
    case NormKind::Layer:
      return group_norm(std::move(x), slot.groups, parameters[slot.scale], parameters[slot.shift], residual, relu,
                        epsilon);
    case NormKind::Affine:
      if (!affine.waits(slot)) {
        return affine_norm(std::move(x), parameters[slot.scale], parameters[slot.shift], residual, relu);
      }
      if (!training) refuse_untrained("scale and offset for its affine layers");
      return batch_norm(slot, affine_statistics, std::move(x), residual, relu);
    case NormKind::None:
      break;
  }
  if (residual) x = x + *residual;
  return relu ? x.relu() : x;
}

}  // namespace byol

#include "core/model/group_norm.h"

#include <c10/util/StringUtil.h>

#include "core/error.h"

namespace byol {

at::Tensor group_norm(const at::Tensor& x, int64_t groups, const at::Tensor& gamma, const at::Tensor& beta,
                      const std::optional<at::Tensor>& residual, bool relu, double eps) {
  if ((x.dim() != 2 && x.dim() != 4) || groups < 1 || x.size(1) % groups != 0) {
    throw Error("ERR_BYOL_SHAPE", c10::str("group normalisation: the channels of an input ", x.sizes(),
                                           " cannot be divided into ", groups, " groups of equal size."));
  }
  const at::ScalarType type = x.scalar_type();
  const at::ScalarType working = type == at::kDouble ? at::kDouble : at::kFloat;
  // Rounded once, at the end, as the fused batch normalisation does.
  at::Tensor y = at::group_norm(x.to(working), groups, gamma, beta, eps, /*cudnn_enabled=*/false);
  if (residual) y = y + residual->to(working);
  if (relu) y = y.relu();
  y = y.to(type);
  return y.dim() == 4 ? y.contiguous(at::MemoryFormat::ChannelsLast) : y;
}

}  // namespace byol

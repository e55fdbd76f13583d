#include "core/row_norms.h"

namespace byol {

at::Tensor l2_normalize(const at::Tensor& x) {
  return x * at::rsqrt(at::clamp_min(x.square().sum(-1, /*keepdim=*/true), 1e-12));
}

}  // namespace byol

#pragma once

#include <ATen/ATen.h>

namespace byol {

/// x * rsqrt(max(sum x^2, 1e-12)) over the last axis, as the official code (helpers.l2_normalize): below a norm of 1e-6
/// a vector is multiplied by 1e6, its gradient too, and zero stays zero.
at::Tensor l2_normalize(const at::Tensor& x);

}  // namespace byol

#pragma once

#include <ATen/ATen.h>

#include "core/augment/plan.h"
#include "core/data/image_store.h"

namespace byol {

/// Executes a plan where the views are needed, on the device if it has kernels. Arguments, result and errors are
/// execute_plan()'s; the result lies on `device`, which is in use (use_device()).
at::Tensor execute_plan_on(at::Device device, const ImageStore& images, at::IntArrayRef indices, const float* plan,
                           const ViewSpec& view, at::ScalarType dtype);

}  // namespace byol

#pragma once

#include <ATen/ATen.h>

namespace byol {

/// These numbers as int64 on a device that is in use (use_device()), which is not waited for.
at::Tensor uploaded(at::IntArrayRef numbers, at::Device device);

}  // namespace byol

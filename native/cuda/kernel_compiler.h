#pragma once

#include <span>
#include <string>
#include <vector>

#include "cuda/nvrtc.h"

namespace byol::cuda {

/// How kernels are compiled for a capability (90 is 9.0). Part of the key under which machine code is cached.
std::vector<std::string> kernel_options(int capability);

/// The names of the kernels that a file of native/kernels defines, in its order: those of its BYOL_KERNEL(name, ...).
std::vector<std::string> kernel_names(const std::string& text);

}  // namespace byol::cuda

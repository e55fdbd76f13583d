#pragma once

#include <span>

#include "cuda/nvrtc.h"

namespace byol::cuda {

/// native/kernels and the headers of native/core that they include, under their names below native/. cmake/EmbedKernels.cmake
/// writes the file that defines it.
std::span<const SourceText> kernel_texts();

}  // namespace byol::cuda

#pragma once

#include <functional>

#include "core/model/convolution_choice.h"

namespace byol {

/// Computes a convolution in one form, for the time that it takes.
using Computation = std::function<void(ConvolutionForm)>;

/// The form that is fastest here, with this number of threads: Unfolded where it takes at most four fifths of the
/// library's time, in the best of a few rounds in turns. Measured once per process, and once per machine where there is
/// a file to remember it in (convolution_memory.h): then all processes choose alike. Without one, forms of about that
/// ratio can differ from one process to the next, and with them the last bits of two runs of the same seed.
ConvolutionForm fastest_form(const ConvolutionKey& key, const Computation& compute);

}  // namespace byol

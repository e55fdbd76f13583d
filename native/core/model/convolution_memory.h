#pragma once

#include <optional>
#include <string>

#include "core/model/convolution_choice.h"

namespace byol {

// What was measured of convolutions: in this process, and by others on the same machine if there is a file to remember
// it in. It is kept by number of threads, and in the file by CPU, its capability, LibTorch's version and whatever else
// decides what is fast, so that one file can serve several machines.

/// From now on, in the whole process; empty, as at first: no file. One that cannot be read or written, and lines in it
/// that say nothing, are as if they were not there.
void remember_forms_in(const std::string& path);

std::optional<ConvolutionForm> remembered_form(int threads, const ConvolutionKey& key);
/// The first who measured is right: returns what is remembered now, which is another form than `choice` has where
/// another thread or process was faster.
ConvolutionForm remember_form(int threads, const ConvolutionChoice& choice);

}  // namespace byol

#pragma once

#include <functional>

#include "core/io/tensor_file.h"
#include "napi/torch_thread.h"

namespace byol::napi {

/// Queues the reading of a safetensors file, and `load` with its tensors; the promise gives its metadata. What is wrong
/// with the tensors is said with the file's name.
Napi::Promise submit_load(const Napi::Value& path, TorchThread& thread, std::function<void(const NamedTensors&)> load);

}  // namespace byol::napi

#pragma once

#include <ATen/ATen.h>

#include <map>
#include <string>
#include <utility>
#include <vector>

namespace byol {

/// In the order in which they are to be listed; names unique.
using NamedTensors = std::vector<std::pair<std::string, at::Tensor>>;
using Metadata = std::map<std::string, std::string>;

/// Writes a safetensors file (8-byte little-endian header length, JSON header padded to 8 bytes, data; tensors
/// contiguous in logical NCHW order; float32, float64, bfloat16, float16, int64, int32, uint8, bool) through a
/// temporary name in the same folder, fsync, rename, fsync of the folder. On any failure the temporary file is removed,
/// an existing `path` is untouched and ERR_BYOL_IO says which path and the system's reason (e.g. "No space left on
/// device").
void save_tensors(const std::string& path, const NamedTensors& tensors, const Metadata& metadata);

/// Reads one back (CPU tensors). Throws ERR_BYOL_CHECKPOINT for a truncated or malformed file (all offsets are
/// checked), ERR_BYOL_IO if it cannot be opened.
std::pair<NamedTensors, Metadata> load_tensors(const std::string& path);

}  // namespace byol

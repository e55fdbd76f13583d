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
/// Checksum::Crc32c adds the metadata kChecksumKey: "crc32c:" and 8 hexadecimal digits, the CRC-32C of the whole file with
/// zeros in the place of these digits. For files that only this program changes: whoever edits such a file and keeps its
/// metadata makes it unreadable.
enum class Checksum { None, Crc32c };
constexpr const char* kChecksumKey = "byol-torch.checksum";
void save_tensors(const std::string& path, const NamedTensors& tensors, const Metadata& metadata,
                  Checksum checksum = Checksum::None);

/// Reads one back (CPU tensors). Throws ERR_BYOL_CHECKPOINT for a truncated or malformed file (all offsets are
/// checked) and for one with another checksum than it says, ERR_BYOL_IO if it cannot be opened.
std::pair<NamedTensors, Metadata> load_tensors(const std::string& path);

}  // namespace byol

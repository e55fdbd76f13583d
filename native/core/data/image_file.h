#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/data/decode_status.h"

namespace byol {

/// Reads a whole regular file into `bytes`, whose memory is used again. Unreadable, with the system's reason, where
/// there is none, and for more than `most_bytes`; a pipe or a device is not waited for.
DecodeStatus read_image_file(const std::string& path, int64_t most_bytes, std::vector<uint8_t>& bytes);

}  // namespace byol

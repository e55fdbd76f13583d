#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/data/decode_status.h"

namespace byol {

/// Where the bytes of an image file lie: in a file of its own, or in a part of a larger one.
struct FilePlace {
  std::string path;
  int64_t offset = 0, length = 0;
};

/// Reads them into `bytes`, whose memory is used again; fewer where the file ends before. Unreadable, with the system's
/// reason, where there is no regular file, and for more than `most_bytes`; a pipe or a device is not waited for.
DecodeStatus read_image_file(const FilePlace& place, int64_t most_bytes, std::vector<uint8_t>& bytes);

}  // namespace byol

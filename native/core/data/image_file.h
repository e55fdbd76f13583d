#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/data/decode_status.h"

namespace byol {

/// A part of what elements of Snappy, without the length in front of them, are unpacked to.
struct PackedPart {
  int64_t offset = 0, length = 0;
};

/// Where the bytes of an image file lie: in a file of its own, or in a part of a larger one, which may be packed together
/// with others.
struct FilePlace {
  std::string path;
  int64_t offset = 0, length = 0;
  std::optional<PackedPart> packed = std::nullopt;
  /// A file of its own is read to its end, as long as it is by now: it may have been replaced.
  bool whole = false;
};

/// Reads them into `bytes`, whose memory is used again; fewer where the file ends before. Unreadable, with the system's
/// reason, where there is no regular file, and for more than `most_bytes` to read or to unpack; a pipe or a device is not
/// waited for. Broken where the file is cut off or what is packed is damaged.
DecodeStatus read_image_file(const FilePlace& place, int64_t most_bytes, std::vector<uint8_t>& bytes);

}  // namespace byol

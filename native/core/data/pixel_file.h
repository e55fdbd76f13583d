#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/data/crop_region.h"
#include "core/data/decode_status.h"
#include "core/data/image_file.h"

namespace byol {

/// Parts of images whose pixels lie in a file as they are: [height, width, 3] bytes of RGB, row-major.
///
/// They are read, not mapped: where a file has become shorter, or its disk fails, reading says so, and touching a mapping
/// ends the process (SIGBUS). Both come from the system's cache of the file; reading copies the rows once more.
class PixelFile {
 public:
  PixelFile() = default;
  ~PixelFile() { close(); }
  PixelFile(const PixelFile&) = delete;

  /// The part `box` of an image of this width that begins at `place.offset`, to `pixels`, [box.height, box.width, 3].
  /// Unreadable where there is no such file, and where it ends before. The last file is kept open: what is renamed over
  /// it is another one.
  DecodeStatus read(const FilePlace& place, int64_t width, const CropBox& box, uint8_t* pixels);

 private:
  void close();

  std::string path_;
  int descriptor_ = -1;
  std::vector<uint8_t> rows_;
};

}  // namespace byol

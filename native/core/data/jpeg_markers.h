#pragma once

#include <cstdint>
#include <span>

#include "core/data/crop_region.h"

namespace byol {

/// What a JPEG file says of itself that libjpeg does not read.
struct JpegMarkers {
  /// Of the first EXIF segment; 1 where there is none or it makes no sense.
  Orientation orientation = 1;
  /// It has a colour profile.
  bool profile = false;
};

/// Reads the segments before the first scan of `bytes`, whatever they are: what is malformed ends the search.
JpegMarkers read_jpeg_markers(std::span<const uint8_t> bytes);

}  // namespace byol

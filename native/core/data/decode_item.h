#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <vector>

#include "core/data/crop_region.h"
#include "core/data/decode_status.h"
#include "core/data/image_file.h"
#include "core/data/jpeg_limits.h"
#include "core/data/pixel_file.h"

namespace byol {

/// One image of a batch and what is needed of it.
struct DecodeItem {
  FilePlace place;
  /// Of the upright image, in pixels, and how it is turned: as whoever chose the crops knows them.
  int64_t height, width;
  Orientation orientation;
  /// One or two.
  std::vector<CropBox> boxes;

  enum class Content {
    Jpeg,       ///< at `place`
    PixelFile,  ///< pixels, as PixelFile reads them, from `place.offset` on
    Pixels,     ///< in `pixels`
  };
  Content content = Content::Jpeg;
  /// [height, width, 3]
  std::shared_ptr<const uint8_t[]> pixels = nullptr;
  /// The region is resampled (resample.h) to so many pixels; 0: it stays as it is.
  int64_t new_height = 0, new_width = 0;

  bool is_resampled() const { return new_height > 0; }
};

/// What decoding of one image may take.
struct ItemLimits {
  JpegLimits jpeg;
  /// Of an image file.
  int64_t file_bytes;
};

/// Memory of a thread that decodes, used again from image to image.
struct DecodeMemory {
  std::vector<uint8_t> file, region;
  PixelFile pixels;
};

/// The region of an item, to `pixels`, [region.height, region.width, 3], or resampled. Interrupted soon once `stop` is
/// set.
DecodeStatus decode_item(const DecodeItem& item, const CropRegion& region, const ItemLimits& limits,
                         const std::atomic<bool>& stop, DecodeMemory& memory, uint8_t* pixels);

}  // namespace byol

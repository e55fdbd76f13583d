#pragma once

// From libjpeg's rows to a region's pixels. For jpeg_decoder.cpp only.

#include <cstddef>
#include <cstdint>

#include "core/data/crop_region.h"
#include "core/data/jpeg_session.h"

namespace byol {

/// Puts decoded rows where a region has them, upright and as RGB. Owns nothing.
class RowWriter {
 public:
  /// `ink`: rows are CMYK; `inverted`: with 255 for no ink.
  RowWriter(const CropRegion& region, bool ink, bool inverted, uint8_t* pixels)
      : steps_(upright_steps(region)), width_(region.stored.width), ink_(ink), inverted_(inverted), pixels_(pixels) {}

  bool ink() const { return ink_; }
  size_t line_bytes(int64_t width) const { return static_cast<size_t>(width) * (ink_ ? 4 : 3); }
  /// Where row `row` of the stored region can be decoded to as it is; null if it must be turned or converted.
  uint8_t* place(int32_t row) const {
    return !ink_ && steps_.column_step == 3 ? pixels_ + steps_.first + row * steps_.row_step : nullptr;
  }
  /// `line`: the row's first pixel, as libjpeg made it.
  void write(int32_t row, const uint8_t* line) const;

 private:
  UprightSteps steps_;
  int32_t width_;
  bool ink_, inverted_;
  uint8_t* pixels_;
};

/// Decodes the region, in the body of JpegSession::run() and after the header. `line`: a row of the scaled image.
void decode_rows(JpegSession& session, const CropRegion& region, const RowWriter& writer, uint8_t* line);

}  // namespace byol

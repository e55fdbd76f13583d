#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <span>
#include <string>

#include "core/data/crop_region.h"
#include "core/data/decode_status.h"
#include "core/data/jpeg_limits.h"

namespace byol {

class JpegSession;

enum class JpegColor { Gray, YCbCr, Rgb, Cmyk, Ycck };

struct JpegHeader {
  /// Pixels of the upright image.
  int64_t height = 0, width = 0;
  /// How the stored image is to be turned.
  Orientation orientation = 1;
  int components = 0;
  JpegColor color = JpegColor::YCbCr;
  /// The Adobe segment's colour transform (0: none, 1: YCbCr, 2: YCCK), or -1 without such a segment.
  int adobe_transform = -1;
  bool progressive = false;
  bool arithmetic = false;
  /// It has a colour profile, which is not applied: pixels are taken as sRGB.
  bool profile = false;
};

/// Which libjpeg-turbo decodes ("2.1.5"); empty where this build has none, and then every image is Unsupported.
std::string jpeg_library_version();

/// One JPEG image in memory: its header, then any regions of it. Decodes as `djpeg -dct int` does, whatever it decodes
/// of the image: the same pixels to the last bit. Grey becomes RGB, CMYK too (255 is no ink where Adobe's segment says
/// who wrote it, as the other way round elsewhere), upright.
///
/// Pixels that a file does not have are never made up: what is damaged or cut off before the last row that a region
/// needs is Broken. Of a progressive image every scan is needed, so one without an end marker is.
class JpegDecoder {
 public:
  /// `bytes` outlive the decoder. `stop`, if there is one, ends its work soon after it becomes true.
  JpegDecoder(std::span<const uint8_t> bytes, const JpegLimits& limits, const std::atomic<bool>* stop = nullptr);
  ~JpegDecoder();

  /// Of the header: where it is not ok, `header()` means nothing and nothing can be decoded.
  const DecodeStatus& status() const { return status_; }
  const JpegHeader& header() const { return header_; }

  /// Writes the region's pixels, [region.height, region.width, 3], and on failure anything there. `region` was made for
  /// this header's sides and orientation: another is ERR_BYOL_SHAPE.
  DecodeStatus decode(const CropRegion& region, uint8_t* pixels);

  /// What libjpeg only remarked on in what was decoded last: nothing of the picture is lost.
  int remarks() const { return remarks_; }

 private:
  std::unique_ptr<JpegSession> open();
  DecodeStatus read_header();

  std::span<const uint8_t> bytes_;
  JpegLimits limits_;
  const std::atomic<bool>* stop_;
  JpegHeader header_;
  DecodeStatus status_;
  std::unique_ptr<JpegSession> opened_;  // its header has been read, and no region decoded
  int remarks_ = 0;
};

}  // namespace byol

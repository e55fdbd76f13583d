#include "core/data/jpeg_decoder.h"

#if defined(BYOL_HAVE_JPEG)
#include <cstdio>

#include <jpeglib.h>
#endif

// Others than libjpeg-turbo neither crop nor make RGB of grey.
#if defined(LIBJPEG_TURBO_VERSION_NUMBER)

#include <algorithm>
#include <vector>

#include "core/data/jpeg_markers.h"
#include "core/data/jpeg_rows.h"
#include "core/data/jpeg_session.h"
#include "core/error.h"

namespace byol {
namespace {

#define BYOL_TEXT(value) #value
#define BYOL_VALUE_TEXT(value) BYOL_TEXT(value)

JpegColor color_of(J_COLOR_SPACE space) {
  switch (space) {
    case JCS_GRAYSCALE:
      return JpegColor::Gray;
    case JCS_YCbCr:
      return JpegColor::YCbCr;
    case JCS_RGB:
      return JpegColor::Rgb;
    case JCS_CMYK:
      return JpegColor::Cmyk;
    default:
      return JpegColor::Ycck;
  }
}

bool has_ink(JpegColor color) { return color == JpegColor::Cmyk || color == JpegColor::Ycck; }

// In the body of JpegSession::run().
void check_header(JpegSession& session, const JpegLimits& limits) {
  const jpeg_decompress_struct& jpeg = session.jpeg();
  if (jpeg.data_precision != 8) session.fail(DecodeOutcome::Unsupported, "its pixels have other than 8 bits");
  if (jpeg.jpeg_color_space == JCS_UNKNOWN) {
    session.fail(DecodeOutcome::Unsupported, "its colours are neither grey, RGB, YCbCr, CMYK nor YCCK");
  }
  if (int64_t{jpeg.image_width} * jpeg.image_height > limits.pixels) {
    session.fail(DecodeOutcome::TooLarge, "it has more pixels than allowed");
  }
}

}  // namespace

std::string jpeg_library_version() { return BYOL_VALUE_TEXT(LIBJPEG_TURBO_VERSION); }

JpegDecoder::JpegDecoder(std::span<const uint8_t> bytes, const JpegLimits& limits, const std::atomic<bool>* stop)
    : bytes_(bytes), limits_(limits), stop_(stop) {
  status_ = read_header();
}

JpegDecoder::~JpegDecoder() = default;

std::unique_ptr<JpegSession> JpegDecoder::open() {
  auto session = std::make_unique<JpegSession>(bytes_, limits_, stop_);
  session->run([&] {
    jpeg_read_header(&session->jpeg(), TRUE);
    check_header(*session, limits_);
  });
  return session;
}

DecodeStatus JpegDecoder::read_header() {
  opened_ = open();
  if (!opened_->status().ok()) return opened_->status();
  const jpeg_decompress_struct& jpeg = opened_->jpeg();
  const JpegMarkers markers = read_jpeg_markers(bytes_);
  header_.orientation = markers.orientation;
  header_.profile = markers.profile;
  header_.height = jpeg.image_height;
  header_.width = jpeg.image_width;
  if (is_transposed(markers.orientation)) std::swap(header_.height, header_.width);
  header_.components = jpeg.num_components;
  header_.color = color_of(jpeg.jpeg_color_space);
  header_.adobe_transform = jpeg.saw_Adobe_marker ? jpeg.Adobe_transform : -1;
  header_.progressive = jpeg.progressive_mode;
  header_.arithmetic = jpeg.arith_code;
  return {};
}

DecodeStatus JpegDecoder::decode(const CropRegion& region, uint8_t* pixels) {
  if (!status_.ok()) return status_;
  const auto scaled = [&](int64_t side) { return (side * region.scale + 7) / 8; };
  const bool turned = is_transposed(header_.orientation);
  const CropBox& box = region.stored;
  if (region.orientation != header_.orientation ||
      box.top + box.height > scaled(turned ? header_.width : header_.height) ||
      box.left + box.width > scaled(turned ? header_.height : header_.width)) {
    throw Error("ERR_BYOL_SHAPE", "the region to decode was made for another image.");
  }
  // libjpeg goes through an image once; and keeps tables from one image to the next, which damaged ones would then use.
  const std::unique_ptr<JpegSession> session = opened_ != nullptr ? std::move(opened_) : open();
  RowWriter writer(region, has_ink(header_.color), header_.adobe_transform >= 0, pixels);
  // Made here, since nothing in the body may own memory: a row is at most as wide as the image.
  std::vector<uint8_t> line(writer.line_bytes(scaled(turned ? header_.height : header_.width)));
  session->run([&] { decode_rows(*session, region, writer, line.data()); });
  remarks_ = session->remarks();
  return session->status();
}

}  // namespace byol

#else

namespace byol {

class JpegSession {};

std::string jpeg_library_version() { return {}; }

JpegDecoder::JpegDecoder(std::span<const uint8_t> bytes, const JpegLimits& limits, const std::atomic<bool>* stop)
    : bytes_(bytes), limits_(limits), stop_(stop) {
  const bool jpeg = bytes_.size() >= 2 && bytes_[0] == 0xFF && bytes_[1] == 0xD8;
  status_ = jpeg ? DecodeStatus{DecodeOutcome::Unsupported, "the addon was built without libjpeg-turbo"}
                 : DecodeStatus{DecodeOutcome::NotJpeg, "it does not begin as a JPEG does"};
}

JpegDecoder::~JpegDecoder() = default;

DecodeStatus JpegDecoder::decode(const CropRegion&, uint8_t*) { return status_; }

}  // namespace byol

#endif

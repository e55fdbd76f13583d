#if defined(BYOL_HAVE_JPEG)

#include "core/data/jpeg_rows.h"

#include <algorithm>
#include <cstring>

#if defined(LIBJPEG_TURBO_VERSION_NUMBER)

namespace byol {
namespace {

// Colour is upsampled with the neighbours of each pixel, and a cropped row ends as the image does: without them.
constexpr int32_t kNeighbours = 2;

// The product of two fractions of 255, rounded as Pillow rounds it.
inline unsigned product(unsigned a, unsigned b) {
  const unsigned scaled = a * b + 128;
  return ((scaled >> 8) + scaled) >> 8;
}

// libjpeg-turbo (2.1.5) reckons with colour at the image's scale. With 4:1:0 and the like a scaled image has it at a
// larger one and yet to be widened; of cropped rows half stays empty then.
bool crops_rightly(const jpeg_decompress_struct& jpeg) { return jpeg.scale_num == 8 || jpeg.max_h_samp_factor <= 2; }

}  // namespace

void RowWriter::write(int32_t row, const uint8_t* line) const {
  uint8_t* to = pixels_ + steps_.first + row * steps_.row_step;
  if (ink_) {
    const unsigned flip = inverted_ ? 0 : 255;
    for (int32_t i = 0; i < width_; ++i, line += 4, to += steps_.column_step) {
      const unsigned light = line[3] ^ flip;
      // Pillow's CMYK to RGB: what black leaves, less the ink's part of it.
      for (int c = 0; c < 3; ++c) to[c] = static_cast<uint8_t>(light - product(255 - (line[c] ^ flip), light));
    }
  } else if (steps_.column_step == 3) {
    std::memcpy(to, line, static_cast<size_t>(width_) * 3);
  } else {
    for (int32_t i = 0; i < width_; ++i, line += 3, to += steps_.column_step) {
      to[0] = line[0];
      to[1] = line[1];
      to[2] = line[2];
    }
  }
}

void decode_rows(JpegSession& session, const CropRegion& region, const RowWriter& writer, uint8_t* line) {
  jpeg_decompress_struct& jpeg = session.jpeg();
  const CropBox& box = region.stored;
  jpeg.scale_num = static_cast<unsigned>(region.scale);
  jpeg.scale_denom = 8;
  jpeg.out_color_space = writer.ink() ? JCS_CMYK : JCS_RGB;
  jpeg.dct_method = JDCT_ISLOW;
  jpeg.do_fancy_upsampling = TRUE;
  // Only guesses at what scans that never came would have said.
  jpeg.do_block_smoothing = FALSE;
  jpeg_start_decompress(&jpeg);
  // Progressive files, and those with a scan for each component: libjpeg has read all that there are.
  if (jpeg_has_multiple_scans(&jpeg) && session.ran_out()) {
    session.fail(DecodeOutcome::Broken, "it is cut off: there is no end marker after its scans");
  }

  JDIMENSION left = 0, width = jpeg.output_width;
  if (crops_rightly(jpeg)) {
    left = static_cast<JDIMENSION>(std::max(box.left - kNeighbours, 0));
    width = std::min(static_cast<JDIMENSION>(box.left + box.width + kNeighbours), width) - left;
    if (width < jpeg.output_width) jpeg_crop_scanline(&jpeg, &left, &width);
  }
  if (box.top > 0) jpeg_skip_scanlines(&jpeg, static_cast<JDIMENSION>(box.top));

  const auto offset = static_cast<int64_t>(writer.line_bytes(box.left - static_cast<int64_t>(left)));
  const bool whole_rows = offset == 0 && width == static_cast<JDIMENSION>(box.width);
  for (int32_t row = 0; row < box.height; ++row) {
    uint8_t* const place = whole_rows ? writer.place(row) : nullptr;
    JSAMPROW to = place != nullptr ? place : line;
    if (jpeg_read_scanlines(&jpeg, &to, 1) != 1) session.fail(DecodeOutcome::Broken, "it ends before its last row");
    if (place == nullptr) writer.write(row, line + offset);
  }
}

}  // namespace byol

#endif
#endif

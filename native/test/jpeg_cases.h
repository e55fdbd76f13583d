#pragma once

// JPEG files made at test time by libjpeg's encoder, and its own plain decoding of whole files.

#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <span>
#include <string>
#include <vector>

#include <jpeglib.h>

#include "core/data/crop_region.h"
#include "core/data/jpeg_limits.h"

namespace jpeg_cases {

using byol::CropBox;
using Bytes = std::vector<uint8_t>;

constexpr byol::JpegLimits kLimits{100'000'000, 512 << 20, 100, 60.0};
constexpr byol::ScaleRule kNeverScaled{1, 1, 1e300};

struct Picture {
  int height, width, components;
  Bytes pixels;
};

/// Slopes, edges and noise, in all components.
inline Picture picture(int height, int width, int components = 3, unsigned seed = 1) {
  Picture result{height, width, components, Bytes(static_cast<size_t>(height) * width * components)};
  uint32_t state = seed * 2654435761U + 1;
  for (int y = 0; y < height; ++y) {
    for (int x = 0; x < width; ++x) {
      for (int c = 0; c < components; ++c) {
        state = state * 1664525U + 1013904223U;
        const int slope = 3 * x * (c + 1) + 2 * y * (3 - c);
        const int edge = (x / 5 + y / 7 + c) % 2 * 90;
        result.pixels[(static_cast<size_t>(y) * width + x) * components + c] =
            static_cast<uint8_t>((slope % 150 + edge + static_cast<int>(state >> 29)) & 255);
      }
    }
  }
  return result;
}

struct Encoding {
  int horizontal = 2, vertical = 2;  // samples of the first component for one of the others
  bool progressive = false, arithmetic = false, scan_per_component = false;
  int restart = 0;                     // MCUs
  J_COLOR_SPACE stored = JCS_UNKNOWN;  // as libjpeg chooses
  bool adobe = true;                   // of CMYK: says that it is Adobe's
  int orientation = 0;                 // 0: no EXIF
  bool big_endian = false;
  bool profile = false;
  int quality = 85;
};

inline Bytes exif_segment(int orientation, bool big_endian) {
  Bytes body = {'E', 'x', 'i', 'f', 0, 0};
  const auto number = [&](uint32_t value, int length) {
    for (int i = 0; i < length; ++i) body.push_back(value >> 8 * (big_endian ? length - 1 - i : i) & 255);
  };
  body.insert(body.end(), 2, big_endian ? 'M' : 'I');
  number(42, 2);
  number(8, 4);
  number(2, 2);
  for (const auto& [tag, value] : {std::pair{256U, 7U}, std::pair{274U, static_cast<uint32_t>(orientation)}}) {
    number(tag, 2);
    number(3, 2);
    number(1, 4);
    number(value, 2);
    number(0, 2);
  }
  number(0, 4);
  return body;
}

inline Bytes encode(const Picture& picture, const Encoding& how) {
  jpeg_compress_struct jpeg{};
  jpeg_error_mgr errors{};
  jpeg.err = jpeg_std_error(&errors);  // a mistake of a test ends the process with libjpeg's message
  jpeg_create_compress(&jpeg);
  unsigned char* memory = nullptr;
  unsigned long length = 0;
  jpeg_mem_dest(&jpeg, &memory, &length);
  jpeg.image_height = static_cast<JDIMENSION>(picture.height);
  jpeg.image_width = static_cast<JDIMENSION>(picture.width);
  jpeg.input_components = picture.components;
  jpeg.in_color_space = picture.components == 1   ? JCS_GRAYSCALE
                        : picture.components == 3 ? JCS_RGB
                        : picture.components == 4 ? JCS_CMYK
                                                  : JCS_UNKNOWN;
  jpeg_set_defaults(&jpeg);
  if (how.stored != JCS_UNKNOWN) jpeg_set_colorspace(&jpeg, how.stored);
  jpeg_set_quality(&jpeg, how.quality, TRUE);
  if (picture.components > 1) {
    jpeg.comp_info[0].h_samp_factor = how.horizontal;
    jpeg.comp_info[0].v_samp_factor = how.vertical;
    for (int c = 1; c < picture.components; ++c) jpeg.comp_info[c].h_samp_factor = jpeg.comp_info[c].v_samp_factor = 1;
    if (picture.components == 4) {  // black is as fine as the first
      jpeg.comp_info[3].h_samp_factor = how.horizontal;
      jpeg.comp_info[3].v_samp_factor = how.vertical;
    }
  }
  jpeg.arith_code = how.arithmetic;
  if (how.progressive) jpeg_simple_progression(&jpeg);
  static jpeg_scan_info scans[4];
  if (how.scan_per_component) {
    for (int c = 0; c < picture.components; ++c) scans[c] = {1, {c, 0, 0, 0}, 0, 63, 0, 0};
    jpeg.scan_info = scans;
    jpeg.num_scans = picture.components;
  }
  jpeg.restart_interval = static_cast<unsigned>(how.restart);
  if (!how.adobe) jpeg.write_Adobe_marker = FALSE;
  jpeg_start_compress(&jpeg, TRUE);
  if (how.profile) {
    const Bytes profile = {'I', 'C', 'C', '_', 'P', 'R', 'O', 'F', 'I', 'L', 'E', 0, 1, 1, 9, 9};
    jpeg_write_marker(&jpeg, JPEG_APP0 + 2, profile.data(), static_cast<unsigned>(profile.size()));
  }
  if (how.orientation != 0) {
    const Bytes exif = exif_segment(how.orientation, how.big_endian);
    jpeg_write_marker(&jpeg, JPEG_APP0 + 1, exif.data(), static_cast<unsigned>(exif.size()));
  }
  for (int y = 0; y < picture.height; ++y) {
    auto* row =
        const_cast<JSAMPROW>(picture.pixels.data() + static_cast<size_t>(y) * picture.width * picture.components);
    jpeg_write_scanlines(&jpeg, &row, 1);
  }
  jpeg_finish_compress(&jpeg);
  jpeg_destroy_compress(&jpeg);
  Bytes result(memory, memory + length);
  std::free(memory);
  return result;
}

/// The whole file as stored, by libjpeg alone, at `eighths` of its sides; RGB, or CMYK as it comes.
inline Picture decode_plainly(std::span<const uint8_t> bytes, int eighths = 8) {
  jpeg_decompress_struct jpeg{};
  jpeg_error_mgr errors{};
  jpeg.err = jpeg_std_error(&errors);
  jpeg_create_decompress(&jpeg);
  jpeg_mem_src(&jpeg, bytes.data(), static_cast<unsigned long>(bytes.size()));
  jpeg_read_header(&jpeg, TRUE);
  const bool ink = jpeg.num_components == 4;
  jpeg.out_color_space = ink ? JCS_CMYK : JCS_RGB;
  jpeg.scale_num = static_cast<unsigned>(eighths);
  jpeg.scale_denom = 8;
  jpeg_start_decompress(&jpeg);
  Picture result{static_cast<int>(jpeg.output_height), static_cast<int>(jpeg.output_width), ink ? 4 : 3, {}};
  result.pixels.resize(static_cast<size_t>(result.height) * result.width * result.components);
  for (int y = 0; y < result.height; ++y) {
    JSAMPROW row = result.pixels.data() + static_cast<size_t>(y) * result.width * result.components;
    jpeg_read_scanlines(&jpeg, &row, 1);
  }
  jpeg_finish_decompress(&jpeg);
  jpeg_destroy_decompress(&jpeg);
  return result;
}

/// Turned to be seen, pixel by pixel as EXIF 2.32 defines tag 274: what the stored row 0 and column 0 are.
inline Picture upright(const Picture& stored, int orientation) {
  const bool turned = orientation > 4;
  const int h = stored.height, w = stored.width;
  Picture result{turned ? w : h, turned ? h : w, stored.components, Bytes(stored.pixels.size())};
  for (int r = 0; r < h; ++r) {
    for (int c = 0; c < w; ++c) {
      int y = r, x = c;
      switch (orientation) {
        case 2:
          x = w - 1 - c;
          break;
        case 3:
          y = h - 1 - r, x = w - 1 - c;
          break;
        case 4:
          y = h - 1 - r;
          break;
        case 5:
          y = c, x = r;
          break;
        case 6:
          y = c, x = h - 1 - r;
          break;
        case 7:
          y = w - 1 - c, x = h - 1 - r;
          break;
        case 8:
          y = w - 1 - c, x = r;
          break;
        default:
          break;
      }
      for (int i = 0; i < stored.components; ++i) {
        result.pixels[(static_cast<size_t>(y) * result.width + x) * stored.components + i] =
            stored.pixels[(static_cast<size_t>(r) * w + c) * stored.components + i];
      }
    }
  }
  return result;
}

/// Of a part whose edges do not lie between pixels.
inline CropBox whole_pixels(const byol::CropPart& part) {
  const auto whole = [](double number) {
    if (number != std::floor(number)) std::abort();
    return static_cast<int32_t>(number);
  };
  return {whole(part.top), whole(part.left), whole(part.height), whole(part.width)};
}

inline Bytes cut_out(const Picture& from, const CropBox& box) {
  Bytes result;
  for (int y = box.top; y < box.top + box.height; ++y) {
    const auto row = from.pixels.begin() + (static_cast<int64_t>(y) * from.width + box.left) * from.components;
    result.insert(result.end(), row, row + static_cast<int64_t>(box.width) * from.components);
  }
  return result;
}

}  // namespace jpeg_cases

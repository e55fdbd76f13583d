// Regions of JPEG images against libjpeg's own decoding of the whole file.
#include "core/data/jpeg_decoder.h"

#if defined(BYOL_HAVE_JPEG)

#include <algorithm>
#include <array>
#include <cmath>
#include <string>
#include <vector>

#include "jpeg_cases.h"

#include "check.h"

using namespace jpeg_cases;
using byol::crop_region;
using byol::CropRegion;
using byol::DecodeOutcome;
using byol::DecodeStatus;
using byol::JpegColor;
using byol::JpegDecoder;
using byol::JpegLimits;

namespace {

CropBox whole(const JpegDecoder& decoder) {
  return {0, 0, static_cast<int32_t>(decoder.header().height), static_cast<int32_t>(decoder.header().width)};
}

CropRegion region_of(const JpegDecoder& decoder, const std::vector<CropBox>& boxes) {
  const auto& header = decoder.header();
  return crop_region(header.height, header.width, header.orientation, boxes, kNeverScaled);
}

struct Decoded {
  DecodeStatus status;
  Bytes pixels;
};

Decoded decode(JpegDecoder& decoder, const CropRegion& region) {
  // What lies behind the region must stay.
  Bytes pixels(static_cast<size_t>(region.height) * region.width * 3 + 64, 0xA5);
  DecodeStatus status = decoder.decode(region, pixels.data());
  CHECK(std::all_of(pixels.end() - 64, pixels.end(), [](uint8_t byte) { return byte == 0xA5; }));
  pixels.erase(pixels.end() - 64, pixels.end());
  return {std::move(status), std::move(pixels)};
}

DecodeStatus decode_whole(const Bytes& bytes, const JpegLimits& limits = kLimits) {
  JpegDecoder decoder(bytes, limits);
  if (!decoder.status().ok()) return decoder.status();
  return decode(decoder, region_of(decoder, {whole(decoder)})).status;
}

/// Places along a side of every kind: its ends, single pixels, both sides of the edges of blocks.
std::vector<std::pair<int, int>> ranges(int side) {
  std::vector<std::pair<int, int>> result = {{0, side}, {0, 1}, {side - 1, 1}};
  for (const auto& [start, length] :
       {std::pair{1, 1}, std::pair{7, 2}, std::pair{8, 8}, std::pair{15, 1}, std::pair{16, 16}, std::pair{17, 14},
        std::pair{31, 2}, std::pair{32, 5}, std::pair{33, 1}, std::pair{40, 17}, std::pair{3, side - 4}}) {
    if (length >= 1 && start + length <= side) result.emplace_back(start, length);
  }
  return result;
}

/// Every region of ranges() x ranges() is, to the last bit, a part of the whole.
void check_regions(const Bytes& bytes, const std::string& what) {
  JpegDecoder decoder(bytes, kLimits);
  if (!decoder.status().ok()) check::fail(__FILE__, __LINE__, what + ": " + decoder.status().reason);
  const Picture expected = upright(decode_plainly(bytes), decoder.header().orientation);
  for (const auto& [top, height] : ranges(expected.height)) {
    for (const auto& [left, width] : ranges(expected.width)) {
      const CropBox box{top, left, height, width};
      const Decoded decoded = decode(decoder, region_of(decoder, {box}));
      if (decoded.status.ok() && decoded.pixels == cut_out(expected, box)) continue;
      check::fail(__FILE__, __LINE__,
                  what + ", " + std::to_string(height) + " x " + std::to_string(width) + " at " + std::to_string(top) +
                      ", " + std::to_string(left) + ": " +
                      (decoded.status.ok() ? "other pixels" : decoded.status.reason));
    }
  }
}

struct Sampling {
  const char* name;
  int horizontal, vertical;
};
constexpr std::array<Sampling, 6> kSamplings = {
    {{"4:4:4", 1, 1}, {"4:2:2", 2, 1}, {"4:2:0", 2, 2}, {"4:4:0", 1, 2}, {"4:1:1", 4, 1}, {"4:1:0", 4, 2}}};

}  // namespace

TEST(jpeg_regions_are_parts_of_the_whole_for_every_sampling) {
  for (const auto& [name, horizontal, vertical] : kSamplings) {
    for (const auto& [height, width] : {std::pair{75, 83}, std::pair{64, 64}}) {
      const Encoding how{.horizontal = horizontal, .vertical = vertical};
      check_regions(encode(picture(height, width), how), name);
    }
  }
}

TEST(jpeg_regions_of_images_of_every_small_size) {
  for (const auto& [name, horizontal, vertical] : kSamplings) {
    for (const int height : {1, 2, 3, 8, 9, 17}) {
      for (const int width : {1, 2, 7, 16, 33}) {
        const Encoding how{.horizontal = horizontal, .vertical = vertical};
        check_regions(encode(picture(height, width), how), std::string(name) + " small");
      }
    }
  }
}

TEST(jpeg_regions_of_every_coding) {
  for (const auto& [name, horizontal, vertical] : kSamplings) {
    const Encoding plain{.horizontal = horizontal, .vertical = vertical};
    Encoding how = plain;
    how.progressive = true;
    check_regions(encode(picture(75, 83), how), std::string(name) + " progressive");
    how = plain;
    how.scan_per_component = true;
    check_regions(encode(picture(75, 83), how), std::string(name) + " scan per component");
    how = plain;
    how.restart = 3;
    check_regions(encode(picture(75, 83), how), std::string(name) + " restarts");
#if defined(D_ARITH_CODING_SUPPORTED) && defined(C_ARITH_CODING_SUPPORTED)
    how = plain;
    how.arithmetic = true;
    check_regions(encode(picture(75, 83), how), std::string(name) + " arithmetic");
    how.progressive = true;
    check_regions(encode(picture(75, 83), how), std::string(name) + " arithmetic progressive");
#endif
  }
}

TEST(jpeg_regions_of_grey_and_rgb) {
  check_regions(encode(picture(75, 83, 1), {}), "grey");
  check_regions(encode(picture(75, 83, 1), {.progressive = true}), "grey progressive");
  check_regions(encode(picture(75, 83), {.horizontal = 1, .vertical = 1, .stored = JCS_RGB}), "rgb");
  const Bytes grey = encode(picture(5, 5, 1), {});
  JpegDecoder decoder(grey, kLimits);
  CHECK(decoder.header().color == JpegColor::Gray && decoder.header().components == 1);
}

TEST(jpeg_regions_in_every_orientation) {
  for (int orientation = 1; orientation <= 8; ++orientation) {
    for (const bool big_endian : {false, true}) {
      const Encoding how{.horizontal = 2, .vertical = 1, .orientation = orientation, .big_endian = big_endian};
      const Bytes bytes = encode(picture(41, 59), how);
      const JpegDecoder decoder(bytes, kLimits);
      CHECK(decoder.header().orientation == orientation);
      CHECK(decoder.header().width == (orientation > 4 ? 41 : 59));
      check_regions(bytes, "orientation " + std::to_string(orientation));
    }
  }
}

TEST(jpeg_ink_becomes_rgb_in_both_conventions) {
  // 255 is full ink as TIFF and PostScript have it; Adobe's files store the complement.
  for (const J_COLOR_SPACE stored : {JCS_CMYK, JCS_YCCK}) {
    for (const bool adobe : {true, false}) {
      if (stored == JCS_YCCK && !adobe) continue;  // nothing else says that it is YCCK
      const Bytes bytes = encode(picture(20, 30, 4), {.stored = stored, .adobe = adobe, .orientation = 6});
      JpegDecoder decoder(bytes, kLimits);
      CHECK(decoder.header().color == (stored == JCS_CMYK ? JpegColor::Cmyk : JpegColor::Ycck));
      CHECK(decoder.header().adobe_transform == (!adobe ? -1 : stored == JCS_CMYK ? 0 : 2));
      const CropBox box{3, 2, 21, 11};
      const Decoded decoded = decode(decoder, region_of(decoder, {box}));
      CHECK(decoded.status.ok());
      const Bytes ink = cut_out(upright(decode_plainly(bytes), 6), box);
      double worst = 0.0;
      for (size_t i = 0; i < decoded.pixels.size(); ++i) {
        const auto part = [&](size_t channel) {
          const double value = ink[i / 3 * 4 + channel] / 255.0;
          return adobe ? value : 1.0 - value;  // of the paper's light that comes back
        };
        worst = std::max(worst, std::abs(decoded.pixels[i] - 255.0 * part(i % 3) * part(3)));
      }
      CHECK_CLOSE(worst, 0.0, 0.51);
    }
  }
}

TEST(jpeg_two_crops_share_one_region) {
  const Bytes bytes = encode(picture(75, 83), {.orientation = 8});
  JpegDecoder decoder(bytes, kLimits);
  const Picture expected = upright(decode_plainly(bytes), 8);
  const std::vector<CropBox> boxes = {{10, 20, 30, 9}, {25, 5, 40, 20}};
  const CropRegion region = region_of(decoder, boxes);
  CHECK(region.height == 55 && region.width == 24 && region.count == 2);
  const Decoded decoded = decode(decoder, region);
  CHECK(decoded.status.ok());
  const Picture source{region.height, region.width, 3, decoded.pixels};
  for (size_t i = 0; i < boxes.size(); ++i) {
    CHECK(cut_out(source, whole_pixels(region.boxes[i])) == cut_out(expected, boxes[i]));
  }
}

TEST(jpeg_scaled_regions_are_parts_of_the_scaled_whole) {
  for (const auto& [name, horizontal, vertical] : kSamplings) {
    for (const int orientation : {1, 2, 7}) {
      const Encoding how{.horizontal = horizontal, .vertical = vertical, .orientation = orientation};
      const Bytes bytes = encode(picture(93, 117), how);
      JpegDecoder decoder(bytes, kLimits);
      const auto& header = decoder.header();
      for (const int scale : {4, 2, 1}) {
        const Picture expected = upright(decode_plainly(bytes, scale), orientation);
        const std::array<CropBox, 2> boxes = {
            {{16, 24, 64, 56}, {8, 32, 72, 48}}};  // whole eighths, seen from the origin
        const byol::ScaleRule rule{48 * scale / 8, 48 * scale / 8, 1.0};
        const CropRegion region = crop_region(header.height, header.width, orientation, boxes, rule);
        CHECK(region.scale == scale);
        const Decoded decoded = decode(decoder, region);
        CHECK(decoded.status.ok());
        const Picture source{region.height, region.width, 3, decoded.pixels};
        for (size_t i = 0; orientation == 1 && i < boxes.size(); ++i) {
          const CropBox& box = boxes[i];
          const CropBox small{box.top * scale / 8, box.left * scale / 8, box.height * scale / 8, box.width * scale / 8};
          CHECK(cut_out(source, whole_pixels(region.boxes[i])) == cut_out(expected, small));
        }
        const Picture stored = decode_plainly(bytes, scale);
        const Picture part{region.stored.height, region.stored.width, 3, cut_out(stored, region.stored)};
        if (source.pixels != upright(part, orientation).pixels) {
          check::fail(__FILE__, __LINE__,
                      std::string(name) + " at " + std::to_string(scale) + " eighths, orientation " +
                          std::to_string(orientation) + ": other pixels");
        }
      }
    }
  }
}

TEST(jpeg_header_says_what_the_file_is) {
  const Bytes bytes = encode(picture(9, 7), {.progressive = true, .profile = true});
  const JpegDecoder decoder(bytes, kLimits);
  const auto& header = decoder.header();
  CHECK(decoder.status().ok() && header.height == 9 && header.width == 7 && header.progressive && header.profile);
  CHECK(header.orientation == 1 && header.color == JpegColor::YCbCr && header.adobe_transform == -1);
  CHECK(!byol::jpeg_library_version().empty());
}

TEST(jpeg_is_broken_where_it_is_cut_off_before_what_is_needed) {
  for (const bool progressive : {false, true}) {
    const Bytes bytes = encode(picture(200, 120), {.progressive = progressive});
    for (const double part : {0.3, 0.6, 0.9}) {
      const Bytes cut(bytes.begin(), bytes.begin() + static_cast<int64_t>(part * static_cast<double>(bytes.size())));
      const DecodeStatus status = decode_whole(cut);
      CHECK(status.outcome == DecodeOutcome::Broken && status.reason.find("cut off") != std::string::npos);
      // The upper rows of a file that stores them first are there.
      JpegDecoder decoder(cut, kLimits);
      const CropBox top{0, 0, 30, 120};
      const Decoded decoded = decode(decoder, region_of(decoder, {top}));
      CHECK(decoded.status.ok() == !progressive);
      CHECK(progressive || decoded.pixels == cut_out(decode_plainly(bytes), top));
    }
    // Without its end marker: all rows of a sequential file; perhaps not all scans of another.
    const Bytes endless(bytes.begin(), bytes.end() - 2);
    CHECK(decode_whole(endless).outcome == (progressive ? DecodeOutcome::Broken : DecodeOutcome::Decoded));
  }
}

TEST(jpeg_damage_is_told_and_remarks_are_counted) {
  const Bytes bytes = encode(picture(200, 120), {.restart = 8});
  const auto says = [](const Bytes& damaged, const char* what) {
    const DecodeStatus status = decode_whole(damaged);
    CHECK(status.outcome == DecodeOutcome::Broken);
    if (status.reason != std::string("libjpeg says: Corrupt JPEG data: ") + what) {
      check::fail(__FILE__, __LINE__, "the reason is: " + status.reason);
    }
  };
  Bytes damaged = bytes;
  for (size_t i = 0; i < 40; ++i) damaged[damaged.size() / 2 + i] = i % 2 == 0 ? 0xFF : 0;  // no code has so many ones
  says(damaged, "bad Huffman code");
  damaged = bytes;
  const std::array<uint8_t, 2> third = {0xFF, 0xD2};
  std::search(damaged.begin(), damaged.end(), third.begin(), third.end())[1] = 0xD4;
  says(damaged, "found marker 0xd4 instead of RST2");

  Bytes padded = bytes;
  padded.insert(padded.end() - 2, 7, uint8_t{1});
  JpegDecoder decoder(padded, kLimits);
  CHECK(decode(decoder, region_of(decoder, {whole(decoder)})).status.ok());
  Bytes between = bytes;  // seven bytes before the table of quantisation
  between.insert(between.begin() + 20, 7, uint8_t{1});
  JpegDecoder other(between, kLimits);
  CHECK(decode(other, region_of(other, {whole(other)})).status.ok() && other.remarks() == 1);
}

TEST(jpeg_refuses_what_it_does_not_decode_and_says_why) {
  const Bytes bytes = encode(picture(9, 7), {});
  CHECK(decode_whole({}).outcome == DecodeOutcome::NotJpeg);
  CHECK(decode_whole({'P', 'N', 'G', 0, 0, 0, 0, 0}).outcome == DecodeOutcome::NotJpeg);
  CHECK(decode_whole({0xFF, 0xD8}).outcome == DecodeOutcome::Broken);

  const auto frame = [&](uint8_t marker, size_t at, uint8_t value) {
    Bytes changed = bytes;
    const auto found = std::find(changed.begin() + 1, changed.end(), uint8_t{0xC0}) - changed.begin();
    changed[static_cast<size_t>(found)] = marker;
    if (at > 0) changed[static_cast<size_t>(found) + at] = value;
    return decode_whole(changed);
  };
  CHECK(frame(0xC0, 0, 0).ok());
  const DecodeStatus deep = frame(0xC1, 3, 12);  // bits a sample
  CHECK(deep.outcome == DecodeOutcome::Unsupported && deep.reason.find("12") != std::string::npos);
  CHECK(frame(0xC5, 0, 0).outcome == DecodeOutcome::Unsupported);  // hierarchical

  const Bytes two = encode(picture(9, 7, 2), {.horizontal = 1, .vertical = 1});
  CHECK(decode_whole(two).outcome == DecodeOutcome::Unsupported);
}

TEST(jpeg_limits_hold) {
  const Bytes bytes = encode(picture(200, 120), {.progressive = true});
  const auto outcome = [&](const JpegLimits& limits) { return decode_whole(bytes, limits).outcome; };
  JpegLimits limits = kLimits;
  limits.pixels = 200 * 120;
  CHECK(outcome(limits) == DecodeOutcome::Decoded);
  --limits.pixels;
  CHECK(outcome(limits) == DecodeOutcome::TooLarge);
  limits = kLimits;
  limits.memory = 30'000;
  CHECK(outcome(limits) == DecodeOutcome::TooLarge);
  limits = kLimits;
  limits.scans = 3;
  CHECK(outcome(limits) == DecodeOutcome::TooLarge);
  limits = kLimits;
  limits.seconds = 0.0;
  CHECK(outcome(limits) == DecodeOutcome::TooLarge);

  const std::atomic<bool> stop = true;
  JpegDecoder decoder(bytes, kLimits, &stop);
  CHECK(decoder.status().ok());
  CHECK(decode(decoder, region_of(decoder, {whole(decoder)})).status.outcome == DecodeOutcome::Interrupted);
}

TEST(jpeg_exif_of_any_form_is_survived) {
  const Bytes exif = exif_segment(6, true);
  const Bytes bytes = encode(picture(9, 7), {.orientation = 6, .big_endian = true});
  const auto at = std::search(bytes.begin(), bytes.end(), exif.begin(), exif.end());
  CHECK(at != bytes.end());
  const auto orientation = [](const Bytes& file) { return JpegDecoder(file, kLimits).header().orientation; };
  CHECK(orientation(bytes) == 6);
  // Any byte of it wrong: another orientation or none, and the picture all the same.
  for (size_t i = 0; i < exif.size(); ++i) {
    for (const uint8_t value : {0, 9, 255}) {
      Bytes changed = bytes;
      changed[static_cast<size_t>(at - bytes.begin()) + i] = value;
      CHECK(orientation(changed) >= 1 && orientation(changed) <= 8 && decode_whole(changed).ok());
    }
  }
}

#endif

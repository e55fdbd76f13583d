#pragma once

// Seconds of decoding, file by file: libjpeg as djpeg calls it, ours whole, and ours of what two crops need.

#include <time.h>

#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <random>
#include <string>
#include <vector>

#include <jpeglib.h>

#include "core/data/jpeg_decoder.h"

namespace bench {

using Bytes = std::vector<uint8_t>;

constexpr byol::JpegLimits kLimits{1'000'000'000, 1 << 30, 1000, 600.0};
constexpr int kView = 224;

/// RGB as `djpeg -dct int` makes it, into memory that is used again.
inline void decode_as_djpeg(const Bytes& file, Bytes& pixels) {
  jpeg_decompress_struct jpeg{};
  jpeg_error_mgr errors{};
  jpeg.err = jpeg_std_error(&errors);
  jpeg_create_decompress(&jpeg);
  jpeg_mem_src(&jpeg, file.data(), static_cast<unsigned long>(file.size()));
  jpeg_read_header(&jpeg, TRUE);
  jpeg.out_color_space = JCS_RGB;
  jpeg_start_decompress(&jpeg);
  const size_t line = static_cast<size_t>(jpeg.output_width) * 3;
  pixels.resize(line * jpeg.output_height);
  while (jpeg.output_scanline < jpeg.output_height) {
    JSAMPROW row = pixels.data() + line * jpeg.output_scanline;
    jpeg_read_scanlines(&jpeg, &row, 1);
  }
  jpeg_finish_decompress(&jpeg);
  jpeg_destroy_decompress(&jpeg);
}

/// `crops`: of the image's size; its region is decoded at the largest scale that `least_ratio` allows.
inline byol::CropRegion decode_region(const Bytes& file, const std::vector<byol::CropBox>& crops, double least_ratio,
                                      Bytes& pixels, int view = kView) {
  byol::JpegDecoder decoder(file, kLimits);
  const auto& header = decoder.header();
  const byol::CropRegion region =
      byol::crop_region(header.height, header.width, header.orientation, crops, {view, view, least_ratio});
  pixels.resize(static_cast<size_t>(region.height) * region.width * 3);
  const byol::DecodeStatus status = decoder.decode(region, pixels.data());
  if (!status.ok()) {
    std::fprintf(stderr, "a photo cannot be decoded: %s\n", status.reason.c_str());
    std::exit(1);
  }
  return region;
}

/// The paper's crop: 8 to 100 % of the area, sides of 3 : 4 to 4 : 3 (logarithms uniform), anywhere.
inline byol::CropBox random_crop(int height, int width, std::mt19937& random) {
  const auto uniform = [&](double least, double most) {
    return std::uniform_real_distribution<double>(least, most)(random);
  };
  for (int attempt = 0; attempt < 10; ++attempt) {
    const double area = uniform(0.08, 1.0) * height * width;
    const double ratio = std::exp(uniform(std::log(0.75), std::log(4.0 / 3.0)));
    const int w = static_cast<int>(std::lround(std::sqrt(area * ratio)));
    const int h = static_cast<int>(std::lround(std::sqrt(area / ratio)));
    if (w < 1 || h < 1 || w > width || h > height) continue;
    return {static_cast<int>(uniform(0, height - h + 0.999)), static_cast<int>(uniform(0, width - w + 0.999)), h, w};
  }
  return {0, 0, height, width};
}

/// Of this thread's processor time, which other work on the machine disturbs less than the clock's.
template <typename Body>
double seconds_of(const Body& body) {
  const auto now = [] {
    timespec time{};
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
    return static_cast<double>(time.tv_sec) + 1e-9 * static_cast<double>(time.tv_nsec);
  };
  const double start = now();
  body();
  return now() - start;
}

}  // namespace bench

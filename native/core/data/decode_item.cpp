#include "core/data/decode_item.h"

#include <cstring>
#include <string>

#include "core/data/jpeg_decoder.h"
#include "core/data/resample.h"

namespace byol {
namespace {

// What a single large photo took is given back.
constexpr size_t kKeptBytes = size_t{1} << 26;

std::string facts(int64_t height, int64_t width, Orientation orientation) {
  return std::to_string(width) + " x " + std::to_string(height) + " pixels with orientation " +
         std::to_string(orientation);
}

DecodeStatus decode_jpeg(const DecodeItem& item, const CropRegion& region, const ItemLimits& limits,
                         const std::atomic<bool>& stop, std::vector<uint8_t>& file, uint8_t* pixels) {
  if (DecodeStatus read = read_image_file(item.place, limits.file_bytes, file); !read.ok()) return read;
  JpegDecoder decoder(file, limits.jpeg, &stop);
  if (!decoder.status().ok()) return decoder.status();
  const JpegHeader& header = decoder.header();
  if (header.height != item.height || header.width != item.width || header.orientation != item.orientation) {
    return {DecodeOutcome::Changed, "it was " + facts(item.height, item.width, item.orientation) + ", and is " +
                                        facts(header.height, header.width, header.orientation)};
  }
  return decoder.decode(region, pixels);
}

DecodeStatus copy_pixels(const DecodeItem& item, const CropBox& box, uint8_t* pixels) {
  const int64_t line = item.width * 3, wanted = int64_t{box.width} * 3;
  const uint8_t* const first = item.pixels.get() + box.top * line + box.left * int64_t{3};
  for (int64_t row = 0; row < box.height; ++row) {
    std::memcpy(pixels + row * wanted, first + row * line, static_cast<size_t>(wanted));
  }
  return {};
}

DecodeStatus decode_region(const DecodeItem& item, const CropRegion& region, const ItemLimits& limits,
                           const std::atomic<bool>& stop, DecodeMemory& memory, uint8_t* pixels) {
  switch (item.content) {
    case DecodeItem::Content::PixelFile:
      return memory.pixels.read(item.place, item.width, region.stored, pixels);
    case DecodeItem::Content::Pixels:
      return copy_pixels(item, region.stored, pixels);
    case DecodeItem::Content::Jpeg:
      break;
  }
  return decode_jpeg(item, region, limits, stop, memory.file, pixels);
}

}  // namespace

DecodeStatus decode_item(const DecodeItem& item, const CropRegion& region, const ItemLimits& limits,
                         const std::atomic<bool>& stop, DecodeMemory& memory, uint8_t* pixels) {
  if (stop) return {DecodeOutcome::Interrupted, "it was given up"};
  const bool is_smaller = item.is_resampled() && (item.new_height != region.height || item.new_width != region.width);
  if (!is_smaller) return decode_region(item, region, limits, stop, memory, pixels);
  memory.region.resize(static_cast<size_t>(region.height) * static_cast<size_t>(region.width) * 3);
  const DecodeStatus status = decode_region(item, region, limits, stop, memory, memory.region.data());
  if (status.ok()) {
    resample(memory.region.data(), region.height, region.width, pixels, item.new_height, item.new_width);
  }
  if (memory.region.capacity() > kKeptBytes) memory.region = {};
  return status;
}

}  // namespace byol

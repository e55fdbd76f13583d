#include "core/data/jpeg_markers.h"

#include <algorithm>
#include <cstddef>
#include <string_view>

namespace byol {
namespace {

using Bytes = std::span<const uint8_t>;

constexpr uint8_t kStartOfScan = 0xDA;
constexpr uint8_t kApplication1 = 0xE1;
constexpr uint8_t kApplication2 = 0xE2;
constexpr std::string_view kExif{"Exif\0\0", 6};
constexpr std::string_view kProfile{"ICC_PROFILE\0", 12};

constexpr uint32_t kOrientationTag = 274;
constexpr uint32_t kShort = 3;
constexpr size_t kEntryBytes = 12;

bool starts_with(Bytes bytes, std::string_view text) {
  return bytes.size() >= text.size() && std::equal(text.begin(), text.end(), bytes.begin(),
                                                   [](char a, uint8_t b) { return static_cast<uint8_t>(a) == b; });
}

/// A TIFF file, which is what an EXIF segment has after its name (TIFF 6.0, section 2).
class Tiff {
 public:
  explicit Tiff(Bytes bytes) : bytes_(bytes), little_(starts_with(bytes, "II")) {}

  Orientation orientation() const {
    if (!little_ && !starts_with(bytes_, "MM")) return 1;
    const size_t directory = number(4, 4);
    const size_t entries = number(directory, 2);
    for (size_t i = 0; i < entries; ++i) {
      const size_t entry = directory + 2 + i * kEntryBytes;
      if (entry + kEntryBytes > bytes_.size()) return 1;
      if (number(entry, 2) != kOrientationTag) continue;
      const auto value = number(entry + 8, 2);
      return number(entry + 2, 2) == kShort && value >= 1 && value <= 8 ? static_cast<Orientation>(value) : 1;
    }
    return 1;
  }

 private:
  // 0 outside of the file, where no directory lies and no entries are counted.
  uint32_t number(size_t at, size_t length) const {
    if (at + length > bytes_.size()) return 0;
    uint32_t value = 0;
    for (size_t i = 0; i < length; ++i) value = value << 8 | bytes_[at + (little_ ? length - 1 - i : i)];
    return value;
  }

  Bytes bytes_;
  bool little_;
};

// Markers without a segment: restarts, start and end of the image, and one for arithmetic coders.
bool stands_alone(uint8_t marker) { return marker == 0x01 || (marker >= 0xD0 && marker <= 0xD9); }

}  // namespace

JpegMarkers read_jpeg_markers(Bytes bytes) {
  JpegMarkers markers;
  bool exif = false;
  size_t at = 2;
  while (at + 4 <= bytes.size()) {
    if (bytes[at] != 0xFF) break;
    const uint8_t marker = bytes[at + 1];
    if (marker == 0xFF) {  // a marker may be preceded by any number of these
      ++at;
      continue;
    }
    if (marker == kStartOfScan) break;
    at += 2;
    if (stands_alone(marker)) continue;
    const size_t length = static_cast<size_t>(bytes[at]) << 8 | bytes[at + 1];
    if (length < 2 || at + length > bytes.size()) break;
    const Bytes body = bytes.subspan(at + 2, length - 2);
    if (marker == kApplication1 && !exif && starts_with(body, kExif)) {
      exif = true;
      markers.orientation = Tiff(body.subspan(kExif.size())).orientation();
    }
    if (marker == kApplication2 && starts_with(body, kProfile)) markers.profile = true;
    at += length;
  }
  return markers;
}

}  // namespace byol

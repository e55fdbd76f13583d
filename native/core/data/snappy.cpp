#include "core/data/snappy.h"

#include <algorithm>
#include <cstring>

namespace byol {
namespace {

/// A number of the given bytes, little-endian; there are as many.
size_t number(const uint8_t* at, size_t bytes) {
  size_t value = 0;
  for (size_t i = 0; i < bytes; ++i) value |= size_t{at[i]} << (8 * i);
  return value;
}

/// Copies from `distance` bytes before: what it writes it may read again.
void copy_back(uint8_t* to, size_t distance, size_t length) {
  if (distance >= length) {
    std::memcpy(to, to - distance, length);
    return;
  }
  for (size_t i = 0; i < length; ++i) to[i] = to[static_cast<std::ptrdiff_t>(i) - static_cast<std::ptrdiff_t>(distance)];
}

}  // namespace

bool unpack_snappy(std::span<const uint8_t> elements, std::span<uint8_t> bytes) {
  const uint8_t* in = elements.data();
  const uint8_t* const end = in + elements.size();
  const auto left = [&] { return static_cast<size_t>(end - in); };
  size_t written = 0;
  while (written < bytes.size()) {
    if (left() == 0) return false;
    const uint8_t tag = *in++;
    const size_t most = bytes.size() - written;
    if ((tag & 3) == 0) {
      size_t length = tag >> 2;
      if (length >= 60) {
        const size_t digits = length - 59;
        if (left() < digits) return false;
        length = number(in, digits);
        in += digits;
      }
      ++length;
      const size_t wanted = std::min(length, most);
      if (left() < wanted) return false;
      std::memcpy(bytes.data() + written, in, wanted);
      in += std::min(length, left());
      written += wanted;
      continue;
    }
    const bool is_short = (tag & 3) == 1;
    const size_t digits = is_short ? 1 : (tag & 3) == 2 ? 2 : 4;
    if (left() < digits) return false;
    const size_t length = is_short ? size_t{4} + ((tag >> 2) & 7) : size_t{1} + (tag >> 2);
    const size_t distance = number(in, digits) | (is_short ? size_t{static_cast<uint8_t>(tag >> 5)} << 8 : 0);
    in += digits;
    if (distance == 0 || distance > written) return false;
    const size_t wanted = std::min(length, most);
    copy_back(bytes.data() + written, distance, wanted);
    written += wanted;
  }
  return true;
}

}  // namespace byol

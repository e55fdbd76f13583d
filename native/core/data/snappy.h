#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace byol {

/// The first bytes of what Snappy's elements are unpacked to, as many as `bytes` has: further ones are not looked at. The
/// length that stands in front of a whole stream is none of them. False where they are damaged, or end before; what
/// `bytes` has then means nothing. Source: format_description.txt of github.com/google/snappy.
bool unpack_snappy(std::span<const uint8_t> elements, std::span<uint8_t> bytes);

}  // namespace byol

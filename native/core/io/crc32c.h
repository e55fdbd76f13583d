#pragma once

#include <cstddef>
#include <cstdint>

namespace byol {

/// CRC-32C (Castagnoli; RFC 3720, appendix B.4) of `size` more bytes after those whose value is `crc`; 0 at the start.
/// Finds every changed byte, and every burst of up to 32 bits.
std::uint32_t crc32c(std::uint32_t crc, const void* data, std::size_t size);

}  // namespace byol

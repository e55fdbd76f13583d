#pragma once

#include <cstdint>

namespace byol {

/// The independent random streams that one seed gives to what is drawn.
enum class SeedStream : uint64_t { Online, Own, Target, Queue };

/// SplitMix64's finaliser: neighbouring seeds give unrelated streams.
inline uint64_t stream_seed(uint64_t seed, SeedStream stream) {
  uint64_t x = seed * 4 + static_cast<uint64_t>(stream) + 0x9E3779B97F4A7C15ULL;
  x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9ULL;
  x = (x ^ (x >> 27)) * 0x94D049BB133111EBULL;
  return x ^ (x >> 31);
}

}  // namespace byol

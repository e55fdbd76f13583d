#pragma once

// Damage to files, as disks and networks do it and as people do who mean harm.

#include <algorithm>
#include <array>
#include <cstdint>
#include <random>
#include <vector>

namespace fuzz {

using Bytes = std::vector<uint8_t>;

class Mutator {
 public:
  explicit Mutator(uint64_t seed) : random_(seed) {}

  size_t below(size_t limit) { return limit == 0 ? 0 : std::uniform_int_distribution<size_t>(0, limit - 1)(random_); }

  /// One file of `seeds`, damaged at one place or at several, perhaps with parts of another.
  Bytes damaged(const std::vector<Bytes>& seeds) {
    Bytes bytes = seeds[below(seeds.size())];
    if (below(10) == 0) {
      bytes.resize(below(bytes.size()));
      return bytes;
    }
    for (size_t left = 1 + below(1 + below(12)); left > 0; --left) damage(bytes, seeds);
    return bytes;
  }

 private:
  void damage(Bytes& bytes, const std::vector<Bytes>& seeds) {
    if (bytes.empty()) return;
    // Headers decide more than data, so half of all damage is done to the first kilobyte.
    const size_t at = below(2) == 0 ? below(std::min<size_t>(bytes.size(), 1024)) : below(bytes.size());
    const size_t length = std::min(1 + below(below(4) == 0 ? 400 : 8), bytes.size() - at);
    const auto place = bytes.begin() + static_cast<std::ptrdiff_t>(at);
    const auto end = place + static_cast<std::ptrdiff_t>(length);
    switch (below(9)) {
      case 0:
        bytes[at] ^= static_cast<uint8_t>(1U << below(8));
        break;
      case 1:
        bytes[at] = static_cast<uint8_t>(below(256));
        break;
      case 2: {
        // Numbers at which counts and sizes go wrong, and bytes that begin a marker.
        constexpr std::array<uint8_t, 8> kOdd = {0x00, 0x01, 0x7F, 0x80, 0xFE, 0xFF, 0x10, 0x40};
        bytes[at] = kOdd[below(kOdd.size())];
        break;
      }
      case 3:
        std::fill(place, end, static_cast<uint8_t>(below(2) == 0 ? 0 : below(256)));
        break;
      case 4:
        bytes.erase(place, end);
        break;
      case 5: {
        const Bytes copy(place, end);
        for (size_t times = 1 + below(below(20) == 0 ? 200 : 3); times > 0; --times) {
          bytes.insert(bytes.begin() + static_cast<std::ptrdiff_t>(at), copy.begin(), copy.end());
        }
        break;
      }
      case 6: {
        const Bytes& other = seeds[below(seeds.size())];
        const size_t from = below(other.size());
        const size_t count = std::min(length, other.size() - from);
        bytes.insert(place, other.begin() + static_cast<std::ptrdiff_t>(from),
                     other.begin() + static_cast<std::ptrdiff_t>(from + count));
        break;
      }
      case 7: {
        // The second half of another file: its scans after these tables.
        const Bytes& other = seeds[below(seeds.size())];
        bytes.resize(at);
        bytes.insert(bytes.end(), other.begin() + static_cast<std::ptrdiff_t>(below(other.size())), other.end());
        break;
      }
      default:
        if (at + 1 < bytes.size()) {
          bytes[at] = 0xFF;
          bytes[at + 1] = static_cast<uint8_t>(0xC0 + below(64));
        }
    }
    if (bytes.size() > kMostBytes) bytes.resize(kMostBytes);
  }

  static constexpr size_t kMostBytes = 1 << 18;
  std::mt19937_64 random_;
};

}  // namespace fuzz

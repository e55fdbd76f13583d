// snappy_fuzz SECONDS SEED: unpacks damaged elements of Snappy, and whole ones, to memory that ends where none is.
// Built with AddressSanitizer and UndefinedBehaviorSanitizer by scripts/fuzz.cjs.

#include <sys/resource.h>

#include <chrono>
#include <cstdlib>

#include "core/data/snappy.h"

#include "fuzz/mutate.h"
#include "fuzz/watch.h"

using fuzz::Bytes;
using fuzz::GuardedBytes;
using fuzz::Mutator;

namespace {

constexpr size_t kMostUnpacked = 1 << 18;

/// Elements that are whole, and what they are unpacked to.
struct Stream {
  Bytes elements, unpacked;
};

void add_literal(Stream& stream, size_t length, Mutator& random) {
  const size_t digits = length <= 60 ? 0 : length <= 256 ? 1 : length <= 65'536 ? 2 : 3;
  stream.elements.push_back(static_cast<uint8_t>((digits == 0 ? length - 1 : 59 + digits) << 2));
  for (size_t i = 0; i < digits; ++i) stream.elements.push_back(static_cast<uint8_t>((length - 1) >> (8 * i)));
  for (size_t i = 0; i < length; ++i) {
    stream.elements.push_back(static_cast<uint8_t>(random.below(256)));
    stream.unpacked.push_back(stream.elements.back());
  }
}

void add_copy(Stream& stream, Mutator& random) {
  const size_t distance = 1 + random.below(std::min<size_t>(stream.unpacked.size(), 65'535));
  const bool is_short = distance < 2048 && random.below(2) == 0;
  const size_t length = is_short ? 4 + random.below(8) : 1 + random.below(64);
  if (is_short) {
    stream.elements.push_back(static_cast<uint8_t>(1 | (length - 4) << 2 | (distance >> 8) << 5));
    stream.elements.push_back(static_cast<uint8_t>(distance));
  } else {
    const size_t digits = random.below(2) == 0 ? 2 : 4;
    stream.elements.push_back(static_cast<uint8_t>((digits == 2 ? 2 : 3) | (length - 1) << 2));
    for (size_t i = 0; i < digits; ++i) stream.elements.push_back(static_cast<uint8_t>(distance >> (8 * i)));
  }
  for (size_t i = 0; i < length; ++i) stream.unpacked.push_back(stream.unpacked[stream.unpacked.size() - distance]);
}

Stream made(Mutator& random) {
  Stream stream;
  add_literal(stream, 1 + random.below(random.below(8) == 0 ? 70'000 : 300), random);
  for (size_t left = random.below(30); left > 0; --left) {
    if (random.below(3) == 0) {
      add_literal(stream, 1 + random.below(300), random);
    } else {
      add_copy(stream, random);
    }
  }
  return stream;
}

bool unpack(const Bytes& elements, size_t size, const Bytes* expected) {
  const fuzz::Attempt watched(elements);
  GuardedBytes bytes(size);
  const bool done = byol::unpack_snappy(elements, {bytes.data(), size});
  if (expected != nullptr && !(done && std::equal(bytes.data(), bytes.data() + size, expected->begin()))) {
    fuzz::found("whole elements that are unpacked to something else");
  }
  return done;
}

}  // namespace

int main(int argc, char** argv) {
  const double seconds = argc > 1 ? std::atof(argv[1]) : 5.0;
  fuzz::watch();
  Mutator random(argc > 2 ? std::strtoull(argv[2], nullptr, 10) : 1);
  size_t inputs = 0, unpacked = 0;
  const auto end = std::chrono::steady_clock::now() + std::chrono::duration<double>(seconds);
  while (std::chrono::steady_clock::now() < end) {
    const std::vector<Stream> streams = {made(random), made(random)};
    for (const Stream& stream : streams) {
      unpack(stream.elements, 1 + random.below(stream.unpacked.size()), &stream.unpacked);
    }
    const std::vector<Bytes> seeds = {streams[0].elements, streams[1].elements};
    for (int i = 0; i < 16; ++i, ++inputs) {
      unpacked += unpack(random.damaged(seeds), random.below(kMostUnpacked >> random.below(18)), nullptr) ? 1 : 0;
    }
  }
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  std::printf("%zu damaged inputs: %zu unpacked, %zu refused; at most %ld MB\n", inputs, unpacked, inputs - unpacked,
              usage.ru_maxrss / 1024);
}

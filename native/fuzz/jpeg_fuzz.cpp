// jpeg_fuzz SECONDS SEED [FILE...]: decodes damaged JPEG files, made here and given, and looks at what comes of it.
// Built with AddressSanitizer and UndefinedBehaviorSanitizer by scripts/fuzz.cjs; jpeg_fuzz 0 0 FILE... only decodes
// the files.

#include <sys/resource.h>

#include <array>
#include <chrono>
#include <cstring>
#include <fstream>
#include <iterator>
#include <string>

#include "core/data/jpeg_decoder.h"

#include "fuzz/mutate.h"
#include "fuzz/watch.h"
#include "test/jpeg_cases.h"

using byol::CropBox;
using byol::CropRegion;
using byol::DecodeOutcome;
using byol::DecodeStatus;
using byol::JpegDecoder;
using fuzz::Bytes;
using fuzz::GuardedBytes;
using fuzz::Mutator;

// Freed memory is not kept for long, so that what is in use can be told; and nobody may take more than half a gigabyte.
extern "C" const char* __asan_default_options() { return "hard_rss_limit_mb=512:quarantine_size_mb=8:detect_leaks=1"; }

namespace {

constexpr byol::JpegLimits kLimits{4'000'000, 64 << 20, 50, 10.0};
constexpr int kRegions = 3;

std::vector<Bytes> made_seeds() {
  using namespace jpeg_cases;
  std::vector<Bytes> seeds;
  for (const auto& [horizontal, vertical] : {std::pair{1, 1}, {2, 1}, {2, 2}, {1, 2}, {4, 1}, {4, 2}}) {
    for (int form = 0; form < 5; ++form) {
      Encoding how{.horizontal = horizontal, .vertical = vertical, .orientation = form * 2 % 9, .big_endian = form > 2};
      how.progressive = form == 1 || form == 4;
      how.scan_per_component = form == 2;
      how.restart = form == 3 ? 2 : 0;
#if defined(C_ARITH_CODING_SUPPORTED)
      how.arithmetic = form == 4;
#endif
      seeds.push_back(encode(picture(45, 71), how));
    }
  }
  seeds.push_back(encode(picture(33, 20, 1), {}));
  seeds.push_back(encode(picture(33, 20, 4), {.stored = JCS_YCCK}));
  seeds.push_back(encode(picture(33, 20, 4), {.adobe = false}));
  seeds.push_back(encode(picture(1, 1), {.profile = true}));
  return seeds;
}

struct Decoded {
  DecodeStatus status;
  GuardedBytes pixels;

  Decoded(JpegDecoder& decoder, const CropRegion& region)
      : pixels(static_cast<size_t>(region.height) * region.width * 3) {
    status = decoder.decode(region, pixels.data());
    if (status.ok() != status.reason.empty()) fuzz::found("a failure without a reason, or a reason without one");
    if (status.outcome == DecodeOutcome::Interrupted) fuzz::found("nobody gave up");
  }
};

CropRegion region_of(const JpegDecoder& decoder, const CropBox& box, double least_ratio) {
  const auto& header = decoder.header();
  return byol::crop_region(header.height, header.width, header.orientation, {&box, 1}, {1, 1, least_ratio});
}

bool is_part(const Decoded& part, const CropBox& box, const Decoded& whole, int64_t width) {
  const auto line = static_cast<size_t>(box.width) * 3;
  for (int32_t row = 0; row < box.height; ++row) {
    const uint8_t* const expected = whole.pixels.data() + ((box.top + row) * width + box.left) * 3;
    if (std::memcmp(part.pixels.data() + static_cast<size_t>(row) * line, expected, line) != 0) {
      return false;
    }
  }
  return true;
}

/// Decodes it whole, in parts and scaled.
DecodeOutcome attempt(const Bytes& input, Mutator& random) {
  const fuzz::Attempt watched(input);
  JpegDecoder decoder(input, kLimits);
  if (!decoder.status().ok()) {
    if (decoder.status().reason.empty()) fuzz::found("a failure without a reason");
    return decoder.status().outcome;
  }
  const auto height = static_cast<int32_t>(decoder.header().height);
  const auto width = static_cast<int32_t>(decoder.header().width);
  const Decoded whole(decoder, region_of(decoder, {0, 0, height, width}, 1e300));
  for (int i = 0; i < kRegions; ++i) {
    CropBox box{};
    box.height = static_cast<int32_t>(1 + random.below(static_cast<size_t>(height)));
    box.width = static_cast<int32_t>(1 + random.below(static_cast<size_t>(width)));
    box.top = static_cast<int32_t>(random.below(static_cast<size_t>(height - box.height + 1)));
    box.left = static_cast<int32_t>(random.below(static_cast<size_t>(width - box.width + 1)));
    const bool scaled = i == 0;
    const Decoded part(decoder, region_of(decoder, box, scaled ? 1.0 : 1e300));
    if (!scaled && whole.status.ok() && (!part.status.ok() || !is_part(part, box, whole, width))) {
      fuzz::found("a region that is no part of the whole");
    }
  }
  return whole.status.outcome;
}

}  // namespace

int main(int argc, char** argv) {
  const double seconds = argc > 1 ? std::atof(argv[1]) : 60.0;
  const uint64_t seed = argc > 2 ? std::strtoull(argv[2], nullptr, 10) : 1;
  fuzz::watch();
  Mutator random(seed);
  std::vector<Bytes> seeds = made_seeds();
  for (int i = 3; i < argc; ++i) {
    std::ifstream file(argv[i], std::ios::binary);
    seeds.emplace_back((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
    if (seeds.back().empty()) seeds.pop_back();
  }
  std::array<size_t, 8> outcomes{};
  size_t inputs = 0;
  const auto count = [&](const Bytes& input) {
    ++outcomes[static_cast<size_t>(attempt(input, random))];
    ++inputs;
  };
  for (const Bytes& input : seeds) count(input);
  const auto end = std::chrono::steady_clock::now() + std::chrono::duration<double>(seconds);
  while (std::chrono::steady_clock::now() < end) count(random.damaged(seeds));

  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  const auto of = [&](DecodeOutcome outcome) { return outcomes[static_cast<size_t>(outcome)]; };
  std::printf(
      "%zu inputs from %zu seeds: %zu decoded, %zu broken, %zu unsupported, %zu too large, %zu no JPEG; at most %ld "
      "MB\n",
      inputs, seeds.size(), of(DecodeOutcome::Decoded), of(DecodeOutcome::Broken), of(DecodeOutcome::Unsupported),
      of(DecodeOutcome::TooLarge), of(DecodeOutcome::NotJpeg), usage.ru_maxrss / 1024);
}

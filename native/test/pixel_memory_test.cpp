// Memory of batches: used again, bounded, and free to outlive its pool.
#include "core/data/pixel_memory.h"

#include <algorithm>
#include <cstring>
#include <memory>
#include <thread>
#include <vector>

#include "check.h"

using byol::PixelMemory;

namespace {

constexpr size_t kMiB = size_t{1} << 20;

}  // namespace

TEST(pixel_memory_is_used_again_where_it_fits) {
  const auto memory = PixelMemory::make();
  std::shared_ptr<uint8_t[]> first = memory->take(10 * kMiB);
  std::memset(first.get(), 7, 10 * kMiB);
  const std::shared_ptr<uint8_t[]> beside = memory->take(10 * kMiB);
  CHECK(first.get() != beside.get());
  uint8_t* const was = first.get();
  first.reset();
  const std::shared_ptr<uint8_t[]> larger = memory->take(40 * kMiB);
  CHECK(larger.get() != was);
  const std::shared_ptr<uint8_t[]> again = memory->take(9 * kMiB);
  CHECK(again.get() == was);
}

TEST(pixel_memory_keeps_the_two_largest_blocks) {
  const auto memory = PixelMemory::make();
  std::vector<std::shared_ptr<uint8_t[]>> blocks;
  for (const size_t size : {30, 10, 20, 40}) blocks.push_back(memory->take(size * kMiB));
  uint8_t* const largest = blocks[3].get();
  uint8_t* const second = blocks[0].get();
  blocks.clear();
  const auto a = memory->take(kMiB), b = memory->take(kMiB);
  CHECK(a.get() == second && b.get() == largest);  // the smallest that fits comes first
}

TEST(pixel_memory_outlives_who_made_it) {
  auto memory = PixelMemory::make();
  const std::weak_ptr<PixelMemory> watched = memory;
  std::shared_ptr<uint8_t[]> block = memory->take(kMiB);
  memory->close();
  memory.reset();
  CHECK(!watched.expired());
  std::memset(block.get(), 1, kMiB);
  std::thread([held = std::move(block)]() mutable { held.reset(); }).join();
  CHECK(watched.expired());
}

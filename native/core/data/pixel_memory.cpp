#include "core/data/pixel_memory.h"

#include <algorithm>
#include <cstdlib>
#include <new>

#include "core/large_pages.h"

namespace byol {
namespace {

// One that is looked at while the next is decoded.
constexpr size_t kMostKept = 2;
// The size of large pages.
constexpr size_t kAlignment = size_t{2} << 20;

size_t rounded_up(size_t bytes) { return (bytes + kAlignment - 1) / kAlignment * kAlignment; }

uint8_t* allocate(size_t bytes) {
  void* const memory = std::aligned_alloc(kAlignment, bytes);
  if (memory == nullptr) throw std::bad_alloc();
  prefer_large_pages(memory, bytes);
  return static_cast<uint8_t*>(memory);
}

}  // namespace

// Giving back must not fail for want of memory.
PixelMemory::PixelMemory() { kept_.reserve(kMostKept + 1); }

PixelMemory::~PixelMemory() { close(); }

std::shared_ptr<uint8_t[]> PixelMemory::take(size_t bytes) {
  Block block{nullptr, 0};
  {
    const std::lock_guard lock(mutex_);
    const auto fits = [bytes](const Block& kept) { return kept.bytes >= bytes; };
    if (const auto found = std::find_if(kept_.begin(), kept_.end(), fits); found != kept_.end()) {
      block = *found;
      kept_.erase(found);
    }
  }
  if (block.memory == nullptr) {
    // Batches differ by what their crops take: a little more lets most of the next ones fit.
    block.bytes = rounded_up(bytes + bytes / 8);
    block.memory = allocate(block.bytes);
  }
  return {block.memory, [self = shared_from_this(), block](uint8_t*) { self->give_back(block); }};
}

void PixelMemory::give_back(Block block) noexcept {
  const std::lock_guard lock(mutex_);
  if (!closed_) {
    // By size, the smallest that fits is taken; where there are too many, the smallest goes.
    const auto smaller = [](const Block& a, const Block& b) { return a.bytes < b.bytes; };
    kept_.insert(std::upper_bound(kept_.begin(), kept_.end(), block, smaller), block);
    if (kept_.size() <= kMostKept) return;
    block = kept_.front();
    kept_.erase(kept_.begin());
  }
  std::free(block.memory);
}

void PixelMemory::close() {
  const std::lock_guard lock(mutex_);
  closed_ = true;
  for (const Block& block : kept_) std::free(block.memory);
  kept_.clear();
}

}  // namespace byol

#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <vector>

namespace byol {

/// Memory for the pixels of one batch after another. What a batch leaves is kept for the next ones: memory that is new
/// from the system is empty, page by page, which takes as long as a fifth of the decoding.
class PixelMemory : public std::enable_shared_from_this<PixelMemory> {
 public:
  static std::shared_ptr<PixelMemory> make() { return std::shared_ptr<PixelMemory>(new PixelMemory); }
  ~PixelMemory();

  /// At least `bytes`, with anything in it; goes back when the last reference is dropped, on whatever thread. Throws
  /// std::bad_alloc.
  std::shared_ptr<uint8_t[]> take(size_t bytes);

  /// Keeps nothing from now on.
  void close();

 private:
  struct Block {
    uint8_t* memory;
    size_t bytes;
  };

  PixelMemory();
  void give_back(Block block) noexcept;

  std::mutex mutex_;
  std::vector<Block> kept_;
  bool closed_ = false;
};

}  // namespace byol

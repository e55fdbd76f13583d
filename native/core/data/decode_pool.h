#pragma once

#include <atomic>
#include <cstdint>
#include <exception>
#include <functional>
#include <memory>
#include <vector>

#include "core/data/crop_region.h"
#include "core/data/decode_item.h"
#include "core/data/decode_status.h"

namespace byol {

struct DecodeRequest {
  std::vector<DecodeItem> items;
  ScaleRule scale;
  ItemLimits limits;
  /// Of the pixels of all regions.
  int64_t most_pixel_bytes;
};

/// Regions of a batch, in the order of its items: what an ImageStore is made of. Where each lies follows from the
/// request alone.
struct DecodedBatch {
  /// Of region i heights[i] x widths[i] x 3 bytes, one after the other. Where statuses[i] is not ok they are zeros, and
  /// may be filled in by another decoder.
  std::shared_ptr<uint8_t[]> pixels;
  std::vector<int64_t> heights, widths;
  std::vector<CropRegion> regions;
  std::vector<DecodeStatus> statuses;
};

/// A batch on its way.
class DecodeTask {
 public:
  virtual ~DecodeTask() = default;
  /// What is not decoded yet is Interrupted soon. From any thread.
  virtual void cancel() = 0;
};

/// Threads that read and decode image files, beside LibTorch's. What comes out does not depend on how many there are.
class DecodePool {
 public:
  /// Gets the batch, or why there is no memory for it. Called by one of the pool's threads, by one at a time, for
  /// batches in the order in which they were given; throws nothing.
  using Done = std::function<void(DecodedBatch batch, std::exception_ptr error)>;

  explicit DecodePool(int threads);
  /// As shutdown(-1).
  ~DecodePool();
  DecodePool(const DecodePool&) = delete;

  /// Queues a batch. Its pixels take memory from when its first file is read. Throws ERR_BYOL_VALUE for crops that are
  /// not inside their image and regions that have more bytes than allowed, and ERR_BYOL_SHUTDOWN after shutdown().
  std::shared_ptr<DecodeTask> decode(DecodeRequest request, Done done);

  /// Gives up what is on its way, of which nothing is told any more, and waits for the threads: at most `milliseconds`,
  /// or as long as it takes if negative. A thread that a network folder holds up longer is left alone.
  void shutdown(int64_t milliseconds);

 private:
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace byol

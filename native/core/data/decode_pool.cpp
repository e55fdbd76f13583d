#include "core/data/decode_pool.h"

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <cstring>
#include <deque>
#include <mutex>
#include <thread>
#include <utility>

#include "core/data/pixel_memory.h"
#include "core/error.h"

namespace byol {
namespace {

class Task final : public DecodeTask {
 public:
  Task(DecodeRequest request, DecodePool::Done done, std::shared_ptr<PixelMemory> memory)
      : request_(std::move(request)), done_(std::move(done)), memory_(std::move(memory)) {
    const size_t count = request_.items.size();
    offsets_.reserve(count);
    for (const DecodeItem& item : request_.items) {
      const CropRegion region = crop_region(item.height, item.width, item.orientation, item.boxes, request_.scale);
      const int64_t height = item.is_resampled() ? item.new_height : region.height;
      const int64_t width = item.is_resampled() ? item.new_width : region.width;
      offsets_.push_back(bytes_);
      bytes_ += height * width * 3;
      batch_.heights.push_back(height);
      batch_.widths.push_back(width);
      batch_.regions.push_back(region);
      if (bytes_ > request_.most_pixel_bytes) refuse_size();
    }
    batch_.statuses.resize(count);
    left_ = count;
  }

  void cancel() override { stop_ = true; }

  // Items are handed out under the pool's lock.
  bool has_more() const { return next_ < request_.items.size(); }
  size_t take() { return next_++; }

  /// Before the first item, by whoever takes it.
  void allocate() {
    std::call_once(allocated_, [&] {
      try {
        batch_.pixels = memory_->take(static_cast<size_t>(bytes_));
      } catch (...) {
        error_ = std::current_exception();
      }
    });
  }

  /// True if this was the last of the batch.
  bool decode(size_t index, DecodeMemory& memory) {
    allocate();
    if (!error_) {
      DecodeStatus& status = batch_.statuses[index];
      try {
        status = decode_item(request_.items[index], batch_.regions[index], request_.limits, stop_, memory, pixels(index));
      } catch (const std::bad_alloc&) {
        status = {DecodeOutcome::TooLarge, "there is no memory for it"};
      }
      if (!status.ok()) {
        std::memset(pixels(index), 0, static_cast<size_t>(batch_.heights[index] * batch_.widths[index] * 3));
      }
    }
    return left_.fetch_sub(1) == 1;
  }

  bool is_decoded() const { return left_ == 0; }
  void deliver() { done_(std::move(batch_), error_); }

 private:
  uint8_t* pixels(size_t index) const { return batch_.pixels.get() + offsets_[index]; }

  [[noreturn]] void refuse_size() const {
    throw Error("ERR_BYOL_VALUE", "the crops of this batch take more than the " +
                                      std::to_string(request_.most_pixel_bytes) +
                                      " bytes that are allowed; decode smaller batches, or smaller images.");
  }

  const DecodeRequest request_;
  const DecodePool::Done done_;
  const std::shared_ptr<PixelMemory> memory_;
  DecodedBatch batch_;
  std::vector<int64_t> offsets_;
  int64_t bytes_ = 0;
  size_t next_ = 0;
  std::atomic<size_t> left_ = 0;
  std::atomic<bool> stop_ = false;
  std::once_flag allocated_;
  std::exception_ptr error_;
};

}  // namespace

/// Shared with the threads, which may outlive the pool.
struct DecodePool::State {
  std::mutex mutex;
  std::condition_variable wake, ended;
  std::deque<std::shared_ptr<Task>> waiting;      // with items that no thread has taken
  std::deque<std::shared_ptr<Task>> undelivered;  // in the order in which they were given
  bool stopping = false;
  int running = 0;
  std::mutex delivery;  // held while a batch is delivered
  const std::shared_ptr<PixelMemory> memory = PixelMemory::make();
  std::vector<std::thread> threads;

  void work() {
    DecodeMemory memory;
    for (;;) {
      std::shared_ptr<Task> task;
      size_t index = 0;
      {
        std::unique_lock lock(mutex);
        wake.wait(lock, [&] { return stopping || !waiting.empty(); });
        if (stopping) break;
        task = waiting.front();
        index = task->take();
        if (!task->has_more()) waiting.pop_front();
      }
      if (task->decode(index, memory)) deliver();
    }
    const std::lock_guard lock(mutex);
    --running;
    ended.notify_all();
  }

  void deliver() {
    const std::lock_guard one_at_a_time(delivery);
    for (;;) {
      std::shared_ptr<Task> task;
      {
        const std::lock_guard lock(mutex);
        if (stopping || undelivered.empty() || !undelivered.front()->is_decoded()) return;
        task = std::move(undelivered.front());
        undelivered.pop_front();
      }
      task->deliver();
    }
  }
};

DecodePool::DecodePool(int threads) : state_(std::make_shared<State>()) {
  if (threads < 1)
    throw Error("ERR_BYOL_VALUE", "a pool has at least one thread, not " + std::to_string(threads) + ".");
  try {
    for (int i = 0; i < threads; ++i) {
      state_->threads.emplace_back([state = state_] { state->work(); });
      const std::lock_guard lock(state_->mutex);
      ++state_->running;
    }
  } catch (...) {
    shutdown(-1);
    throw;
  }
}

DecodePool::~DecodePool() { shutdown(-1); }

std::shared_ptr<DecodeTask> DecodePool::decode(DecodeRequest request, Done done) {
  if (request.items.empty()) throw Error("ERR_BYOL_VALUE", "a batch has at least one image.");
  auto task = std::make_shared<Task>(std::move(request), std::move(done), state_->memory);
  const std::lock_guard lock(state_->mutex);
  if (state_->stopping) throw Error("ERR_BYOL_SHUTDOWN", "The process or worker is ending; nothing more is decoded.");
  state_->undelivered.push_back(task);
  state_->waiting.push_back(task);
  state_->wake.notify_all();
  return task;
}

void DecodePool::shutdown(int64_t milliseconds) {
  State& state = *state_;
  state.memory->close();
  {
    std::unique_lock lock(state.mutex);
    state.stopping = true;
    for (const auto& task : state.undelivered) task->cancel();
    state.waiting.clear();
    state.undelivered.clear();
    state.wake.notify_all();
    if (state.threads.empty()) return;  // it has ended before, perhaps without one that was held up
    const auto all_ended = [&] { return state.running == 0; };
    if (milliseconds < 0) {
      state.ended.wait(lock, all_ended);
    } else if (!state.ended.wait_for(lock, std::chrono::milliseconds(milliseconds), all_ended)) {
      // One that is held up keeps the state for as long as it lives.
      for (std::thread& thread : state.threads) thread.detach();
      state.threads.clear();
    }
  }
  for (std::thread& thread : state.threads) thread.join();
  state.threads.clear();
}

}  // namespace byol

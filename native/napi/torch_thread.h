#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <initializer_list>
#include <limits>
#include <memory>
#include <mutex>
#include <thread>
#include <unordered_map>

#include "napi/settle.h"
#include "napi/setup.h"

namespace byol::napi {

/// Runs on the LibTorch thread.
using Work = std::function<Deliver()>;

/// The one thread of an environment that touches LibTorch, whose modes are thread-local. It owns the core's objects:
/// tensors are made, used and destroyed there. All members but `stopping` are for the JavaScript thread.
class TorchThread {
 public:
  explicit TorchThread(Napi::Env env);
  ~TorchThread();
  TorchThread(const TorchThread&) = delete;

  /// Queues a command. Commands run in the order in which they were given.
  Napi::Promise submit(Napi::Env env, Work work, std::initializer_list<Napi::Value> keep = {});
  /// Runs something before what is queued, waits for it and rethrows what it throws: for constructors.
  void run(const std::function<void()>& work);

  /// At most so many threads from the next operation on, also of the command in progress; the number itself is
  /// ThreadCount's.
  void limit_threads(int most) { thread_limit_ = most; }

  /// Takes an object over and returns its number.
  uint64_t adopt(std::shared_ptr<void> object);
  /// An object that was adopted; null once the thread is ending.
  std::shared_ptr<void> find(uint64_t object) const;
  /// Lets go of an object, on the LibTorch thread. Queued commands that use it still have it.
  void release(uint64_t object);

  /// Takes no more work, drops what is queued, and waits for the end of the command in progress: at most
  /// `milliseconds`, or as long as it takes if negative.
  void shutdown(int64_t milliseconds);
  /// Long commands look at this between their parts and give up. From any thread.
  bool stopping() const { return stopping_; }

 private:
  struct Command {
    Work work;
    std::unique_ptr<Pending> pending;  // none: nobody waits
  };

  static void on_environment_end(void* self);
  void loop();
  void execute(Command command);
  void release_everything();
  void require_open() const;

  Settler settler_;
  mutable std::mutex mutex_;
  std::condition_variable wake_, ended_;
  std::deque<Command> urgent_, queue_;
  std::unordered_map<uint64_t, std::shared_ptr<void>> objects_;
  uint64_t last_object_ = 0;
  std::atomic<int> thread_limit_ = std::numeric_limits<int>::max();
  std::atomic<bool> stopping_ = false;
  bool has_ended_ = false;
  std::thread thread_;
};

}  // namespace byol::napi

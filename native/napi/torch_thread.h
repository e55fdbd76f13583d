#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <exception>
#include <functional>
#include <limits>
#include <memory>
#include <mutex>
#include <thread>
#include <unordered_map>
#include <utility>

#include "core/device/late.h"
#include "napi/settle.h"
#include "napi/setup.h"

namespace byol::napi {

/// Runs on the LibTorch thread.
using Work = std::function<Deliver()>;
/// The same where a device has the result later than the call returns.
using LateWork = std::function<Late<Deliver>()>;

/// Where the LibTorch thread keeps a core object that it has made, or why it could not. No other thread looks inside.
struct Cell {
  std::shared_ptr<void> object;
  std::exception_ptr failure;
};

/// A core object as the JavaScript thread hands it on. Commands look at the object itself; where its construction
/// threw, they throw the same.
template <typename T>
class Handle {
 public:
  explicit Handle(std::shared_ptr<const Cell> cell) : cell_(std::move(cell)) {}
  T& operator*() const {
    if (cell_->failure) std::rethrow_exception(cell_->failure);
    return *static_cast<T*>(cell_->object.get());
  }
  T* operator->() const { return &**this; }
  /// For objects of the LibTorch thread that keep others.
  std::shared_ptr<T> shared() const { return std::shared_ptr<T>(cell_->object, &**this); }

 private:
  std::shared_ptr<const Cell> cell_;
};

/// The one thread of an environment that touches LibTorch, whose modes are thread-local. It owns the core's objects:
/// tensors are made, used and destroyed there. All members are for the JavaScript thread, which never waits for a
/// command, but in shutdown().
class TorchThread {
 public:
  explicit TorchThread(Napi::Env env);
  ~TorchThread();
  TorchThread(const TorchThread&) = delete;

  /// Queues a command. Commands run in the order in which they were given.
  Napi::Promise submit(Napi::Env env, Work work);
  /// The same; commands behind it begin while a device is busy with it. Promises settle in the order of the calls.
  Napi::Promise submit_late(Napi::Env env, LateWork work);
  /// Queues something that nobody waits for and that does not throw.
  void post(std::function<void()> work);

  /// At most so many threads from the next operation on, also of the command in progress; the number itself is
  /// ThreadCount's.
  void limit_threads(int most) { thread_limit_ = most; }

  /// Queues the construction of an object, unless it is let go of before; returns its number.
  uint64_t make(std::function<std::shared_ptr<void>()> construct);
  /// null once the thread is ending.
  std::shared_ptr<const Cell> find(uint64_t object) const;
  /// Lets go of an object, before what is queued. Commands that use it still have it.
  void release(uint64_t object);

  /// Takes no more work, drops what is queued, and waits for the end of the command in progress, which is interrupted
  /// (core/interrupt.h): at most `milliseconds`, or as long as it takes if negative.
  void shutdown(int64_t milliseconds);

 private:
  struct Command {
    LateWork work;
    std::unique_ptr<Pending> pending;  // none: nobody waits
  };
  /// Of a command that was given to a device, or is done.
  struct Outcome {
    std::unique_ptr<Pending> pending;
    Late<Deliver> late;
  };

  static void on_environment_end(void* self);
  void loop();
  void execute(Command command);
  void settle_what_is_done();
  void release_everything();
  void require_open() const;
  void enqueue(Command command);

  Settler settler_;
  mutable std::mutex mutex_;
  std::condition_variable wake_, ended_;
  std::deque<Command> releases_, queue_;
  std::deque<Outcome> outcomes_;  // LibTorch thread only
  std::unordered_map<uint64_t, std::shared_ptr<Cell>> objects_;
  uint64_t last_object_ = 0;
  std::atomic<int> thread_limit_ = std::numeric_limits<int>::max();
  std::atomic<bool> stopping_ = false;
  bool has_ended_ = false;
  std::thread thread_;
};

}  // namespace byol::napi

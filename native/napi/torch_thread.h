#pragma once

#include <condition_variable>
#include <deque>
#include <exception>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "napi/setup.h"

namespace byol::napi {

/// Makes a command's result on the JavaScript thread.
using Deliver = std::function<Napi::Value(Napi::Env)>;
/// Runs on the LibTorch thread.
using Work = std::function<Deliver()>;

/// The one thread of an environment that touches LibTorch, whose modes are thread-local. Commands run in the order in
/// which they were given; their promises are settled by one coalesced thread-safe function.
class TorchThread {
 public:
  explicit TorchThread(Napi::Env env);
  ~TorchThread();
  TorchThread(const TorchThread&) = delete;

  /// Queues a command. `keep`: JavaScript values that must live until it is settled.
  Napi::Promise submit(Napi::Env env, Work work, const std::vector<Napi::Value>& keep = {});
  /// Runs a command and waits for it; rethrows what it throws. For constructors.
  void run(const std::function<void()>& work);
  /// Queues something without a result (the release of an object). Runs it here and now once the thread has ended.
  void post(std::function<void()> work);
  /// Takes no more work, drops what is queued, waits at most `milliseconds` for the command in progress.
  void shutdown(int64_t milliseconds);

 private:
  struct Command;
  void loop();
  void enqueue(std::unique_ptr<Command> command);
  void settle_all(Napi::Env env);
  static void on_signal(napi_env env, napi_value, void* context, void*);
  static void on_environment_end(void* self);

  napi_env env_;
  napi_threadsafe_function signal_ = nullptr;
  size_t unsettled_ = 0;  // JavaScript thread only

  std::mutex mutex_;
  std::condition_variable wake_, ended_;
  std::deque<std::unique_ptr<Command>> queue_;
  std::vector<std::unique_ptr<Command>> done_;
  bool signalled_ = false, closing_ = false, stopped_ = false;
  std::thread thread_;
};

}  // namespace byol::napi

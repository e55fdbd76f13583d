#pragma once

#include <exception>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "napi/setup.h"

namespace byol::napi {

/// Makes a command's result on the JavaScript thread. Holds plain memory, never a tensor: those live on the LibTorch
/// thread. May be destroyed on any.
using Deliver = std::function<Napi::Value(Napi::Env)>;

/// A promise that somebody waits for. Made and destroyed on the JavaScript thread; the thread that did the work fills
/// in the outcome.
struct Pending {
  Napi::Promise::Deferred deferred;
  std::string stack;  // JavaScript frames of the call
  Deliver deliver;
  std::exception_ptr error;
};

/// Settles an environment's promises in the order in which their commands ended, by one thread-safe function that is
/// signalled once until it has run: a blocked JavaScript thread cannot pile up signals.
class Settler {
 public:
  explicit Settler(Napi::Env env);
  Settler(const Settler&) = delete;

  std::unique_ptr<Pending> begin(Napi::Env env);
  /// The command of a promise is queued: the process waits for it.
  void expect(Napi::Env env);
  /// It could not be queued after all.
  void forget(Napi::Env env);
  /// From any thread, even after close(): Node.js itself would not survive that (nodejs/node#55706).
  void finish(std::unique_ptr<Pending> pending);
  /// From any thread: never to be settled, but destroyed where it was made.
  void abandon(std::unique_ptr<Pending> pending);
  /// From the environment's cleanup hook.
  void close();

 private:
  static void on_signal(napi_env env, napi_value, void* self, void*);
  void settle_all(Napi::Env env);

  napi_threadsafe_function signal_ = nullptr;
  size_t unsettled_ = 0;  // JavaScript thread only
  std::mutex mutex_;
  std::vector<std::unique_ptr<Pending>> done_, abandoned_;
  bool signalled_ = false;
  bool closed_ = false;
};

}  // namespace byol::napi

#include "napi/settle.h"

#include "core/error.h"
#include "napi/errors.h"

namespace byol::napi {
namespace {

// Code of JavaScript runs while an error is made: the class's constructor, setters. What that throws is the reason
// then.
Napi::Value reason_of(Napi::Env env, const std::exception_ptr& error, const std::string& stack) {
  try {
    return to_js_error(env, error, stack).Value();
  } catch (const Napi::Error& thrown) {
    return thrown.Value();
  }
}

void settle(Napi::Env env, const Pending& pending) {
  const Napi::HandleScope scope(env);
  Napi::Value result;
  std::exception_ptr error = pending.error;
  if (!error) {
    try {
      result = pending.deliver ? pending.deliver(env) : env.Undefined();
    } catch (...) {
      error = std::current_exception();
    }
  }
  if (error) {
    pending.deferred.Reject(reason_of(env, error, pending.stack));
  } else {
    pending.deferred.Resolve(result);
  }
}

}  // namespace

Settler::Settler(Napi::Env env) {
  if (napi_create_threadsafe_function(env, nullptr, nullptr, Napi::String::New(env, "byol"), 0, 1, nullptr, nullptr,
                                      this, &Settler::on_signal, &signal_) != napi_ok) {
    throw Error("ERR_BYOL_NATIVE", "Node.js refuses a thread-safe function.");
  }
  // An idle addon does not keep the process alive.
  napi_unref_threadsafe_function(env, signal_);
}

std::unique_ptr<Pending> Settler::begin(Napi::Env env) {
  auto pending = std::make_unique<Pending>(Napi::Promise::Deferred::New(env));
  pending->stack = current_stack(env);
  return pending;
}

void Settler::expect(Napi::Env env) {
  if (unsettled_++ == 0) napi_ref_threadsafe_function(env, signal_);
}

void Settler::forget(Napi::Env env) {
  if (--unsettled_ == 0) napi_unref_threadsafe_function(env, signal_);
}

void Settler::finish(std::unique_ptr<Pending> pending) {
  const std::lock_guard lock(mutex_);
  if (closed_) return;
  done_.push_back(std::move(pending));
  if (signalled_) return;
  signalled_ = true;
  napi_call_threadsafe_function(signal_, nullptr, napi_tsfn_nonblocking);
}

void Settler::abandon(std::unique_ptr<Pending> pending) {
  const std::lock_guard lock(mutex_);
  abandoned_.push_back(std::move(pending));
}

void Settler::close() {
  const std::lock_guard lock(mutex_);
  closed_ = true;
  done_.clear();
  abandoned_.clear();
  napi_release_threadsafe_function(signal_, napi_tsfn_abort);
}

void Settler::on_signal(napi_env env, napi_value, void* self, void*) {
  if (env == nullptr) return;  // the environment is gone, and `self` perhaps too
  static_cast<Settler*>(self)->settle_all(env);
}

void Settler::settle_all(Napi::Env env) {
  std::vector<std::unique_ptr<Pending>> done;
  {
    const std::lock_guard lock(mutex_);
    done.swap(done_);
    signalled_ = false;
  }
  for (const auto& pending : done) {
    if (--unsettled_ == 0) napi_unref_threadsafe_function(env, signal_);
    // A worker that is being terminated can neither settle nor throw; an exception that left here would end the
    // process, and one that ended the loop would leave the other promises pending for ever.
    try {
      settle(env, *pending);
    } catch (...) {
    }
  }
}

}  // namespace byol::napi

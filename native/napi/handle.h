#pragma once

#include <memory>
#include <string>

#include "core/error.h"
#include "napi/environment.h"
#include "napi/errors.h"

namespace byol::napi {

/// Owns a core object on behalf of a JavaScript one. Commands hold it too, so disposal never pulls it from under them;
/// the last reference goes on the LibTorch thread, where tensors live and die.
template <typename T>
class Handle {
 public:
  Handle(const char* name, std::shared_ptr<TorchThread> thread) : name_(name), thread_(std::move(thread)) {}
  ~Handle() { release(); }
  Handle(const Handle&) = delete;

  /// Builds the object on the LibTorch thread and waits for it.
  template <typename Build>
  void build(Build&& make) {
    thread_->run([&] { object_ = make(); });
  }
  std::shared_ptr<T> get() const {
    if (!object_) throw Error("ERR_BYOL_DISPOSED", std::string("This ") + name_ + " was disposed of.");
    return object_;
  }
  void release() {
    if (!object_) return;
    // Moved into the command, so that nothing is left to destroy here.
    auto last = std::make_shared<std::shared_ptr<T>>(std::move(object_));
    object_.reset();
    thread_->post([last] { last->reset(); });
  }

 private:
  const char* name_;
  std::shared_ptr<TorchThread> thread_;
  std::shared_ptr<T> object_;
};

inline std::shared_ptr<TorchThread> thread_of(Napi::Env env) {
  Environment& environment = Environment::of(env);
  environment.thread(env);
  return environment.started_thread();
}

/// The wrapped instance behind a JavaScript value, or ERR_BYOL_VALUE.
template <typename Wrapper>
Wrapper& unwrap(const Napi::Value& value, const Napi::FunctionReference& constructor, const char* name) {
  if (!value.IsObject() || !value.As<Napi::Object>().InstanceOf(constructor.Value())) {
    throw Error("ERR_BYOL_VALUE", std::string(name) + " expected, got something else.");
  }
  return *Wrapper::Unwrap(value.As<Napi::Object>());
}

}  // namespace byol::napi

#pragma once

#include <c10/core/Device.h>

#include <algorithm>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "core/error.h"
#include "napi/environment.h"
#include "napi/errors.h"

namespace byol::napi {

/// A JavaScript class over a core object of type `T` that lives on the LibTorch thread. `Self` has
///   static constexpr const char* kName;        the class's name
///   static constexpr napi_type_tag kTag;       its identity: a prototype can be swapped or borrowed, a tag cannot
template <typename Self, typename T>
class Wrap : public Napi::ObjectWrap<Self> {
 public:
  /// The core object behind a JavaScript value.
  static Handle<T> get(const Napi::Value& value, const std::string& path) { return self(value, path).object(); }
  /// Whether there is one, of this class.
  static bool is(const Napi::Value& value) {
    return value.IsObject() && value.As<Napi::Object>().CheckTypeTag(&Self::kTag);
  }

 protected:
  using Properties = std::vector<Napi::ClassPropertyDescriptor<Self>>;

  explicit Wrap(const Napi::CallbackInfo& call)
      : Napi::ObjectWrap<Self>(call),
        env_(call.Env()),
        thread_(guard(call.Env(), [&] { return Environment::of(call.Env()).thread(call.Env()); })) {}
  // A safety net for what was never disposed of. Runs while garbage is collected, so it only queues the release.
  ~Wrap() override { release(); }

  static Napi::Function define_class(Napi::Env env, Properties properties) {
    const auto dispose = static_cast<void (Self::*)(const Napi::CallbackInfo&)>(&Self::dispose);
    properties.push_back(Self::InstanceMethod("dispose", dispose));
    properties.push_back(Self::InstanceMethod(Napi::Symbol::WellKnown(env, "dispose"), dispose));
    return Self::DefineClass(env, Self::kName, properties);
  }

  /// The instance behind a JavaScript value, whatever its prototype says.
  static Self& self(const Napi::Value& value, const std::string& path) {
    if (!is(value)) {
      throw Error("ERR_BYOL_VALUE", path + " must be a native " + Self::kName + ".");
    }
    return *Self::Unwrap(value.As<Napi::Object>());
  }

  /// The last act of a constructor: what it has checked is made by the LibTorch thread, behind the commands that are
  /// queued. `bytes`: memory of the device, which V8 does not see; where it is the host's, forgotten objects hasten the
  /// collection of garbage.
  void make(const Napi::CallbackInfo& call, at::Device device, double bytes,
            std::function<std::shared_ptr<T>()> construct) {
    // V8 takes no larger number, and no construction of that size succeeds.
    constexpr double kLargest = int64_t{1} << 50;
    call.This().template As<Napi::Object>().TypeTag(&Self::kTag);
    object_ = thread_->make(std::move(construct));
    bytes_ = device.is_cpu() ? static_cast<int64_t>(std::min(bytes, kLargest)) : 0;
    Napi::MemoryManagement::AdjustExternalMemory(env_, bytes_);
  }

  /// The body of a read-only property. Unlike a method, an accessor can be borrowed for an object of another class.
  template <typename Fact>
  static Napi::Value fact(const Napi::CallbackInfo& call, Fact Self::* member) {
    return guard(call.Env(), [&] {
      const Self& receiver = self(call.This(), "this");
      receiver.object();  // refuses a disposed one
      return Napi::Value::From(call.Env(), receiver.*member);
    });
  }

  Handle<T> object() const {
    if (object_ == 0) throw Error("ERR_BYOL_DISPOSED", std::string("This ") + Self::kName + " was disposed of.");
    auto found = thread_->find(object_);
    if (!found) throw Error("ERR_BYOL_SHUTDOWN", "The process or worker is ending; no more work is accepted.");
    return Handle<T>(std::move(found));
  }

  TorchThread& thread() const { return *thread_; }

 public:
  void dispose(const Napi::CallbackInfo&) { release(); }

 private:
  void release() {
    if (object_ == 0) return;
    thread_->release(std::exchange(object_, 0));
    Napi::MemoryManagement::AdjustExternalMemory(env_, -bytes_);
  }

  napi_env env_;
  std::shared_ptr<TorchThread> thread_;
  uint64_t object_ = 0;
  int64_t bytes_ = 0;
};

}  // namespace byol::napi

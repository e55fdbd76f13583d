#pragma once

#include <memory>

#include "napi/setup.h"
#include "napi/torch_thread.h"

namespace byol::napi {

/// What the addon keeps for one JavaScript environment (the main thread or a worker). No JavaScript handle is ever
/// static.
class Environment {
 public:
  static Environment& of(Napi::Env env) { return *env.GetInstanceData<Environment>(); }

  /// Started by the first use, so that `info()` alone starts no thread.
  TorchThread& thread(Napi::Env env) {
    if (thread_ == nullptr) thread_ = std::make_shared<TorchThread>(env);
    return *thread_;
  }
  std::shared_ptr<TorchThread> started_thread() const { return thread_; }

  Napi::FunctionReference error_class, image_store, feature_bank, learner, linear_probe;

 private:
  std::shared_ptr<TorchThread> thread_;
};

}  // namespace byol::napi

#pragma once

#include <memory>

#include "core/error.h"
#include "napi/decode_pool_wrap.h"
#include "napi/setup.h"
#include "napi/torch_thread.h"

namespace byol::napi {

/// What the addon keeps for one JavaScript environment (the main thread or a worker). No JavaScript handle is ever
/// static.
class Environment {
 public:
  static Environment& of(Napi::Env env) { return *env.GetInstanceData<Environment>(); }

  /// The LibTorch thread of the environment, started by its first use: `info()` alone starts none.
  const std::shared_ptr<TorchThread>& thread(Napi::Env env) {
    if (thread_ == nullptr) {
      require_open();
      thread_ = std::make_shared<TorchThread>(env);
    }
    return thread_;
  }

  void require_open() const {
    if (closed_) throw Error("ERR_BYOL_SHUTDOWN", "The process or worker is ending; no more work is accepted.");
  }

  void shutdown(int64_t milliseconds) {
    closed_ = true;
    if (decoding != nullptr) decoding->shutdown(milliseconds);
    if (thread_ != nullptr) thread_->shutdown(milliseconds);
  }

  /// ByolError, once the loader has registered it.
  Napi::FunctionReference error_class;
  /// Once there is a decoding pool.
  std::shared_ptr<Decoding> decoding;

 private:
  std::shared_ptr<TorchThread> thread_;
  bool closed_ = false;
};

}  // namespace byol::napi

#pragma once

#include <memory>
#include <vector>

#include "core/data/decode_pool.h"
#include "napi/settle.h"
#include "napi/setup.h"

namespace byol::napi {

/// What the decoding pools of one environment share: how their promises are settled, and their end.
class Decoding {
 public:
  /// Of the environment, made by its first pool.
  static std::shared_ptr<Decoding> of(Napi::Env env);

  explicit Decoding(Napi::Env env);
  Decoding(const Decoding&) = delete;

  const std::shared_ptr<Settler>& settler() const { return settler_; }
  std::shared_ptr<DecodePool> add(int threads);
  /// Ends all pools; each waits for its threads at most so long.
  void shutdown(int64_t milliseconds);

 private:
  static void on_environment_end(void* self);

  std::shared_ptr<Settler> settler_;
  std::vector<std::weak_ptr<DecodePool>> pools_;
};

class DecodePoolWrap : public Napi::ObjectWrap<DecodePoolWrap> {
 public:
  static Napi::Function define(Napi::Env env);
  /// DecodePool(threads)
  explicit DecodePoolWrap(const Napi::CallbackInfo& call);
  ~DecodePoolWrap() override { end(); }

 private:
  Napi::Value decode(const Napi::CallbackInfo& call);
  Napi::Value read_pixels(const Napi::CallbackInfo& call);
  Napi::Value resize(const Napi::CallbackInfo& call);
  /// The promise of a batch, whose request `read` makes of the call's first argument.
  Napi::Value queue(const Napi::CallbackInfo& call, DecodeRequest (*read)(const Napi::Value&));
  void dispose(const Napi::CallbackInfo&) { end(); }
  void end();

  std::shared_ptr<Decoding> decoding_;
  std::shared_ptr<DecodePool> pool_;
};

}  // namespace byol::napi

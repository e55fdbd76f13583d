#include "napi/decode_pool_wrap.h"

#include <algorithm>
#include <utility>

#include "core/error.h"
#include "napi/convert.h"
#include "napi/decode_values.h"
#include "napi/environment.h"
#include "napi/errors.h"
#include "napi/thread_count.h"

namespace byol::napi {
namespace {

// A folder in a network may hold a thread up for minutes.
constexpr int64_t kPatience = 2000;  // milliseconds

/// The promise of a batch, on its way through the pool. Where the pool ends before the batch is decoded, so does this.
struct Ticket {
  std::shared_ptr<Settler> settler;
  std::unique_ptr<Pending> pending;

  void settle(Deliver deliver, std::exception_ptr error) {
    pending->deliver = std::move(deliver);
    pending->error = std::move(error);
    settler->finish(std::move(pending));
  }
  ~Ticket() {
    if (pending == nullptr) return;
    settle({}, std::make_exception_ptr(
                   Error("ERR_BYOL_DISPOSED", "This DecodePool was disposed of before the batch was decoded.")));
  }
};

}  // namespace

std::shared_ptr<Decoding> Decoding::of(Napi::Env env) {
  std::shared_ptr<Decoding>& decoding = Environment::of(env).decoding;
  if (decoding == nullptr) decoding = std::make_shared<Decoding>(env);
  return decoding;
}

Decoding::Decoding(Napi::Env env) : settler_(std::make_shared<Settler>(env)) {
  if (napi_add_env_cleanup_hook(env, &Decoding::on_environment_end, this) == napi_ok) return;
  settler_->close();
  throw Error("ERR_BYOL_NATIVE", "Node.js refuses a cleanup hook.");
}

std::shared_ptr<DecodePool> Decoding::add(int threads) {
  std::erase_if(pools_, [](const std::weak_ptr<DecodePool>& pool) { return pool.expired(); });
  auto pool = std::make_shared<DecodePool>(threads);
  pools_.push_back(pool);
  return pool;
}

void Decoding::shutdown(int64_t milliseconds) {
  for (const auto& weak : pools_) {
    if (const auto pool = weak.lock()) pool->shutdown(milliseconds);
  }
}

// Before the environment is destroyed, and with it this object.
void Decoding::on_environment_end(void* self) {
  auto* const decoding = static_cast<Decoding*>(self);
  decoding->shutdown(kPatience);
  decoding->settler_->close();
}

Napi::Function DecodePoolWrap::define(Napi::Env env) {
  return DefineClass(
      env, "DecodePool",
      {InstanceMethod("decode", &DecodePoolWrap::decode), InstanceMethod("readPixels", &DecodePoolWrap::read_pixels),
       InstanceMethod("resize", &DecodePoolWrap::resize), InstanceMethod("dispose", &DecodePoolWrap::dispose),
       InstanceMethod(Napi::Symbol::WellKnown(env, "dispose"), &DecodePoolWrap::dispose)});
}

DecodePoolWrap::DecodePoolWrap(const Napi::CallbackInfo& call) : ObjectWrap(call) {
  guard(call.Env(), [&] {
    const auto threads = static_cast<int>(to_integer(call[0], "threads", 1, kMostThreads));
    Environment::of(call.Env()).require_open();
    decoding_ = Decoding::of(call.Env());
    pool_ = decoding_->add(threads);
  });
}

Napi::Value DecodePoolWrap::decode(const Napi::CallbackInfo& call) { return queue(call, read_decode_request); }

Napi::Value DecodePoolWrap::read_pixels(const Napi::CallbackInfo& call) { return queue(call, read_pixels_request); }

Napi::Value DecodePoolWrap::resize(const Napi::CallbackInfo& call) { return queue(call, read_resize_request); }

Napi::Value DecodePoolWrap::queue(const Napi::CallbackInfo& call, DecodeRequest (*read)(const Napi::Value&)) {
  const Napi::Env env = call.Env();
  return guard(env, [&]() -> Napi::Value {
    if (pool_ == nullptr) throw Error("ERR_BYOL_DISPOSED", "This DecodePool was disposed of.");
    DecodeRequest request = read(call[0]);
    Settler& settler = *decoding_->settler();
    const auto ticket = std::make_shared<Ticket>(decoding_->settler(), settler.begin(env));
    const Napi::Promise promise = ticket->pending->deferred.Promise();
    settler.expect(env);
    try {
      pool_->decode(std::move(request), [ticket](DecodedBatch batch, std::exception_ptr error) {
        Deliver deliver = [batch = std::move(batch)](Napi::Env to) { return decoded_batch_for_js(to, batch); };
        ticket->settle(std::move(deliver), std::move(error));
      });
    } catch (...) {
      settler.forget(env);
      ticket->pending.reset();
      throw;
    }
    return promise;
  });
}

// Waits for no thread: one that is at work ends by itself.
void DecodePoolWrap::end() {
  if (pool_ == nullptr) return;
  pool_->shutdown(0);
  pool_.reset();
}

}  // namespace byol::napi

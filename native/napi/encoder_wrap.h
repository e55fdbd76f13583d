#pragma once

#include "core/model/encoder_network.h"
#include "napi/wrap.h"

namespace byol::napi {

class EncoderWrap : public Wrap<EncoderWrap, EncoderNetwork> {
 public:
  static constexpr const char* kName = "Encoder";
  static constexpr napi_type_tag kTag = {0x8c1b0a52e6d94f37ULL, 0x93f4d6c02b7e15a8ULL};

  static Napi::Function define(Napi::Env env);
  /// Encoder(spec)
  explicit EncoderWrap(const Napi::CallbackInfo& call);

 private:
  Napi::Value features(const Napi::CallbackInfo& call) { return fact(call, &EncoderWrap::features_); }
  Napi::Value parameters(const Napi::CallbackInfo& call) { return fact(call, &EncoderWrap::parameters_); }
  Napi::Value embed(const Napi::CallbackInfo& call);
  Napi::Value load_weights(const Napi::CallbackInfo& call);
  Napi::Value export_encoder(const Napi::CallbackInfo& call);

  int64_t features_ = 0, parameters_ = 0;
};

}  // namespace byol::napi

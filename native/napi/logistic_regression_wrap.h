#pragma once

#include "core/eval/logistic_regression.h"
#include "napi/wrap.h"

namespace byol::napi {

class LogisticRegressionWrap : public Wrap<LogisticRegressionWrap, LogisticRegression> {
 public:
  static constexpr const char* kName = "LogisticRegression";
  static constexpr napi_type_tag kTag = {0x6b0f2a91c4de4e73ULL, 0x9c1ad55e37f0b286ULL};

  static Napi::Function define(Napi::Env env);
  /// LogisticRegression(spec)
  explicit LogisticRegressionWrap(const Napi::CallbackInfo& call);

 private:
  Napi::Value add(const Napi::CallbackInfo& call);
  Napi::Value fit(const Napi::CallbackInfo& call);
  Napi::Value scores(const Napi::CallbackInfo& call);
  Napi::Value weights(const Napi::CallbackInfo& call);
};

}  // namespace byol::napi

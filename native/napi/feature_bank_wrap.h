#pragma once

#include "core/eval/feature_bank.h"
#include "napi/handle.h"

namespace byol::napi {

class FeatureBankWrap : public Napi::ObjectWrap<FeatureBankWrap> {
 public:
  static Napi::Function define(Napi::Env env);
  explicit FeatureBankWrap(const Napi::CallbackInfo& call);
  static std::shared_ptr<FeatureBank> get(const Napi::Value& value);

 private:
  Napi::Value size(const Napi::CallbackInfo& call);
  Napi::Value dimension(const Napi::CallbackInfo& call);
  Napi::Value read(const Napi::CallbackInfo& call);
  void dispose(const Napi::CallbackInfo&) { bank_.release(); }

  Handle<FeatureBank> bank_;
};

/// knn(train, test, {classes, k, temperature})
Napi::Value knn(const Napi::CallbackInfo& call);
Napi::Object to_js(Napi::Env env, const Accuracy& accuracy);

}  // namespace byol::napi

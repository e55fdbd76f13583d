#pragma once

#include "core/eval/feature_bank.h"
#include "napi/wrap.h"

namespace byol::napi {

class FeatureBankWrap : public Wrap<FeatureBankWrap, FeatureBank> {
 public:
  static constexpr const char* kName = "FeatureBank";
  static constexpr napi_type_tag kTag = {0xdf0fa557c97cf10dULL, 0x1d54cd02f77d5b42ULL};

  static Napi::Function define(Napi::Env env);
  /// FeatureBank(count, dimension, device)
  explicit FeatureBankWrap(const Napi::CallbackInfo& call);

 private:
  Napi::Value size(const Napi::CallbackInfo& call) { return fact(call, &FeatureBankWrap::size_); }
  Napi::Value dimension(const Napi::CallbackInfo& call) { return fact(call, &FeatureBankWrap::dimension_); }
  Napi::Value read(const Napi::CallbackInfo& call);
  Napi::Value write(const Napi::CallbackInfo& call);

  int64_t size_ = 0, dimension_ = 0;
};

}  // namespace byol::napi

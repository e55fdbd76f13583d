#pragma once

#include "core/eval/knn.h"
#include "napi/wrap.h"

namespace byol::napi {

class KnnClassifierWrap : public Wrap<KnnClassifierWrap, KnnClassifier> {
 public:
  static constexpr const char* kName = "KnnClassifier";
  static constexpr napi_type_tag kTag = {0x8d1f6c0b7a3e4592ULL, 0x5be2907cd4416fa3ULL};

  static Napi::Function define(Napi::Env env);
  /// KnnClassifier(queries, {classes, k, similarity, vote, temperature})
  explicit KnnClassifierWrap(const Napi::CallbackInfo& call);

 private:
  Napi::Value add(const Napi::CallbackInfo& call);
  Napi::Value accuracy(const Napi::CallbackInfo& call);
};

}  // namespace byol::napi

#include "napi/knn.h"

#include "core/eval/knn.h"
#include "napi/convert.h"
#include "napi/feature_bank_wrap.h"

namespace byol::napi {

Napi::Object from_accuracy(Napi::Env env, const Accuracy& accuracy) {
  Napi::Object out = Napi::Object::New(env);
  out.Set("top1", accuracy.top1);
  out.Set("top5", accuracy.top5);
  return out;
}

Napi::Value knn(const Napi::CallbackInfo& call) {
  return guard(call.Env(), [&]() -> Napi::Value {
    const auto train = FeatureBankWrap::get(call[0], "train"), test = FeatureBankWrap::get(call[1], "test");
    const Fields options(call[2], "options");
    const int64_t classes = options.integer("classes", 1, kLargestIndex), k = options.integer("k", 1, kLargestIndex);
    const double temperature = options.number("temperature", Range::above(0));
    return Environment::of(call.Env()).thread(call.Env())->submit(call.Env(), [=]() -> Deliver {
      const Accuracy accuracy = knn_accuracy(*train, *test, classes, k, temperature);
      return [accuracy](Napi::Env env) -> Napi::Value { return from_accuracy(env, accuracy); };
    });
  });
}

}  // namespace byol::napi

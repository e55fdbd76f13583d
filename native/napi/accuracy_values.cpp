#include "napi/accuracy_values.h"

namespace byol::napi {

Napi::Object from_accuracy(Napi::Env env, const Accuracy& accuracy) {
  Napi::Object out = Napi::Object::New(env);
  out.Set("top1", accuracy.top1);
  out.Set("top5", accuracy.top5);
  return out;
}

}  // namespace byol::napi

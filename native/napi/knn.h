#pragma once

#include "core/eval/accuracy_counter.h"
#include "napi/setup.h"

namespace byol::napi {

/// knn(train, test, {classes, k, temperature})
Napi::Value knn(const Napi::CallbackInfo& call);

Napi::Object from_accuracy(Napi::Env env, const Accuracy& accuracy);

}  // namespace byol::napi

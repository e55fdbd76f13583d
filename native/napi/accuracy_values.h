#pragma once

#include "core/eval/accuracy_counter.h"
#include "napi/setup.h"

namespace byol::napi {

Napi::Object from_accuracy(Napi::Env env, const Accuracy& accuracy);

}  // namespace byol::napi

#pragma once

#include "napi/setup.h"

namespace byol::napi {

/// executePlan(input): views as float32 NHWC.
Napi::Value execute_plan_for_js(const Napi::CallbackInfo& call);

/// timePlan(input): the same, of which only the seconds are told.
Napi::Value time_plan_for_js(const Napi::CallbackInfo& call);

}  // namespace byol::napi

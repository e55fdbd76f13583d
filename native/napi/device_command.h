#pragma once

#include "napi/setup.h"

namespace byol::napi {

// Of NativeModule in lib/binding/native.ts.

/// deviceFacts(device)
Napi::Value device_facts(const Napi::CallbackInfo& call);
/// deviceMemory(device)
Napi::Value device_memory(const Napi::CallbackInfo& call);
/// deviceRates(device, precision)
Napi::Value device_rates(const Napi::CallbackInfo& call);
/// learnerFlops(spec, height, width)
Napi::Value flops_of_learner(const Napi::CallbackInfo& call);

}  // namespace byol::napi

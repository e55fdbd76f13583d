#pragma once

#include "core/ssl/learner.h"
#include "napi/torch_thread.h"

namespace byol::napi {

/// Queues one optimiser step (StepInput in lib/binding/native.ts); the promise gives its StepTimes, or, `profiled`,
/// the time of every operation. `classes`: of the learner's online classifier; `supervised_classes`: of its
/// supervision; 0 without.
Napi::Promise submit_step(const Napi::Value& input, TorchThread& thread, Handle<Learner> learner, int64_t classes,
                          int64_t supervised_classes, bool profiled);

}  // namespace byol::napi

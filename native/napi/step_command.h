#pragma once

#include "core/ssl/learner.h"
#include "napi/torch_thread.h"

namespace byol::napi {

/// What a step tells supervision of each row.
struct StepLabels {
  int64_t classes = 0;  // 0: no supervision
  bool many = false;    // whether it is of each class; else one of them
};

/// Queues one optimiser step (StepInput in lib/binding/native.ts); the promise gives its StepTimes, or, `profiled`,
/// the time of every operation. `classes`: of the learner's online classifier; 0 without.
Napi::Promise submit_step(const Napi::Value& input, TorchThread& thread, Handle<Learner> learner, int64_t classes,
                          const StepLabels& supervised, bool profiled);

}  // namespace byol::napi

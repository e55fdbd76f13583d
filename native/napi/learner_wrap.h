#pragma once

#include "core/ssl/learner.h"
#include "napi/step_command.h"
#include "napi/wrap.h"

namespace byol::napi {

class LearnerWrap : public Wrap<LearnerWrap, Learner> {
 public:
  static constexpr const char* kName = "Learner";
  static constexpr napi_type_tag kTag = {0x4912644ba1578e63ULL, 0x34b27f3bd2dcf7b1ULL};

  static Napi::Function define(Napi::Env env);
  /// Learner(spec)
  explicit LearnerWrap(const Napi::CallbackInfo& call);

 private:
  Napi::Value features(const Napi::CallbackInfo& call) { return fact(call, &LearnerWrap::features_); }
  Napi::Value projections(const Napi::CallbackInfo& call) { return fact(call, &LearnerWrap::projections_); }
  Napi::Value encoder_parameters(const Napi::CallbackInfo& call) {
    return fact(call, &LearnerWrap::encoder_parameters_);
  }
  Napi::Value steps_in_flight(const Napi::CallbackInfo& call) { return fact(call, &LearnerWrap::steps_in_flight_); }
  Napi::Value step_count(const Napi::CallbackInfo& call);
  Napi::Value step(const Napi::CallbackInfo& call);
  Napi::Value profile_step(const Napi::CallbackInfo& call);
  Napi::Value read_metrics(const Napi::CallbackInfo& call);
  Napi::Value execution(const Napi::CallbackInfo& call);
  Napi::Value embed(const Napi::CallbackInfo& call);
  Napi::Value project(const Napi::CallbackInfo& call);
  Napi::Value start_from(const Napi::CallbackInfo& call);
  Napi::Value save(const Napi::CallbackInfo& call);
  Napi::Value load(const Napi::CallbackInfo& call);
  Napi::Value load_weights(const Napi::CallbackInfo& call);
  Napi::Value export_encoder(const Napi::CallbackInfo& call);

  int64_t features_ = 0, projections_ = 0, encoder_parameters_ = 0, classes_ = 0, steps_in_flight_ = 0;
  StepLabels supervised_;
};

}  // namespace byol::napi

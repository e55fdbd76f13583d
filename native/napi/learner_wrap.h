#pragma once

#include "core/ssl/learner.h"
#include "napi/handle.h"

namespace byol::napi {

class LearnerWrap : public Napi::ObjectWrap<LearnerWrap> {
 public:
  static Napi::Function define(Napi::Env env);
  explicit LearnerWrap(const Napi::CallbackInfo& call);

 private:
  Napi::Value features(const Napi::CallbackInfo& call) { return Napi::Number::New(call.Env(), features_); }
  Napi::Value encoder_parameters(const Napi::CallbackInfo& call) {
    return Napi::Number::New(call.Env(), encoder_parameters_);
  }
  Napi::Value step_count(const Napi::CallbackInfo& call);
  Napi::Value step(const Napi::CallbackInfo& call);
  Napi::Value read_metrics(const Napi::CallbackInfo& call);
  Napi::Value embed(const Napi::CallbackInfo& call);
  Napi::Value save(const Napi::CallbackInfo& call);
  Napi::Value load(const Napi::CallbackInfo& call);
  Napi::Value load_weights(const Napi::CallbackInfo& call);
  Napi::Value export_encoder(const Napi::CallbackInfo& call);
  void dispose(const Napi::CallbackInfo&) { learner_.release(); }

  Handle<Learner> learner_;
  double features_ = 0, encoder_parameters_ = 0;
};

/// executePlan(input): views as float32 NHWC.
Napi::Value execute_plan_for_js(const Napi::CallbackInfo& call);

}  // namespace byol::napi

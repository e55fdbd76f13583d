#pragma once

#include "core/eval/linear_probe.h"
#include "napi/handle.h"

namespace byol::napi {

class LinearProbeWrap : public Napi::ObjectWrap<LinearProbeWrap> {
 public:
  static Napi::Function define(Napi::Env env);
  explicit LinearProbeWrap(const Napi::CallbackInfo& call);

 private:
  Napi::Value step(const Napi::CallbackInfo& call);
  Napi::Value evaluate(const Napi::CallbackInfo& call);
  void dispose(const Napi::CallbackInfo&) { probe_.release(); }

  Handle<LinearProbe> probe_;
};

}  // namespace byol::napi

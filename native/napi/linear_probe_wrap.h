#pragma once

#include "core/eval/linear_probe.h"
#include "napi/wrap.h"

namespace byol::napi {

class LinearProbeWrap : public Wrap<LinearProbeWrap, LinearProbe> {
 public:
  static constexpr const char* kName = "LinearProbe";
  static constexpr napi_type_tag kTag = {0x46aeb1b07936c218ULL, 0x2f677b65c53131f6ULL};

  static Napi::Function define(Napi::Env env);
  /// LinearProbe(spec)
  explicit LinearProbeWrap(const Napi::CallbackInfo& call);

 private:
  Napi::Value step(const Napi::CallbackInfo& call);
  Napi::Value time_products(const Napi::CallbackInfo& call);
  Napi::Value losses(const Napi::CallbackInfo& call);
  Napi::Value evaluate(const Napi::CallbackInfo& call);
};

}  // namespace byol::napi

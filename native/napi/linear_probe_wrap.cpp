#include "napi/linear_probe_wrap.h"

#include "napi/convert.h"
#include "napi/feature_bank_wrap.h"

namespace byol::napi {

Napi::Function LinearProbeWrap::define(Napi::Env env) {
  return DefineClass(
      env, "LinearProbe",
      {InstanceMethod<&LinearProbeWrap::step>("step"), InstanceMethod<&LinearProbeWrap::evaluate>("evaluate"),
       InstanceMethod<&LinearProbeWrap::dispose>("dispose")});
}

LinearProbeWrap::LinearProbeWrap(const Napi::CallbackInfo& call)
    : Napi::ObjectWrap<LinearProbeWrap>(call),
      probe_("LinearProbe", guard(call.Env(), [&] { return thread_of(call.Env()); })) {
  guard(call.Env(), [&] {
    const Fields f(call[0], "spec");
    const int64_t features = f.integer("features", 1), classes = f.integer("classes", 1), seed = f.integer("seed", 0);
    const std::vector<double> rates = f.numbers("learningRates");
    if (rates.empty()) f.fail("learningRates", "at least one rate");
    const double momentum = f.number("momentum"), decay = f.number("weightDecay");
    const bool nesterov = f.boolean("nesterov");
    const std::string device = f.text("device");
    probe_.build([&] {
      return std::make_shared<LinearProbe>(features, classes, rates, momentum, nesterov, decay,
                                           static_cast<uint64_t>(seed), read_device(device));
    });
  });
}

Napi::Value LinearProbeWrap::step(const Napi::CallbackInfo& call) {
  return guard(call.Env(), [&]() -> Napi::Value {
    const auto bank = FeatureBankWrap::get(call[0]);
    const std::vector<int64_t> rows = to_indices(call[1], "rows");
    if (!call[2].IsNumber() || !std::isfinite(call[2].As<Napi::Number>().DoubleValue())) {
      throw Error("ERR_BYOL_VALUE", "scale must be a finite number.");
    }
    const double scale = call[2].As<Napi::Number>().DoubleValue();
    return thread_of(call.Env())->submit(call.Env(), [probe = probe_.get(), bank, rows, scale]() -> Deliver {
      const std::vector<double> losses = probe->step(*bank, rows, scale);
      return [losses](Napi::Env env) -> Napi::Value {
        Napi::Array out = Napi::Array::New(env, losses.size());
        for (uint32_t i = 0; i < losses.size(); ++i) out.Set(i, losses[i]);
        return out;
      };
    });
  });
}

Napi::Value LinearProbeWrap::evaluate(const Napi::CallbackInfo& call) {
  return guard(call.Env(), [&]() -> Napi::Value {
    const auto bank = FeatureBankWrap::get(call[0]);
    return thread_of(call.Env())->submit(call.Env(), [probe = probe_.get(), bank]() -> Deliver {
      const std::vector<Accuracy> results = probe->evaluate(*bank);
      return [results](Napi::Env env) -> Napi::Value {
        Napi::Array out = Napi::Array::New(env, results.size());
        for (uint32_t i = 0; i < results.size(); ++i) out.Set(i, to_js(env, results[i]));
        return out;
      };
    });
  });
}

}  // namespace byol::napi

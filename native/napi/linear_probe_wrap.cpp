#include "napi/linear_probe_wrap.h"

#include "napi/accuracy_values.h"
#include "napi/convert.h"
#include "napi/devices.h"
#include "napi/feature_bank_wrap.h"

namespace byol::napi {
namespace {

constexpr int64_t kMostUnits = 1 << 24;
constexpr size_t kMostRates = 1024;

Napi::Value from_losses(Napi::Env env, const std::vector<double>& losses) {
  Napi::Array out = Napi::Array::New(env, losses.size());
  for (uint32_t i = 0; i < losses.size(); ++i) out.Set(i, losses[i]);
  return out;
}

Napi::Value from_accuracies(Napi::Env env, const std::vector<Accuracy>& accuracies) {
  Napi::Array out = Napi::Array::New(env, accuracies.size());
  for (uint32_t i = 0; i < accuracies.size(); ++i) out.Set(i, from_accuracy(env, accuracies[i]));
  return out;
}

}  // namespace

Napi::Function LinearProbeWrap::define(Napi::Env env) {
  return define_class(
      env, {InstanceMethod<&LinearProbeWrap::step>("step"), InstanceMethod<&LinearProbeWrap::losses>("losses"),
            InstanceMethod<&LinearProbeWrap::time_products>("timeProducts"),
            InstanceMethod<&LinearProbeWrap::evaluate>("evaluate")});
}

LinearProbeWrap::LinearProbeWrap(const Napi::CallbackInfo& call) : Wrap(call) {
  guard(call.Env(), [&] {
    const Fields f(call[0], "spec");
    LinearProbeSpec spec;
    spec.features = f.integer("features", 1, kMostUnits);
    spec.classes = f.integer("classes", 1, kMostUnits);
    spec.learning_rates = f.numbers("learningRates", 1, kMostRates, Range::at_least(0));
    spec.momentum = f.number("momentum", Range::up_to_below(0, 1));
    spec.nesterov = f.boolean("nesterov");
    spec.weight_decay = f.number("weightDecay", Range::at_least(0));
    if (!f.is_null("logitRegularizer")) {
      const Fields logits = f.object("logitRegularizer");
      spec.logit_regularizer = {logits.number("alpha", Range::above(0)), logits.number("beta", Range::at_least(0))};
    }
    spec.seed = static_cast<uint64_t>(f.integer("seed", 0, kLargestInteger));
    const at::Device device = to_device(f.text("device"));
    // Weights, their momentum and their gradient, and the same of biases.
    const double bytes = sizeof(float) * 3 * (static_cast<double>(spec.features) + 1) *
                         static_cast<double>(spec.classes) * std::ssize(spec.learning_rates);
    make(call, device, bytes, [=] { return std::make_shared<LinearProbe>(spec, device); });
  });
}

Napi::Value LinearProbeWrap::step(const Napi::CallbackInfo& call) {
  return guard(call.Env(), [&]() -> Napi::Value {
    const auto bank = FeatureBankWrap::get(call[0], "bank");
    const std::vector<int64_t> rows = to_int32s(call[1], "rows");
    if (rows.empty()) refuse(call[1], "rows", "at least one row");
    const double scale = to_number(call[2], "scale", Range::at_least(0));
    return thread().submit(call.Env(), [=, probe = object()]() -> Deliver {
      probe->step(*bank, rows, scale);
      return {};
    });
  });
}

Napi::Value LinearProbeWrap::time_products(const Napi::CallbackInfo& call) {
  return guard(call.Env(), [&]() -> Napi::Value {
    const int64_t rows = to_integer(call[0], "rows", 1, kMostUnits);
    return thread().submit(call.Env(), [rows, probe = object()]() -> Deliver {
      return [seconds = probe->time_products(rows)](Napi::Env env) { return Napi::Number::New(env, seconds); };
    });
  });
}

Napi::Value LinearProbeWrap::losses(const Napi::CallbackInfo& call) {
  return guard(call.Env(), [&]() -> Napi::Value {
    return thread().submit(call.Env(), [probe = object()]() -> Deliver {
      return [losses = probe->losses()](Napi::Env env) { return from_losses(env, losses); };
    });
  });
}

Napi::Value LinearProbeWrap::evaluate(const Napi::CallbackInfo& call) {
  return guard(call.Env(), [&]() -> Napi::Value {
    const auto bank = FeatureBankWrap::get(call[0], "bank");
    return thread().submit(call.Env(), [bank, probe = object()]() -> Deliver {
      return [results = probe->evaluate(*bank)](Napi::Env env) { return from_accuracies(env, results); };
    });
  });
}

}  // namespace byol::napi

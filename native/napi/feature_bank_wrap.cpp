#include "napi/feature_bank_wrap.h"

#include <cstring>

#include "napi/convert.h"

namespace byol::napi {
namespace {

int64_t whole(const Napi::Value& value, const char* name, int64_t least) {
  const double v = value.IsNumber() ? value.As<Napi::Number>().DoubleValue() : -1;
  if (!(v >= static_cast<double>(least) && v <= 9e15 && v == std::floor(v))) {
    throw Error("ERR_BYOL_VALUE",
                std::string(name) + " must be a whole number of at least " + std::to_string(least) + ".");
  }
  return static_cast<int64_t>(v);
}

}  // namespace

Napi::Function FeatureBankWrap::define(Napi::Env env) {
  return DefineClass(
      env, "FeatureBank",
      {InstanceAccessor<&FeatureBankWrap::size>("size"), InstanceAccessor<&FeatureBankWrap::dimension>("dimension"),
       InstanceMethod<&FeatureBankWrap::read>("read"), InstanceMethod<&FeatureBankWrap::dispose>("dispose")});
}

FeatureBankWrap::FeatureBankWrap(const Napi::CallbackInfo& call)
    : Napi::ObjectWrap<FeatureBankWrap>(call),
      bank_("FeatureBank", guard(call.Env(), [&] { return thread_of(call.Env()); })) {
  guard(call.Env(), [&] {
    const int64_t count = whole(call[0], "count", 1), dimension = whole(call[1], "dimension", 1);
    if (!call[2].IsString()) throw Error("ERR_BYOL_VALUE", "device must be a string.");
    const std::string device = call[2].As<Napi::String>();
    bank_.build([&] { return std::make_shared<FeatureBank>(count, dimension, read_device(device)); });
  });
}

std::shared_ptr<FeatureBank> FeatureBankWrap::get(const Napi::Value& value) {
  return unwrap<FeatureBankWrap>(value, Environment::of(value.Env()).feature_bank, "A FeatureBank").bank_.get();
}

Napi::Value FeatureBankWrap::size(const Napi::CallbackInfo& call) {
  return guard(call.Env(), [&] { return Napi::Number::New(call.Env(), static_cast<double>(bank_.get()->size())); });
}
Napi::Value FeatureBankWrap::dimension(const Napi::CallbackInfo& call) {
  return guard(call.Env(),
               [&] { return Napi::Number::New(call.Env(), static_cast<double>(bank_.get()->dimension())); });
}

Napi::Value FeatureBankWrap::read(const Napi::CallbackInfo& call) {
  return guard(call.Env(), [&]() -> Napi::Value {
    const int64_t start = whole(call[0], "start", 0), end = whole(call[1], "end", 0);
    const auto bank = bank_.get();
    if (start > end || end > bank->size()) {
      throw Error("ERR_BYOL_SHAPE", "Rows [" + std::to_string(start) + ", " + std::to_string(end) +
                                        ") are not in a bank of " + std::to_string(bank->size()) + ".");
    }
    return thread_of(call.Env())->submit(call.Env(), [bank, start, end]() -> Deliver {
      const at::Tensor rows = bank->features().narrow(0, start, end - start).to(at::kCPU).contiguous();
      return [rows](Napi::Env env) -> Napi::Value {
        Napi::Float32Array out = Napi::Float32Array::New(env, static_cast<size_t>(rows.numel()));
        std::memcpy(out.Data(), rows.data_ptr<float>(), static_cast<size_t>(rows.numel()) * sizeof(float));
        return out;
      };
    });
  });
}

Napi::Object to_js(Napi::Env env, const Accuracy& accuracy) {
  Napi::Object out = Napi::Object::New(env);
  out.Set("top1", accuracy.top1);
  out.Set("top5", accuracy.top5);
  return out;
}

Napi::Value knn(const Napi::CallbackInfo& call) {
  return guard(call.Env(), [&]() -> Napi::Value {
    const auto train = FeatureBankWrap::get(call[0]), test = FeatureBankWrap::get(call[1]);
    const Fields options(call[2], "options");
    const int64_t classes = options.integer("classes", 1), k = options.integer("k", 1);
    const double temperature = options.number("temperature");
    if (temperature <= 0) options.fail("temperature", "positive");
    return thread_of(call.Env())->submit(call.Env(), [=]() -> Deliver {
      const Accuracy accuracy = knn_accuracy(*train, *test, classes, k, temperature);
      return [accuracy](Napi::Env env) -> Napi::Value { return to_js(env, accuracy); };
    });
  });
}

}  // namespace byol::napi

// What the addon exports: lib/binding/native.ts, NativeModule.

#include "core/model/convolution_memory.h"
#include "napi/convert.h"
#include "napi/decode_pool_wrap.h"
#include "napi/device_command.h"
#include "napi/devices.h"
#include "napi/encoder_wrap.h"
#include "napi/execute_plan_command.h"
#include "napi/feature_bank_wrap.h"
#include "napi/image_store_wrap.h"
#include "napi/info.h"
#include "napi/knn_classifier_wrap.h"
#include "napi/learner_wrap.h"
#include "napi/linear_probe_wrap.h"
#include "napi/logistic_regression_wrap.h"
#include "napi/thread_count.h"

namespace byol::napi {
namespace {

constexpr int kApiVersion = 7;  // API_VERSION in lib/binding/native.ts
constexpr int64_t kMostMilliseconds = 3'600'000;

void set_error_class(const Napi::CallbackInfo& call) {
  guard(call.Env(), [&] {
    if (!call[0].IsFunction()) refuse(call[0], "errorClass", "a class");
    Environment::of(call.Env()).error_class = Napi::Persistent(call[0].As<Napi::Function>());
  });
}

void set_threads(const Napi::CallbackInfo& call) {
  guard(call.Env(), [&] {
    const auto count = static_cast<int>(to_integer(call[0], "threads", 1, kMostThreads));
    ThreadCount::set(*Environment::of(call.Env()).thread(call.Env()), count);
  });
}

void limit_threads(const Napi::CallbackInfo& call) {
  guard(call.Env(), [&] {
    const auto most = static_cast<int>(to_integer(call[0], "threads", 1, kMostThreads));
    Environment::of(call.Env()).thread(call.Env())->limit_threads(most);
  });
}

void shutdown(const Napi::CallbackInfo& call) {
  guard(call.Env(),
        [&] { Environment::of(call.Env()).shutdown(to_integer(call[0], "milliseconds", 0, kMostMilliseconds)); });
}

void remember_convolutions(const Napi::CallbackInfo& call) {
  guard(call.Env(), [&] { remember_forms_in(to_path(call[0], "path")); });
}

void keep_kernels(const Napi::CallbackInfo& call) {
  guard(call.Env(), [&] { keep_kernels_in(to_path(call[0], "folder")); });
}

Napi::Object initialize(Napi::Env env, Napi::Object exports) {
  env.SetInstanceData(new Environment());
  guard(env, [] { check_torch_version(); });
  exports.Set("apiVersion", Napi::Number::New(env, kApiVersion));
  exports.Set("info", Napi::Function::New<info>(env, "info"));
  exports.Set("deviceFacts", Napi::Function::New<device_facts>(env, "deviceFacts"));
  exports.Set("deviceMemory", Napi::Function::New<device_memory>(env, "deviceMemory"));
  exports.Set("deviceRates", Napi::Function::New<device_rates>(env, "deviceRates"));
  exports.Set("learnerFlops", Napi::Function::New<flops_of_learner>(env, "learnerFlops"));
  exports.Set("setErrorClass", Napi::Function::New<set_error_class>(env, "setErrorClass"));
  exports.Set("setThreads", Napi::Function::New<set_threads>(env, "setThreads"));
  exports.Set("limitThreads", Napi::Function::New<limit_threads>(env, "limitThreads"));
  exports.Set("rememberConvolutions", Napi::Function::New<remember_convolutions>(env, "rememberConvolutions"));
  exports.Set("keepKernels", Napi::Function::New<keep_kernels>(env, "keepKernels"));
  exports.Set("shutdown", Napi::Function::New<shutdown>(env, "shutdown"));
  exports.Set("ImageStore", ImageStoreWrap::define(env));
  exports.Set("DecodePool", DecodePoolWrap::define(env));
  exports.Set("Encoder", EncoderWrap::define(env));
  exports.Set("FeatureBank", FeatureBankWrap::define(env));
  exports.Set("KnnClassifier", KnnClassifierWrap::define(env));
  exports.Set("Learner", LearnerWrap::define(env));
  exports.Set("LinearProbe", LinearProbeWrap::define(env));
  exports.Set("LogisticRegression", LogisticRegressionWrap::define(env));
  exports.Set("executePlan", Napi::Function::New<execute_plan_for_js>(env, "executePlan"));
  exports.Set("timePlan", Napi::Function::New<time_plan_for_js>(env, "timePlan"));
  return exports;
}

NODE_API_MODULE(byol, initialize)

}  // namespace
}  // namespace byol::napi

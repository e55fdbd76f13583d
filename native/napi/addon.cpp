// What the addon exports: lib/binding/native.ts, NativeModule.
#include <ATen/Parallel.h>

#include <thread>

#include "napi/convert.h"
#include "napi/devices.h"
#include "napi/feature_bank_wrap.h"
#include "napi/image_store_wrap.h"
#include "napi/learner_wrap.h"
#include "napi/linear_probe_wrap.h"

namespace byol::napi {
namespace {

constexpr int kApiVersion = 1;  // API_VERSION in lib/binding/native.ts

void set_error_class(const Napi::CallbackInfo& call) {
  Environment::of(call.Env()).error_class = Napi::Persistent(call[0].As<Napi::Function>());
}

void set_threads(const Napi::CallbackInfo& call) {
  guard(call.Env(), [&] {
    const double wanted = call[0].IsNumber() ? call[0].As<Napi::Number>().DoubleValue() : -1;
    if (!(wanted >= 0 && wanted <= 1024 && wanted == std::floor(wanted))) {
      throw Error("ERR_BYOL_VALUE", "threads must be a whole number from 0 (all cores) to 1024.");
    }
    const int threads = wanted == 0 ? static_cast<int>(std::thread::hardware_concurrency()) : static_cast<int>(wanted);
    // OpenMP's count belongs to the thread that sets it, so it is set where it is used.
    thread_of(call.Env())->run([threads] { at::set_num_threads(threads); });
  });
}

void shutdown(const Napi::CallbackInfo& call) {
  const auto thread = Environment::of(call.Env()).started_thread();
  if (!thread) return;
  // Kept for the rest of the process: static destructors must not find it half gone.
  static auto* const leaked = new std::vector<std::shared_ptr<TorchThread>>();
  leaked->push_back(thread);
  thread->shutdown(call[0].IsNumber() ? call[0].As<Napi::Number>().Int64Value() : 0);
}

Napi::Object initialize(Napi::Env env, Napi::Object exports) {
  auto* const environment = new Environment();
  env.SetInstanceData(environment);
  guard(env, [] { check_torch_version(); });
  const auto define = [&](const char* name, Napi::Function constructor) {
    exports.Set(name, constructor);
    return Napi::Persistent(constructor);
  };
  environment->image_store = define("ImageStore", ImageStoreWrap::define(env));
  environment->feature_bank = define("FeatureBank", FeatureBankWrap::define(env));
  environment->learner = define("Learner", LearnerWrap::define(env));
  environment->linear_probe = define("LinearProbe", LinearProbeWrap::define(env));
  exports.Set("apiVersion", Napi::Number::New(env, kApiVersion));
  exports.Set("info", Napi::Function::New<info>(env, "info"));
  exports.Set("setErrorClass", Napi::Function::New<set_error_class>(env, "setErrorClass"));
  exports.Set("setThreads", Napi::Function::New<set_threads>(env, "setThreads"));
  exports.Set("shutdown", Napi::Function::New<shutdown>(env, "shutdown"));
  exports.Set("knn", Napi::Function::New<knn>(env, "knn"));
  exports.Set("executePlan", Napi::Function::New<execute_plan_for_js>(env, "executePlan"));
  return exports;
}

NODE_API_MODULE(byol, initialize)

}  // namespace
}  // namespace byol::napi

#include "napi/execute_plan_command.h"

#include <chrono>
#include <functional>

#include "core/augment/placed_views.h"
#include "core/augment/plan.h"
#include "core/device/runtime.h"
#include "napi/devices.h"
#include "napi/image_store_wrap.h"
#include "napi/specs.h"
#include "napi/thread_count.h"

namespace byol::napi {
namespace {

/// Values of native memory as a Float32Array that keeps `owner`, without a copy where the host allows it (Electron does
/// not).
Napi::Float32Array from_plain_memory(Napi::Env env, float* values, size_t count, std::shared_ptr<void> owner) {
  auto held = std::make_unique<std::shared_ptr<void>>(std::move(owner));
  const auto release = [](node_api_basic_env, void*, void* hint) { delete static_cast<std::shared_ptr<void>*>(hint); };
  const size_t bytes = count * sizeof(float);
  napi_value buffer = nullptr;
  if (napi_create_external_arraybuffer(env, values, bytes, release, held.get(), &buffer) != napi_ok) {
    return from_floats(env, {values, values + count});
  }
  held.release();
  return Napi::Float32Array::New(env, count, Napi::ArrayBuffer(env, buffer), 0);
}

enum class Executor { Fused, Reference };

/// Views of the asked dtype, as the core leaves them: [rows, 3, height, width], where they were computed.
using Views = std::function<at::Tensor()>;

Views read_plan_call(const Napi::Value& input) {
  const Fields f(input, "input");
  const auto images = ImageStoreWrap::get(f.value("images"), f.path_of("images"));
  const std::vector<int64_t> indices = f.indices("indices");
  std::vector<float> plan = to_floats(f.value("plan"), f.path_of("plan"), indices.size(), kPlanColumns);
  const ViewSpec view = read_view_spec(f.object("view"));
  const auto executor =
      f.choice<Executor>("executor", {{"fused", Executor::Fused}, {"reference", Executor::Reference}});
  const auto dtype = f.choice<at::ScalarType>("dtype", {{"float32", at::kFloat}, {"bfloat16", at::kBFloat16}});
  const auto threads = static_cast<int>(f.integer("threads", 0, kMostThreads));
  const at::Device device = to_device(f.text("device"));
  if (executor == Executor::Reference && !device.is_cpu()) {
    refuse(f.value("executor"), f.path_of("executor"), "'fused' on a device: the reference is the CPU's");
  }
  return [=, plan = std::move(plan)] {
    if (executor == Executor::Reference) return execute_plan_reference(*images, indices, plan.data(), view).to(dtype);
    if (device.is_cpu()) return execute_plan(*images, indices, plan.data(), view, dtype, threads);
    return execute_plan_on(use_device(device), *images, indices, plan.data(), view, dtype);
  };
}

Napi::Value submit(const Napi::CallbackInfo& call, Work work) {
  return Environment::of(call.Env()).thread(call.Env())->submit(call.Env(), std::move(work));
}

}  // namespace

Napi::Value execute_plan_for_js(const Napi::CallbackInfo& call) {
  return guard(call.Env(), [&]() -> Napi::Value {
    return submit(call, [views = read_plan_call(call[0])]() -> Deliver {
      const at::Tensor values = views().to(at::kCPU, at::kFloat).permute({0, 2, 3, 1}).contiguous();
      return [values](Napi::Env env) -> Napi::Value {
        return from_plain_memory(env, values.data_ptr<float>(), static_cast<size_t>(values.numel()),
                                 std::make_shared<at::Tensor>(values));
      };
    });
  });
}

Napi::Value time_plan_for_js(const Napi::CallbackInfo& call) {
  return guard(call.Env(), [&]() -> Napi::Value {
    return submit(call, [views = read_plan_call(call[0])]() -> Deliver {
      const auto start = std::chrono::steady_clock::now();
      views();
      const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - start;
      return [value = seconds.count()](Napi::Env env) -> Napi::Value { return Napi::Number::New(env, value); };
    });
  });
}

}  // namespace byol::napi

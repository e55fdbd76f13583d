#include "napi/execute_plan_command.h"

#include "core/augment/placed_views.h"
#include "core/augment/plan.h"
#include "core/device/runtime.h"
#include "napi/devices.h"
#include "napi/image_store_wrap.h"
#include "napi/specs.h"
#include "napi/tensor_values.h"
#include "napi/thread_count.h"

namespace byol::napi {
namespace {

enum class Executor { Fused, Reference };

}  // namespace

Napi::Value execute_plan_for_js(const Napi::CallbackInfo& call) {
  return guard(call.Env(), [&]() -> Napi::Value {
    const Fields f(call[0], "input");
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
    auto work = [=, plan = std::move(plan)]() -> Deliver {
      const auto execute = [&] {
        if (executor == Executor::Reference) return execute_plan_reference(*images, indices, plan.data(), view);
        if (device.is_cpu()) return execute_plan(*images, indices, plan.data(), view, dtype, threads);
        return execute_plan_on(use_device(device), *images, indices, plan.data(), view, dtype);
      };
      return [values = to_values(execute().to(dtype).permute({0, 2, 3, 1}))](Napi::Env env) -> Napi::Value {
        return from_floats(env, values);
      };
    };
    return Environment::of(call.Env()).thread(call.Env())->submit(call.Env(), std::move(work));
  });
}

}  // namespace byol::napi

#include "napi/device_command.h"

#include "core/data/image_store.h"
#include "core/device/host.h"
#include "core/device/rates.h"
#include "core/ssl/learner_flops.h"
#include "napi/devices.h"
#include "napi/environment.h"
#include "napi/errors.h"
#include "napi/specs.h"

namespace byol::napi {
namespace {

Napi::Value from_facts(Napi::Env env, const DeviceFacts& facts) {
  Napi::Object out = Napi::Object::New(env);
  out.Set("name", facts.name);
  out.Set("capability", facts.capability);
  out.Set("multiprocessors", facts.multiprocessors);
  out.Set("driver", facts.driver);
  out.Set("runtime", facts.runtime);
  out.Set("totalMemory", static_cast<double>(facts.total_memory));
  return out;
}

Napi::Value from_memory(Napi::Env env, const DeviceMemory& memory) {
  Napi::Object out = Napi::Object::New(env);
  out.Set("free", static_cast<double>(memory.free));
  out.Set("total", static_cast<double>(memory.total));
  out.Set("peak", static_cast<double>(memory.peak));
  return out;
}

/// Queues `ask`, which looks at a device on the LibTorch thread and gives what to deliver.
template <typename Ask>
Napi::Value submit(const Napi::CallbackInfo& call, Ask ask) {
  return Environment::of(call.Env()).thread(call.Env())->submit(call.Env(), std::move(ask));
}

}  // namespace

Napi::Value device_facts(const Napi::CallbackInfo& call) {
  return guard(call.Env(), [&]() -> Napi::Value {
    const at::Device device = to_device(to_text(call[0], "device"));
    return submit(call, [device]() -> Deliver {
      const DeviceRuntime* const runtime = device_runtime(device);
      return [facts = runtime != nullptr ? runtime->facts() : host_facts()](Napi::Env env) {
        return from_facts(env, facts);
      };
    });
  });
}

Napi::Value device_memory(const Napi::CallbackInfo& call) {
  return guard(call.Env(), [&]() -> Napi::Value {
    const at::Device device = to_device(to_text(call[0], "device"));
    return submit(call, [device]() -> Deliver {
      DeviceRuntime* const runtime = device_runtime(device);
      return [memory = runtime != nullptr ? runtime->memory() : host_memory()](Napi::Env env) {
        return from_memory(env, memory);
      };
    });
  });
}

Napi::Value device_rates(const Napi::CallbackInfo& call) {
  return guard(call.Env(), [&]() -> Napi::Value {
    const at::Device device = to_device(to_text(call[0], "device"));
    const at::ScalarType type =
        to_precision(call[1], "precision") == Precision::BFloat16 ? at::kBFloat16 : at::kFloat;
    return submit(call, [device, type]() -> Deliver {
      return [rates = measure_rates(device, type)](Napi::Env env) {
        Napi::Object out = Napi::Object::New(env);
        out.Set("matrix", rates.matrix);
        out.Set("copy", rates.copy);
        return out;
      };
    });
  });
}

Napi::Value flops_of_learner(const Napi::CallbackInfo& call) {
  const Napi::Env env = call.Env();
  return guard(env, [&]() -> Napi::Value {
    const LearnerSpec spec = read_learner_spec(Fields(call[0], "spec"));
    const int64_t height = to_integer(call[1], "height", 1, kLargestSide);
    const LearnerFlops flops = learner_flops(spec, height, to_integer(call[2], "width", 1, kLargestSide));
    Napi::Object out = Napi::Object::New(env);
    out.Set("forward", flops.forward);
    out.Set("target", flops.target);
    out.Set("step", flops.step);
    return out;
  });
}

}  // namespace byol::napi

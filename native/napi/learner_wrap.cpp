#include "napi/learner_wrap.h"

#include "core/io/tensor_file.h"
#include "napi/devices.h"
#include "napi/embed_command.h"
#include "napi/encoder_wrap.h"
#include "napi/load_command.h"
#include "napi/metadata.h"
#include "napi/specs.h"
#include "napi/step_command.h"

namespace byol::napi {
namespace {

Napi::Value from_metrics(Napi::Env env, const StepMetrics& metrics) {
  Napi::Object out = Napi::Object::New(env);
  out.Set("steps", static_cast<double>(metrics.steps));
  out.Set("loss", metrics.loss);
  out.Set("probeLoss", metrics.probe_loss);
  out.Set("probeTop1", metrics.probe_top1);
  out.Set("probeTop5", metrics.probe_top5);
  out.Set("supervisedLoss", metrics.supervised_loss);
  out.Set("supervisedTop1", metrics.supervised_top1);
  out.Set("projectionStd", metrics.projection_std);
  out.Set("projectionRank", metrics.projection_rank);
  out.Set("targetDistance", metrics.target_distance);
  out.Set("targetMovement", metrics.target_movement);
  out.Set("firstBadStep", static_cast<double>(metrics.first_bad_step));
  return out;
}

constexpr std::pair<const char*, Execution::Graph> kGraphs[] = {{"captured", Execution::Graph::Captured},
                                                                {"eager", Execution::Graph::Eager},
                                                                {"unavailable", Execution::Graph::Unavailable}};
constexpr std::pair<const char*, Execution::Images> kImages[] = {{"resident", Execution::Images::Resident},
                                                                 {"staged", Execution::Images::Staged},
                                                                 {"host", Execution::Images::Host}};

Napi::Value from_execution(Napi::Env env, const Execution& execution) {
  Napi::Object out = Napi::Object::New(env);
  out.Set("graph", word_of(execution.graph, kGraphs));
  out.Set("reason", execution.reason);
  out.Set("images", word_of(execution.images, kImages));
  return out;
}

}  // namespace

Napi::Function LearnerWrap::define(Napi::Env env) {
  return define_class(
      env, {InstanceAccessor<&LearnerWrap::features>("features"),
            InstanceAccessor<&LearnerWrap::projections>("projections"),
            InstanceAccessor<&LearnerWrap::encoder_parameters>("encoderParameters"),
            InstanceAccessor<&LearnerWrap::steps_in_flight>("stepsInFlight"),
            InstanceAccessor<&LearnerWrap::step_count>("stepCount"), InstanceMethod<&LearnerWrap::step>("step"),
            InstanceMethod<&LearnerWrap::profile_step>("profileStep"),
            InstanceMethod<&LearnerWrap::read_metrics>("readMetrics"),
            InstanceMethod<&LearnerWrap::execution>("execution"),
            InstanceMethod<&LearnerWrap::embed>("embed"), InstanceMethod<&LearnerWrap::project>("project"),
            InstanceMethod<&LearnerWrap::start_from>("startFrom"),
            InstanceMethod<&LearnerWrap::save>("save"), InstanceMethod<&LearnerWrap::load>("load"),
            InstanceMethod<&LearnerWrap::load_weights>("loadWeights"),
            InstanceMethod<&LearnerWrap::export_encoder>("exportEncoder")});
}

LearnerWrap::LearnerWrap(const Napi::CallbackInfo& call) : Wrap(call) {
  guard(call.Env(), [&] {
    const Fields fields(call[0], "spec");
    const LearnerSpec spec = read_learner_spec(fields);
    const at::Device device = to_device(fields.text("device"));
    const LearnerFacts facts = facts_of(spec);
    features_ = facts.features;
    encoder_parameters_ = facts.encoder_parameters;
    steps_in_flight_ = Learner::steps_in_flight(device);
    classes_ = spec.classes;
    projections_ = spec.projector.output;
    if (spec.supervision) supervised_ = {projections_, spec.supervision->many};
    make(call, device, facts.bytes, [=] { return std::make_shared<Learner>(spec, device); });
  });
}

Napi::Value LearnerWrap::step(const Napi::CallbackInfo& call) {
  return guard(call.Env(), [&]() -> Napi::Value {
    return submit_step(call[0], thread(), object(), classes_, supervised_, false);
  });
}

Napi::Value LearnerWrap::profile_step(const Napi::CallbackInfo& call) {
  return guard(call.Env(), [&]() -> Napi::Value {
    return submit_step(call[0], thread(), object(), classes_, supervised_, true);
  });
}

Napi::Value LearnerWrap::read_metrics(const Napi::CallbackInfo& call) {
  return guard(call.Env(), [&]() -> Napi::Value {
    return thread().submit_late(call.Env(), [learner = object()]() -> Late<Deliver> {
      const Late<StepMetrics> late = learner->ask_metrics();
      return {late.done, [get = late.get, learner]() -> Deliver {
                return [metrics = get()](Napi::Env env) { return from_metrics(env, metrics); };
              }};
    });
  });
}

Napi::Value LearnerWrap::step_count(const Napi::CallbackInfo& call) {
  return guard(call.Env(), [&]() -> Napi::Value {
    const LearnerWrap& receiver = self(call.This(), "this");
    return receiver.thread().submit(call.Env(), [learner = receiver.object()]() -> Deliver {
      return [steps = static_cast<double>(learner->step())](Napi::Env env) { return Napi::Number::New(env, steps); };
    });
  });
}

Napi::Value LearnerWrap::execution(const Napi::CallbackInfo& call) {
  return guard(call.Env(), [&]() -> Napi::Value {
    return thread().submit(call.Env(), [learner = object()]() -> Deliver {
      return [execution = learner->execution()](Napi::Env env) { return from_execution(env, execution); };
    });
  });
}

Napi::Value LearnerWrap::embed(const Napi::CallbackInfo& call) {
  return guard(call.Env(), [&]() -> Napi::Value { return submit_embed(call[0], thread(), object()); });
}

Napi::Value LearnerWrap::project(const Napi::CallbackInfo& call) {
  return guard(call.Env(), [&]() -> Napi::Value {
    return thread().submit(call.Env(), [command = EmbedCommand(call[0]), learner = object()]() -> Deliver {
      command.run(*learner, &Learner::project);
      return {};
    });
  });
}

Napi::Value LearnerWrap::start_from(const Napi::CallbackInfo& call) {
  return guard(call.Env(), [&]() -> Napi::Value {
    const auto start = [&](const auto& source) {
      return thread().submit(call.Env(), [source, learner = object()]() -> Deliver {
        learner->load_weights(source->encoder_state());
        return {};
      });
    };
    if (is(call[0])) return start(get(call[0], "encoder"));
    return start(EncoderWrap::get(call[0], "encoder"));
  });
}

Napi::Value LearnerWrap::save(const Napi::CallbackInfo& call) {
  return guard(call.Env(), [&]() -> Napi::Value {
    const std::string path = to_path(call[0], "path");
    const Metadata metadata = to_metadata(call[1], "metadata");
    return thread().submit(call.Env(), [=, learner = object()]() -> Deliver {
      save_tensors(path, learner->state(), metadata, Checksum::Crc32c);
      return {};
    });
  });
}

Napi::Value LearnerWrap::export_encoder(const Napi::CallbackInfo& call) {
  return guard(call.Env(), [&]() -> Napi::Value {
    const std::string path = to_path(call[0], "path");
    const Metadata metadata = to_metadata(call[1], "metadata");
    return thread().submit(call.Env(), [=, learner = object()]() -> Deliver {
      save_tensors(path, learner->encoder_state(), metadata);
      return {};
    });
  });
}

Napi::Value LearnerWrap::load(const Napi::CallbackInfo& call) {
  return guard(call.Env(), [&]() -> Napi::Value {
    return submit_load(call[0], thread(),
                       [learner = object()](const NamedTensors& file) { learner->load_state(file); });
  });
}

Napi::Value LearnerWrap::load_weights(const Napi::CallbackInfo& call) {
  return guard(call.Env(), [&]() -> Napi::Value {
    return submit_load(call[0], thread(),
                       [learner = object()](const NamedTensors& file) { learner->load_weights(file); });
  });
}

}  // namespace byol::napi

#include "napi/learner_wrap.h"

#include <chrono>
#include <cstring>

#include "core/augment/plan.h"
#include "core/io/tensor_file.h"
#include "napi/convert.h"
#include "napi/feature_bank_wrap.h"
#include "napi/image_store_wrap.h"

namespace byol::napi {
namespace {

using Clock = std::chrono::steady_clock;

double seconds_since(Clock::time_point start) { return std::chrono::duration<double>(Clock::now() - start).count(); }

// The plan's rows must be exactly those of the indices: a shorter one would be read past its end.
const float* plan_data(const Napi::Float32Array& plan, size_t rows, const char* name) {
  if (plan.ElementLength() != rows * kPlanColumns) {
    throw Error("ERR_BYOL_SHAPE", std::string(name) + " has " + std::to_string(plan.ElementLength()) + " numbers; " +
                                      std::to_string(rows) + " rows of " + std::to_string(kPlanColumns) +
                                      " are needed.");
  }
  return plan.Data();
}

std::string path_argument(const Napi::Value& value) {
  if (!value.IsString()) throw Error("ERR_BYOL_VALUE", "path must be a string.");
  return value.As<Napi::String>();
}

Metadata metadata_argument(const Napi::Value& value) {
  Metadata out;
  if (!value.IsObject()) throw Error("ERR_BYOL_VALUE", "metadata must be an object of strings.");
  const Napi::Object object = value.As<Napi::Object>();
  const Napi::Array names = object.GetPropertyNames();
  for (uint32_t i = 0; i < names.Length(); ++i) {
    const std::string name = names.Get(i).ToString();
    const Napi::Value item = object.Get(name);
    if (!item.IsString()) throw Error("ERR_BYOL_VALUE", "metadata." + name + " must be a string.");
    out[name] = item.As<Napi::String>();
  }
  return out;
}

Deliver deliver_metadata(Metadata metadata) {
  return [metadata = std::move(metadata)](Napi::Env env) -> Napi::Value {
    Napi::Object out = Napi::Object::New(env);
    for (const auto& [key, value] : metadata) out.Set(key, value);
    return out;
  };
}

struct Timing {
  double augment = 0, compute = 0;
};

struct Step {
  std::shared_ptr<ImageStore> images;
  std::vector<int64_t> indices;
  int64_t micro_batches;
  const float* plans[2];
  ViewSpec views[2];
  StepScalars scalars;
};

Timing run_step(Learner& learner, const Step& step) {
  Timing timing;
  const size_t rows = step.indices.size() / static_cast<size_t>(step.micro_batches);
  for (int64_t micro = 0; micro < step.micro_batches; ++micro) {
    auto start = Clock::now();
    const size_t first = static_cast<size_t>(micro) * rows;
    const std::vector<int64_t> indices(step.indices.begin() + static_cast<std::ptrdiff_t>(first),
                                       step.indices.begin() + static_cast<std::ptrdiff_t>(first + rows));
    at::Tensor views[2];
    for (int view = 0; view < 2; ++view) {
      views[view] = execute_plan(*step.images, indices, step.plans[view] + first * kPlanColumns, step.views[view],
                                 learner.compute_dtype())
                        .to(learner.device());
    }
    const at::Tensor labels = step.images->labels_of(indices).to(learner.device());
    timing.augment += seconds_since(start);
    start = Clock::now();
    learner.accumulate(views[0], views[1], labels, step.micro_batches);
    timing.compute += seconds_since(start);
  }
  const auto start = Clock::now();
  learner.apply(step.scalars);
  timing.compute += seconds_since(start);
  return timing;
}

}  // namespace

Napi::Function LearnerWrap::define(Napi::Env env) {
  return DefineClass(
      env, "Learner",
      {InstanceAccessor<&LearnerWrap::features>("features"),
       InstanceAccessor<&LearnerWrap::encoder_parameters>("encoderParameters"),
       InstanceAccessor<&LearnerWrap::step_count>("stepCount"), InstanceMethod<&LearnerWrap::step>("step"),
       InstanceMethod<&LearnerWrap::read_metrics>("readMetrics"), InstanceMethod<&LearnerWrap::embed>("embed"),
       InstanceMethod<&LearnerWrap::save>("save"), InstanceMethod<&LearnerWrap::load>("load"),
       InstanceMethod<&LearnerWrap::load_weights>("loadWeights"),
       InstanceMethod<&LearnerWrap::export_encoder>("exportEncoder"),
       InstanceMethod<&LearnerWrap::dispose>("dispose")});
}

LearnerWrap::LearnerWrap(const Napi::CallbackInfo& call)
    : Napi::ObjectWrap<LearnerWrap>(call),
      learner_("Learner", guard(call.Env(), [&] { return thread_of(call.Env()); })) {
  guard(call.Env(), [&] {
    const Fields fields(call[0], "spec");
    const LearnerSpec spec = read_learner_spec(fields);
    const std::string device = fields.text("device");
    learner_.build([&] { return std::make_shared<Learner>(spec, read_device(device)); });
    const auto learner = learner_.get();
    features_ = static_cast<double>(learner->features());
    encoder_parameters_ = static_cast<double>(learner->encoder_parameters());
  });
}

Napi::Value LearnerWrap::step(const Napi::CallbackInfo& call) {
  return guard(call.Env(), [&]() -> Napi::Value {
    const Fields f(call[0], "step");
    Step step;
    step.images = ImageStoreWrap::get(f.value("images"));
    step.indices = f.indices("indices");
    step.micro_batches = f.integer("microBatches", 1);
    if (step.indices.empty() || step.indices.size() % static_cast<size_t>(step.micro_batches) != 0) {
      f.fail("microBatches", "a divisor of the " + std::to_string(step.indices.size()) + " rows");
    }
    const Napi::Value plans = f.value("plans"), views = f.value("views");
    if (!plans.IsArray() || plans.As<Napi::Array>().Length() != 2) f.fail("plans", "two Float32Arrays");
    if (!views.IsArray() || views.As<Napi::Array>().Length() != 2) f.fail("views", "two view specs");
    const Fields plan_fields(plans, "step.plans"), view_fields(views, "step.views");
    const char* names[2] = {"0", "1"};
    for (int view = 0; view < 2; ++view) {
      step.plans[view] = plan_data(plan_fields.floats(names[view]), step.indices.size(), "step.plans");
      step.views[view] = read_view_spec(view_fields.object(names[view]));
    }
    step.scalars = {f.number("learningRate"), f.number("tau")};
    if (step.scalars.tau < 0 || step.scalars.tau > 1) f.fail("tau", "from 0 to 1");
    return thread_of(call.Env())
        ->submit(call.Env(),
                 [learner = learner_.get(), step = std::move(step)]() -> Deliver {
                   const Timing timing = run_step(*learner, step);
                   return [timing](Napi::Env env) -> Napi::Value {
                     Napi::Object out = Napi::Object::New(env);
                     out.Set("augmentSeconds", timing.augment);
                     out.Set("computeSeconds", timing.compute);
                     return out;
                   };
                 },
                 {plans});
  });
}

Napi::Value LearnerWrap::read_metrics(const Napi::CallbackInfo& call) {
  return guard(call.Env(), [&]() -> Napi::Value {
    return thread_of(call.Env())->submit(call.Env(), [learner = learner_.get()]() -> Deliver {
      const StepMetrics m = learner->read_metrics();
      return [m](Napi::Env env) -> Napi::Value {
        Napi::Object out = Napi::Object::New(env);
        out.Set("steps", static_cast<double>(m.steps));
        out.Set("loss", m.loss);
        out.Set("probeLoss", m.probe_loss);
        out.Set("probeTop1", m.probe_top1);
        out.Set("projectionStd", m.projection_std);
        out.Set("targetDistance", m.target_distance);
        out.Set("targetMovement", m.target_movement);
        out.Set("firstBadStep", static_cast<double>(m.first_bad_step));
        return out;
      };
    });
  });
}

Napi::Value LearnerWrap::step_count(const Napi::CallbackInfo& call) {
  return guard(call.Env(), [&]() -> Napi::Value {
    return thread_of(call.Env())->submit(call.Env(), [learner = learner_.get()]() -> Deliver {
      const auto count = static_cast<double>(learner->step());
      return [count](Napi::Env env) -> Napi::Value { return Napi::Number::New(env, count); };
    });
  });
}

Napi::Value LearnerWrap::embed(const Napi::CallbackInfo& call) {
  return guard(call.Env(), [&]() -> Napi::Value {
    const Fields f(call[0], "embed");
    const auto images = ImageStoreWrap::get(f.value("images"));
    const auto bank = FeatureBankWrap::get(f.value("bank"));
    const std::vector<int64_t> indices = f.indices("indices");
    if (indices.empty()) f.fail("indices", "at least one index");
    const Napi::Value plan = f.value("plan");
    const float* data = plan_data(f.floats("plan"), indices.size(), "embed.plan");
    const ViewSpec view = read_view_spec(f.object("view"));
    const auto statistics = f.choice<EmbedStatistics>(
        "statistics", {{"running", EmbedStatistics::Running}, {"batch", EmbedStatistics::Batch}});
    const int64_t offset = f.integer("offset", 0);
    return thread_of(call.Env())
        ->submit(call.Env(),
                 [=, learner = learner_.get()]() -> Deliver {
                   const at::Tensor views =
                       execute_plan(*images, indices, data, view, learner->compute_dtype()).to(learner->device());
                   bank->write(offset, learner->embed(views, statistics), images->labels_of(indices));
                   return {};
                 },
                 {plan});
  });
}

Napi::Value LearnerWrap::save(const Napi::CallbackInfo& call) {
  return guard(call.Env(), [&]() -> Napi::Value {
    return thread_of(call.Env())
        ->submit(call.Env(),
                 [learner = learner_.get(), path = path_argument(call[0]),
                  metadata = metadata_argument(call[1])]() -> Deliver {
                   save_tensors(path, learner->state(), metadata);
                   return {};
                 });
  });
}

Napi::Value LearnerWrap::export_encoder(const Napi::CallbackInfo& call) {
  return guard(call.Env(), [&]() -> Napi::Value {
    return thread_of(call.Env())
        ->submit(call.Env(),
                 [learner = learner_.get(), path = path_argument(call[0]),
                  metadata = metadata_argument(call[1])]() -> Deliver {
                   save_tensors(path, learner->encoder_state(), metadata);
                   return {};
                 });
  });
}

Napi::Value LearnerWrap::load(const Napi::CallbackInfo& call) {
  return guard(call.Env(), [&]() -> Napi::Value {
    return thread_of(call.Env())
        ->submit(call.Env(), [learner = learner_.get(), path = path_argument(call[0])]() -> Deliver {
          auto [tensors, metadata] = load_tensors(path);
          learner->load_state(tensors);
          return deliver_metadata(std::move(metadata));
        });
  });
}

Napi::Value LearnerWrap::load_weights(const Napi::CallbackInfo& call) {
  return guard(call.Env(), [&]() -> Napi::Value {
    return thread_of(call.Env())
        ->submit(call.Env(), [learner = learner_.get(), path = path_argument(call[0])]() -> Deliver {
          auto [tensors, metadata] = load_tensors(path);
          learner->load_weights(tensors);
          return deliver_metadata(std::move(metadata));
        });
  });
}

Napi::Value execute_plan_for_js(const Napi::CallbackInfo& call) {
  return guard(call.Env(), [&]() -> Napi::Value {
    const Fields f(call[0], "input");
    const auto images = ImageStoreWrap::get(f.value("images"));
    const std::vector<int64_t> indices = f.indices("indices");
    const Napi::Value plan = f.value("plan");
    const float* data = plan_data(f.floats("plan"), indices.size(), "input.plan");
    const ViewSpec view = read_view_spec(f.object("view"));
    const bool reference = f.choice<bool>("executor", {{"fused", false}, {"reference", true}});
    const auto dtype = f.choice<at::ScalarType>("dtype", {{"float32", at::kFloat}, {"bfloat16", at::kBFloat16}});
    const int threads = static_cast<int>(std::min<int64_t>(f.integer("threads", 0), 1024));
    return thread_of(call.Env())
        ->submit(call.Env(),
                 [=]() -> Deliver {
                   const at::Tensor views = reference ? execute_plan_reference(*images, indices, data, view)
                                                      : execute_plan(*images, indices, data, view, dtype, threads);
                   const at::Tensor nhwc = views.to(dtype).to(at::kFloat).permute({0, 2, 3, 1}).contiguous();
                   return [nhwc](Napi::Env env) -> Napi::Value {
                     Napi::Float32Array out = Napi::Float32Array::New(env, static_cast<size_t>(nhwc.numel()));
                     std::memcpy(out.Data(), nhwc.data_ptr<float>(), static_cast<size_t>(nhwc.numel()) * sizeof(float));
                     return out;
                   };
                 },
                 {plan});
  });
}

}  // namespace byol::napi

#include "napi/step_command.h"

#include <algorithm>
#include <array>
#include <map>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "core/error.h"
#include "core/operation_profile.h"
#include "core/ssl/step_input.h"
#include "napi/image_store_wrap.h"
#include "napi/specs.h"

namespace byol::napi {
namespace {

/// A step with what it refers to.
struct OwnedStep {
  StepInput get() const { return {*images, packet, views, micro_batches}; }

  Handle<ImageStore> images;
  StepPacket packet;
  int64_t micro_batches;
  std::array<ViewSpec, kViews> views;
};

Napi::Value from_times(Napi::Env env, const StepTimes& times) {
  Napi::Object out = Napi::Object::New(env);
  out.Set("augment", times.augment);
  out.Set("forward", times.forward);
  out.Set("backward", times.backward);
  out.Set("update", times.update);
  out.Set("total", times.total);
  return out;
}

Napi::Value from_profile(Napi::Env env, const std::map<std::string, OperationTime>& times) {
  Napi::Object out = Napi::Object::New(env);
  for (const auto& [name, time] : times) {
    Napi::Object entry = Napi::Object::New(env);
    entry.Set("calls", static_cast<double>(time.calls));
    entry.Set("seconds", time.seconds);
    out.Set(name, entry);
  }
  return out;
}

void read_views(const Fields& f, OwnedStep& step) {
  const std::vector<Napi::Value> values = f.list("views");
  for (size_t i = 0; i < values.size(); ++i) {
    const Fields view(values[i], f.path_of("views[" + std::to_string(i) + "]"));
    const std::vector<float> plan =
        to_floats(view.value("plan"), view.path_of("plan"), static_cast<size_t>(step.packet.rows()), kPlanColumns);
    const ViewSpec spec = read_view_spec(view.object("spec"));
    if (i >= kViews) continue;
    step.views[i] = spec;
    std::ranges::copy(plan, step.packet.plan(static_cast<int64_t>(i)).begin());
  }
  if (values.size() != kViews) {
    throw Error("ERR_BYOL_USAGE", f.path_of("views") + " must have " + std::to_string(kViews) +
                                      " views, which is what every method compares, got " +
                                      std::to_string(values.size()) + ".");
  }
}

void read_supervised_labels(const Fields& f, const StepLabels& supervised, std::span<int64_t> into) {
  const std::vector<int64_t> labels = to_int32s(f.value("supervisedLabels"), f.path_of("supervisedLabels"));
  const int64_t most = supervised.many ? 1 : supervised.classes - 1;
  const bool fits = std::ranges::all_of(labels, [&](int64_t label) { return label >= -1 && label <= most; });
  if (labels.size() != into.size() || !fits) {
    refuse(f.value("supervisedLabels"), f.path_of("supervisedLabels"),
           std::to_string(into.size()) +
               (supervised.many ? " numbers, of each row and class 0, 1 or -1 (not known)"
                                : " labels from -1 (unlabelled) to " + std::to_string(most)));
  }
  std::ranges::copy(labels, into.begin());
}

}  // namespace

Napi::Promise submit_step(const Napi::Value& input, TorchThread& thread, Handle<Learner> learner, int64_t classes,
                          const StepLabels& supervised, bool profiled) {
  const Fields f(input, "step");
  auto images = ImageStoreWrap::get(f.value("images"), f.path_of("images"));
  if (classes > 0) ImageStoreWrap::require_labels_below(f.value("images"), f.path_of("images"), classes);
  const std::vector<int64_t> indices = f.indices("indices");
  const auto rows = static_cast<int64_t>(indices.size());
  const int64_t columns = supervised.many ? supervised.classes : std::min<int64_t>(1, supervised.classes);
  OwnedStep step{std::move(images), StepPacket(rows, kViews, columns), f.integer("microBatches", 1, rows), {}};
  if (rows % step.micro_batches != 0) {
    refuse(f.value("microBatches"), f.path_of("microBatches"), "a divisor of the " + std::to_string(rows) + " rows");
  }
  std::ranges::copy(indices, step.packet.indices().begin());
  read_views(f, step);
  write_scalars({f.number("learningRate", Range::at_least(0)), f.number("tau", Range::between(0, 1)),
                 f.number("projectorRate", Range::at_least(0)), f.number("predictorRate", Range::at_least(0)),
                 f.number("objectiveWeight", Range::at_least(0))},
                step.packet.scalars().data());
  if (supervised.classes > 0) {
    read_supervised_labels(f, supervised, step.packet.supervised_labels());
  } else if (!f.is_null("supervisedLabels")) {
    refuse(f.value("supervisedLabels"), f.path_of("supervisedLabels"), "null without supervision");
  }
  if (profiled) {
    return thread.submit(input.Env(), [step = std::move(step), learner = std::move(learner)]() -> Deliver {
      const OperationProfile profile;
      learner->run(step.get()).get();
      return [times = profile.times()](Napi::Env env) { return from_profile(env, times); };
    });
  }
  return thread.submit_late(input.Env(), [step = std::move(step), learner = std::move(learner)]() -> Late<Deliver> {
    const Late<StepTimes> late = learner->run(step.get());
    return {late.done, [get = late.get, learner]() -> Deliver {
              return [times = get()](Napi::Env env) { return from_times(env, times); };
            }};
  });
}

}  // namespace byol::napi

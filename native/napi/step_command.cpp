#include "napi/step_command.h"

#include <algorithm>
#include <chrono>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "core/augment/plan.h"
#include "core/augment/plan_check.h"
#include "core/error.h"
#include "core/operation_profile.h"
#include "napi/image_store_wrap.h"
#include "napi/specs.h"

namespace byol::napi {
namespace {

using Clock = std::chrono::steady_clock;

constexpr size_t kViews = 2;

struct View {
  std::vector<float> plan;  // rows x kPlanColumns
  ViewSpec spec;
};

struct Step {
  explicit Step(Handle<ImageStore> of) : images(std::move(of)) {}
  std::ptrdiff_t micro_batch_rows() const { return std::ssize(indices) / static_cast<std::ptrdiff_t>(micro_batches); }

  Handle<ImageStore> images;
  std::vector<int64_t> indices;
  int64_t micro_batches = 1;
  std::vector<View> views;
  StepScalars scalars;
  std::vector<int64_t> supervised_labels;  // empty: none
  double objective_weight = 1.0;
};

struct Timing {
  double augment_seconds = 0.0, compute_seconds = 0.0;
};

class Stopwatch {
 public:
  /// Seconds since the last lap.
  double lap() {
    const Clock::time_point now = Clock::now();
    return std::chrono::duration<double>(now - std::exchange(start_, now)).count();
  }

 private:
  Clock::time_point start_ = Clock::now();
};

void compute(const Step& step, Learner& learner, Timing& timing) {
  const ImageStore& images = *step.images;
  const std::ptrdiff_t rows = step.micro_batch_rows();
  Stopwatch watch;
  for (std::ptrdiff_t first = 0; first < std::ssize(step.indices); first += rows) {
    const std::vector<int64_t> indices(step.indices.begin() + first, step.indices.begin() + first + rows);
    const auto view = [&](size_t i) {
      return execute_plan(images, indices, step.views[i].plan.data() + first * kPlanColumns, step.views[i].spec,
                          learner.compute_dtype())
          .to(learner.device());
    };
    MicroBatch batch;
    batch.view1 = view(0);
    batch.labels = images.labels_of(indices).to(learner.device());
    if (learner.needs_view2()) batch.view2 = view(1);
    if (!step.supervised_labels.empty()) {
      const auto start = step.supervised_labels.begin() + first;
      batch.supervised_labels = at::tensor(std::vector<int64_t>(start, start + rows)).to(learner.device());
    }
    batch.micro_batches = step.micro_batches;
    batch.objective_weight = step.objective_weight;
    timing.augment_seconds += watch.lap();
    learner.accumulate(batch);
    timing.compute_seconds += watch.lap();
  }
  learner.apply(step.scalars);
  timing.compute_seconds += watch.lap();
}

/// All of the step, or, where it throws, nothing of it: the steps behind it are queued already.
Timing run_step(const Step& step, Learner& learner) {
  for (const View& view : step.views) check_plan(*step.images, step.indices, view.plan.data(), view.spec);
  learner.check_rows(step.micro_batch_rows());
  Timing timing;
  try {
    compute(step, learner, timing);
  } catch (...) {
    learner.abandon();
    throw;
  }
  return timing;
}

Napi::Value from_timing(Napi::Env env, const Timing& timing) {
  Napi::Object out = Napi::Object::New(env);
  out.Set("augmentSeconds", timing.augment_seconds);
  out.Set("computeSeconds", timing.compute_seconds);
  return out;
}

using Times = std::map<std::string, OperationTime>;

Napi::Value from_times(Napi::Env env, const Times& times) {
  Napi::Object out = Napi::Object::New(env);
  for (const auto& [name, time] : times) {
    Napi::Object entry = Napi::Object::New(env);
    entry.Set("calls", static_cast<double>(time.calls));
    entry.Set("seconds", time.seconds);
    out.Set(name, entry);
  }
  return out;
}

}  // namespace

Napi::Promise submit_step(const Napi::Value& input, TorchThread& thread, Handle<Learner> learner, int64_t classes,
                          int64_t supervised_classes, bool profiled) {
  const Fields f(input, "step");
  Step step(ImageStoreWrap::get(f.value("images"), f.path_of("images")));
  if (classes > 0) ImageStoreWrap::require_labels_below(f.value("images"), f.path_of("images"), classes);
  step.indices = f.indices("indices");
  const auto rows = static_cast<int64_t>(step.indices.size());
  step.micro_batches = f.integer("microBatches", 1, rows);
  if (rows % step.micro_batches != 0) {
    refuse(f.value("microBatches"), f.path_of("microBatches"), "a divisor of the " + std::to_string(rows) + " rows");
  }
  for (const Napi::Value& value : f.list("views")) {
    const Fields view(value, f.path_of("views[" + std::to_string(step.views.size()) + "]"));
    step.views.push_back({to_floats(view.value("plan"), view.path_of("plan"), step.indices.size(), kPlanColumns),
                          read_view_spec(view.object("spec"))});
  }
  if (step.views.size() != kViews) {
    throw Error("ERR_BYOL_USAGE", f.path_of("views") + " must have " + std::to_string(kViews) +
                                      " views, which is what every method compares, got " +
                                      std::to_string(step.views.size()) + ".");
  }
  step.scalars = {f.number("learningRate", Range::at_least(0)), f.number("tau", Range::between(0, 1)),
                  f.number("projectorRate", Range::at_least(0)), f.number("predictorRate", Range::at_least(0))};
  step.objective_weight = f.number("objectiveWeight", Range::at_least(0));
  if (supervised_classes > 0) {
    step.supervised_labels = to_int32s(f.value("supervisedLabels"), f.path_of("supervisedLabels"));
    const bool fits = std::ranges::all_of(step.supervised_labels,
                                          [&](int64_t label) { return label >= -1 && label < supervised_classes; });
    if (static_cast<int64_t>(step.supervised_labels.size()) != rows || !fits) {
      refuse(f.value("supervisedLabels"), f.path_of("supervisedLabels"),
             std::to_string(rows) + " labels from -1 (unlabelled) to " + std::to_string(supervised_classes - 1));
    }
  } else if (!f.is_null("supervisedLabels")) {
    refuse(f.value("supervisedLabels"), f.path_of("supervisedLabels"), "null without supervision");
  }
  auto work = [step = std::move(step), learner = std::move(learner), profiled]() -> Deliver {
    if (profiled) {
      const OperationProfile profile;
      run_step(step, *learner);
      return [times = profile.times()](Napi::Env env) { return from_times(env, times); };
    }
    return [timing = run_step(step, *learner)](Napi::Env env) { return from_timing(env, timing); };
  };
  return thread.submit(input.Env(), std::move(work));
}

}  // namespace byol::napi

#include "napi/step_command.h"

#include <algorithm>
#include <chrono>
#include <map>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "core/augment/plan.h"
#include "core/augment/plan_check.h"
#include "core/error.h"
#include "core/operation_profile.h"
#include "core/ssl/step_packet.h"
#include "napi/image_store_wrap.h"
#include "napi/specs.h"

namespace byol::napi {
namespace {

using Clock = std::chrono::steady_clock;

constexpr size_t kViews = 2;

struct Step {
  std::ptrdiff_t micro_batch_rows() const { return packet.rows() / micro_batches; }

  Handle<ImageStore> images;
  StepPacket packet;
  int64_t micro_batches;
  std::vector<ViewSpec> views;
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
  const StepPacket& packet = step.packet;
  const int64_t rows = step.micro_batch_rows();
  Stopwatch watch;
  learner.set_scalars(packet.scalar_tensor());
  for (int64_t first = 0; first < packet.rows(); first += rows) {
    const at::IntArrayRef indices(packet.indices().data() + first, static_cast<size_t>(rows));
    const auto view = [&](int64_t i) {
      return execute_plan(images, indices, packet.plan(i).data() + first * kPlanColumns,
                          step.views[static_cast<size_t>(i)], learner.compute_dtype())
          .to(learner.device());
    };
    MicroBatch batch;
    batch.view1 = view(0);
    batch.labels = images.labels_of(indices).to(learner.device());
    if (learner.needs_view2()) batch.view2 = view(1);
    if (!packet.supervised_labels().empty()) {
      batch.supervised_labels = packet.supervised_label_tensor(first, rows).to(learner.device());
    }
    batch.micro_batches = step.micro_batches;
    timing.augment_seconds += watch.lap();
    learner.accumulate(batch);
    timing.compute_seconds += watch.lap();
  }
  learner.apply();
  timing.compute_seconds += watch.lap();
}

/// All of the step, or, where it throws, nothing of it: the steps behind it are queued already.
Timing run_step(const Step& step, Learner& learner) {
  const StepPacket& packet = step.packet;
  const at::IntArrayRef indices(packet.indices().data(), packet.indices().size());
  for (int64_t i = 0; i < packet.views(); ++i) {
    check_plan(*step.images, indices, packet.plan(i).data(), step.views[static_cast<size_t>(i)]);
  }
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

void read_views(const Fields& f, Step& step) {
  const std::vector<Napi::Value> values = f.list("views");
  for (size_t i = 0; i < values.size(); ++i) {
    const Fields view(values[i], f.path_of("views[" + std::to_string(i) + "]"));
    const std::vector<float> plan =
        to_floats(view.value("plan"), view.path_of("plan"), static_cast<size_t>(step.packet.rows()), kPlanColumns);
    step.views.push_back(read_view_spec(view.object("spec")));
    if (i < kViews) std::ranges::copy(plan, step.packet.plan(static_cast<int64_t>(i)).begin());
  }
  if (values.size() != kViews) {
    throw Error("ERR_BYOL_USAGE", f.path_of("views") + " must have " + std::to_string(kViews) +
                                      " views, which is what every method compares, got " +
                                      std::to_string(values.size()) + ".");
  }
}

void read_supervised_labels(const Fields& f, int64_t classes, std::span<int64_t> into) {
  const std::vector<int64_t> labels = to_int32s(f.value("supervisedLabels"), f.path_of("supervisedLabels"));
  const bool fits = std::ranges::all_of(labels, [&](int64_t label) { return label >= -1 && label < classes; });
  if (labels.size() != into.size() || !fits) {
    refuse(f.value("supervisedLabels"), f.path_of("supervisedLabels"),
           std::to_string(into.size()) + " labels from -1 (unlabelled) to " + std::to_string(classes - 1));
  }
  std::ranges::copy(labels, into.begin());
}

}  // namespace

Napi::Promise submit_step(const Napi::Value& input, TorchThread& thread, Handle<Learner> learner, int64_t classes,
                          int64_t supervised_classes, bool profiled) {
  const Fields f(input, "step");
  auto images = ImageStoreWrap::get(f.value("images"), f.path_of("images"));
  if (classes > 0) ImageStoreWrap::require_labels_below(f.value("images"), f.path_of("images"), classes);
  const std::vector<int64_t> indices = f.indices("indices");
  const auto rows = static_cast<int64_t>(indices.size());
  Step step{
      std::move(images), StepPacket(rows, kViews, supervised_classes > 0), f.integer("microBatches", 1, rows), {}};
  if (rows % step.micro_batches != 0) {
    refuse(f.value("microBatches"), f.path_of("microBatches"), "a divisor of the " + std::to_string(rows) + " rows");
  }
  std::ranges::copy(indices, step.packet.indices().begin());
  read_views(f, step);
  write_scalars({f.number("learningRate", Range::at_least(0)), f.number("tau", Range::between(0, 1)),
                 f.number("projectorRate", Range::at_least(0)), f.number("predictorRate", Range::at_least(0)),
                 f.number("objectiveWeight", Range::at_least(0))},
                step.packet.scalars().data());
  if (supervised_classes > 0) {
    read_supervised_labels(f, supervised_classes, step.packet.supervised_labels());
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

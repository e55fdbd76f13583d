// Whole steps on a device, on the one that stands in for it: the same as the processor's, without waiting, and as a
// graph the same as operation by operation.
#include <ATen/ATen.h>

#include <algorithm>
#include <functional>
#include <map>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "check.h"
#include "core/augment/plan.h"
#include "core/error.h"
#include "core/ssl/device_steps.h"
#include "core/ssl/learner.h"
#include "core/ssl/learner_parts.h"
#include "learner_variants.h"
#include "stand_in.h"
#include "waits.h"

namespace {

using namespace byol;
using byol::shim::StandIn;
using byol::shim::Waits;
using byol::shim::waits_of;
using learner_variants::tiny;
using learner_variants::variants;

constexpr int64_t kImages = 12, kSide = 9, kRows = 16;
constexpr int64_t kSteps = 5;  // three operation by operation, one that is captured, one that is repeated

ImageStore make_images() {
  std::mt19937 random(7);
  const std::shared_ptr<uint8_t[]> pixels(new uint8_t[kImages * kSide * kSide * 3]);
  for (int64_t i = 0; i < kImages * kSide * kSide * 3; ++i) pixels[i] = static_cast<uint8_t>(random() % 256);
  std::vector<int64_t> labels(kImages);
  for (int64_t i = 0; i < kImages; ++i) labels[static_cast<size_t>(i)] = i % 3;
  return {pixels, std::vector<int64_t>(kImages, kSide), std::vector<int64_t>(kImages, kSide), labels};
}

ViewSpec view_of(int64_t size) {
  ViewSpec view;
  view.height = view.width = size;
  view.blur_radius = 1;
  view.mean = {0.5F, 0.4F, 0.3F};
  view.std = {0.2F, 0.25F, 0.3F};
  return view;
}

int64_t label_columns(const LearnerSpec& spec) {
  if (!spec.supervision) return 0;
  return spec.supervision->many ? spec.projector.output : 1;
}

/// What step `number` is told: other images, crops and rates each time.
struct Request {
  explicit Request(const LearnerSpec& spec, int64_t number, int64_t rows = kRows)
      : packet(rows, kViews, label_columns(spec)) {
    std::mt19937 random(static_cast<unsigned>(number) + 100);
    for (int64_t& index : packet.indices()) index = static_cast<int64_t>(random() % kImages);
    const int64_t classes = spec.supervision && spec.supervision->many ? 2 : 3;
    for (int64_t& label : packet.supervised_labels()) label = static_cast<int64_t>(random() % (classes + 1)) - 1;
    for (int64_t view = 0; view < static_cast<int64_t>(kViews); ++view) {
      for (int64_t row = 0; row < rows; ++row) {
        float* const numbers = packet.plan(view).data() + row * kPlanColumns;
        std::fill_n(numbers, static_cast<int>(kPlanColumns), 0.0F);
        numbers[kCropTop] = static_cast<float>(random() % 3);
        numbers[kCropLeft] = static_cast<float>(random() % 3);
        numbers[kCropHeight] = numbers[kCropWidth] = static_cast<float>(4 + random() % 3);
        numbers[kFlip] = static_cast<float>(random() % 2);
        numbers[kJitterOrder] = static_cast<float>(random() % 25) - 1.0F;
        numbers[kBrightness] = 0.1F;
        numbers[kContrast] = 1.2F;
        numbers[kSaturation] = 0.8F;
        numbers[kHue] = 0.05F;
        numbers[kBlurSigma] = random() % 2 == 0 ? 0.0F : 0.7F;
      }
    }
    const double part = static_cast<double>(number) / 10;
    write_scalars({0.05 + 0.01 * part, 0.9 + 0.05 * part, 2.0, 3.0, 0.5 + part}, packet.scalars().data());
  }

  StepInput on(const ImageStore& images) const { return {images, packet, views, micro_batches}; }

  StepPacket packet;
  std::array<ViewSpec, kViews> views{view_of(4), view_of(4)};
  int64_t micro_batches = 2;
};

/// Those whose steps leave something with the host: a queue's staged rows, gradients to be collected, affine layers. The
/// stand-in runs a kernel's threads one by one, so not everything is done with every method.
std::vector<LearnerSpec> bookkeepers() {
  const std::vector<LearnerSpec> all = variants();
  return {all[2], all[3], all[6]};
}

void run(Learner& learner, const ImageStore& images, const LearnerSpec& spec, int64_t from = 0, int64_t to = kSteps) {
  for (int64_t n = from; n < to; ++n) learner.run(Request(spec, n).on(images)).get();
}

std::map<std::string, at::Tensor> state_of(const Learner& learner) {
  std::map<std::string, at::Tensor> out;
  for (const auto& [name, tensor] : learner.state()) out[name] = tensor.clone();
  return out;
}

void check_equal(const std::map<std::string, at::Tensor>& expected, const Learner& learner) {
  const auto actual = state_of(learner);
  CHECK(expected.size() == actual.size());
  for (const auto& [name, tensor] : expected) {
    if (!at::equal(tensor, actual.at(name))) check::fail(__FILE__, __LINE__, name + " differs");
  }
}

/// Lets go of events when it is told to.
class Device : public StandIn {
 public:
  std::unique_ptr<DeviceEvent> make_event(bool) override { return std::make_unique<Event>(*this); }

  int64_t recorded = 0;
  int64_t passed = int64_t{1} << 40;  // of the recorded events
  int waits = 0;                      // for events that were not passed
  std::string failure;                // what events say

 private:
  struct Event : DeviceEvent {
    explicit Event(Device& owner) : device(owner) {}
    void record() override { number = ++device.recorded; }
    bool done() const override {
      fail();
      return number <= device.passed;
    }
    void wait() const override {
      fail();
      if (done()) return;
      ++device.waits;
      device.passed = number;
    }
    void fail() const {
      if (!device.failure.empty()) throw Error("ERR_BYOL_DEVICE", device.failure);
    }
    double seconds_since(const DeviceEvent&) const override { return 0.0; }
    Device& device;
    int64_t number = 0;
  };
};

std::string code_of(const std::function<void()>& body) {
  try {
    body();
  } catch (const Error& error) {
    return std::string(error.code()) + ": " + error.what();
  }
  return "";
}

}  // namespace

// Each from the processor's state before it: rounding grows from step to step, by itself.
TEST(steps_on_a_device_are_those_of_the_processor_and_wait_for_nothing) {
  const ImageStore images = make_images();
  for (LearnerSpec spec : variants()) {
    // LARS turns gradients that are rounding alone into steps of their own.
    spec.optimizer.kind = OptimizerKind::Sgd;
    std::vector<std::map<std::string, at::Tensor>> states;
    std::vector<StepMetrics> metrics;
    {
      Learner processor(spec, at::kCPU);
      states.push_back(state_of(processor));
      for (int64_t n = 0; n < kSteps; ++n) {
        run(processor, images, spec, n, n + 1);
        states.push_back(state_of(processor));
        metrics.push_back(processor.read_metrics());
      }
    }
    const bool low = spec.precision == Precision::BFloat16;
    const double bound = low ? 5e-2 : 1e-3;
    Device device;
    Learner learner(spec, at::kCPU);
    for (int64_t n = 0; n < kSteps; ++n) {
      const auto& before = states[static_cast<size_t>(n)];
      learner.load_state({before.begin(), before.end()});
      const Request request(spec, n);
      const Waits waits = waits_of(device, [&] { learner.run(request.on(images)); });
      // The first one may: it moves the images to the device.
      for (const auto& [name, calls] : n == 0 ? Waits() : waits) {
        check::fail(__FILE__, __LINE__, "a step calls " + name);
      }
      Late<StepMetrics> late;
      for (const auto& [name, calls] : waits_of(device, [&] { late = learner.ask_metrics(); })) {
        check::fail(__FILE__, __LINE__, "asking for metrics calls " + name);
      }
      CHECK(learner.step() == n + 1);
      for (const auto& [name, tensor] : state_of(learner)) {
        const at::Tensor& expected = states[static_cast<size_t>(n) + 1].at(name);
        if (low && tensor.is_floating_point()) continue;  // rounds too much to tell
        if (!at::allclose(tensor, expected, bound, bound)) {
          check::fail(__FILE__, __LINE__, "step " + std::to_string(n) + ": " + name + " differs by " +
                                              std::to_string((tensor - expected).abs().max().item<double>()));
        }
      }
      const StepMetrics& means = metrics[static_cast<size_t>(n)];
      const StepMetrics read = late.get();
      CHECK(read.steps == 1 && read.first_bad_step == -1);
      CHECK_CLOSE(read.loss, means.loss, bound);
      CHECK_CLOSE(read.probe_loss, means.probe_loss, bound);
      CHECK_CLOSE(read.supervised_loss, means.supervised_loss, bound);
      CHECK_CLOSE(read.projection_std, means.projection_std, bound);
      CHECK_CLOSE(read.projection_rank, means.projection_rank, 2 * bound);
      CHECK_CLOSE(read.target_distance, means.target_distance, bound);
    }
    CHECK(learner.execution().graph == Execution::Graph::Captured && learner.execution().reason.empty());
    CHECK(learner.execution().images == Execution::Images::Resident);
  }
}

TEST(steps_as_a_graph_are_those_operation_by_operation_to_the_bit) {
  const ImageStore images = make_images();
  for (const LearnerSpec& spec : bookkeepers()) {
    Device device;
    Learner graphed(spec, at::kCPU);
    run(graphed, images, spec);
    const auto expected = state_of(graphed);
    const StepMetrics means = graphed.read_metrics();

    device.capture_refusal = "no graphs today";
    Learner eager(spec, at::kCPU);
    run(eager, images, spec);
    check_equal(expected, eager);
    const Execution execution = eager.execution();
    CHECK(execution.graph == Execution::Graph::Eager);
    CHECK(execution.reason.find("no graphs today") != std::string::npos);
    const StepMetrics read = eager.read_metrics();
    CHECK(read.loss == means.loss && read.probe_top1 == means.probe_top1 && read.steps == means.steps);
    CHECK(read.projection_rank == means.projection_rank);
  }
}

TEST(a_graph_that_fails_half_way_leaves_nothing) {
  // Refuses a kernel while a step is captured, of which the stand-in, unlike a device, has done a part by then.
  struct Halfway : Device {
    std::unique_ptr<DeviceGraph> capture(const std::function<void()>& work) override {
      capturing = true;
      ++captures;
      work();
      return nullptr;
    }
    using DeviceRuntime::launch;
    void launch(const char* kernel, const LaunchShape& shape, const void* arguments, size_t bytes) override {
      if (capturing && std::string(kernel) == "step_clock" && --left == 0) {
        capturing = false;
        throw Error("ERR_BYOL_NATIVE", "half-way");
      }
      StandIn::launch(kernel, shape, arguments, bytes);
    }
    bool capturing = false;
    int left = 0, captures = 0;
  };
  const ImageStore images = make_images();
  for (const LearnerSpec& spec : bookkeepers()) {
    std::map<std::string, at::Tensor> expected;
    StepMetrics means;
    {
      Device device;
      device.capture_refusal = "no graphs today";
      Learner eager(spec, at::kCPU);
      run(eager, images, spec);
      expected = state_of(eager);
      means = eager.read_metrics();
    }
    for (const int stamp : {2, 7}) {  // behind the views of the first micro-batch, and the gradient of the second
      Halfway device;
      device.left = stamp;
      Learner learner(spec, at::kCPU);
      run(learner, images, spec);
      check_equal(expected, learner);
      CHECK(device.captures == 1 && learner.execution().reason.find("half-way") != std::string::npos);
      CHECK(learner.read_metrics().loss == means.loss);
    }
  }
}

TEST(kinds_of_steps_have_graphs_of_their_own) {
  const ImageStore images = make_images(), others = make_images();
  const LearnerSpec spec = tiny();
  Device device;
  Learner mixed(spec, at::kCPU);
  const auto request = [&](int64_t n) {
    Request made(spec, n, n % 3 == 0 ? 4 : kRows);
    made.micro_batches = n % 3 == 1 ? 1 : 2;
    return made;
  };
  constexpr int64_t kMany = 12;
  for (int64_t n = 0; n < kMany; ++n) mixed.run(request(n).on(n % 2 == 0 ? images : others)).get();
  const auto expected = state_of(mixed);
  const double rank = mixed.read_metrics().projection_rank;
  device.capture_refusal = "no";
  Learner eager(spec, at::kCPU);
  for (int64_t n = 0; n < kMany; ++n) eager.run(request(n).on(images)).get();
  check_equal(expected, eager);
  CHECK(eager.read_metrics().projection_rank == rank);
}

TEST(affine_layers_and_the_optimal_predictor_are_not_captured_too_early) {
  const ImageStore images = make_images();
  Device device;
  LearnerSpec optimal = tiny();
  optimal.predictor.reset();
  optimal.optimal_predictor = 1e-3;
  Learner never(optimal, at::kCPU);
  run(never, images, optimal, 0, 5);
  CHECK(never.execution().graph == Execution::Graph::Eager);
  CHECK(never.execution().reason.find("predictor") != std::string::npos);

  LearnerSpec affine = tiny();
  affine.norm.encoder = affine.norm.projector = affine.norm.predictor = NormKind::Affine;
  Learner waiting(affine, at::kCPU);
  run(waiting, images, affine, 0, DeviceSteps::kEagerSteps + 1);  // the first one initialises
  CHECK(waiting.execution().graph == Execution::Graph::Eager);
  run(waiting, images, affine, DeviceSteps::kEagerSteps + 1, DeviceSteps::kEagerSteps + 2);
  CHECK(waiting.execution().graph == Execution::Graph::Captured);
}

TEST(a_state_that_is_loaded_goes_on_under_the_same_graph) {
  const ImageStore images = make_images();
  for (const LearnerSpec& spec : bookkeepers()) {
    Device device;
    Learner learner(spec, at::kCPU);
    run(learner, images, spec);
    NamedTensors saved;
    for (const auto& [name, tensor] : state_of(learner)) saved.emplace_back(name, tensor);
    run(learner, images, spec, kSteps, kSteps + 3);
    const auto expected = state_of(learner);
    learner.load_state(saved);
    CHECK(learner.step() == kSteps);
    run(learner, images, spec, kSteps, kSteps + 3);
    check_equal(expected, learner);
    CHECK(learner.execution().graph == Execution::Graph::Captured);
  }
}

TEST(only_a_few_steps_are_on_their_way_at_once) {
  const ImageStore images = make_images();
  const LearnerSpec spec = tiny();
  CHECK(Learner::steps_in_flight(at::kCPU) == 2);
  Device device;
  CHECK(Learner::steps_in_flight(at::kCPU) == 3);
  Learner learner(spec, at::kCPU);
  device.passed = 0;
  std::vector<Late<StepTimes>> late;
  for (int64_t n = 0; n < 3; ++n) late.push_back(learner.run(Request(spec, n).on(images)));
  CHECK(device.waits == 0 && !late[0].done());
  late.push_back(learner.run(Request(spec, 3).on(images)));
  CHECK(device.waits == 1 && late[0].done() && !late[1].done());
  const StepTimes times = late[0].get();
  CHECK(times.augment > 0 && times.forward > 0 && times.backward > 0 && times.update > 0);
  CHECK_CLOSE(times.total, times.augment + times.forward + times.backward + times.update, 1e-9);
  const Late<StepMetrics> metrics = learner.ask_metrics();
  late.push_back(learner.run(Request(spec, 4).on(images)));
  CHECK(!metrics.done() && metrics.get().steps == 4);
  CHECK(late[3].done());
}

TEST(what_a_device_says_late_names_the_step_and_ends_the_learner) {
  const ImageStore images = make_images();
  const LearnerSpec spec = tiny();
  Device device;
  Learner learner(spec, at::kCPU);
  device.passed = 0;
  learner.run(Request(spec, 0).on(images)).get();
  const Late<StepTimes> second = learner.run(Request(spec, 1).on(images));
  device.failure = "an illegal memory access";
  CHECK(second.done());
  const std::string said = code_of([&] { second.get(); });
  CHECK(said.rfind("ERR_BYOL_DEVICE", 0) == 0 && said.find("step 2") != std::string::npos);
  CHECK(said.find("an illegal memory access") != std::string::npos);
  CHECK(code_of([&] { learner.run(Request(spec, 2).on(images)); }).rfind("ERR_BYOL_DEVICE", 0) == 0);
  CHECK(code_of([&] { learner.state(); }).rfind("ERR_BYOL_DEVICE", 0) == 0);
}

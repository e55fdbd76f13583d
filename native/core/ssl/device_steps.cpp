#include "core/ssl/device_steps.h"

#include <algorithm>
#include <chrono>
#include <cstring>
#include <exception>
#include <span>
#include <thread>
#include <tuple>
#include <utility>

#include "core/augment/device_executor.h"
#include "core/error.h"
#include "core/ssl/learner_parts.h"
#include "kernels/step_clock_arguments.h"

namespace byol {
namespace {

// Kinds of steps that are remembered: a training has one, or two where its last batch is smaller.
constexpr size_t kPrograms = 4;
constexpr double kNanosecond = 1e-9;

std::string text_of(const std::exception& error) {
  const auto* torch = dynamic_cast<const c10::Error*>(&error);
  const std::string text = torch != nullptr ? torch->what_without_backtrace() : error.what();
  return text.substr(0, text.find('\n'));
}

std::string failure_text(const std::string& where, const std::exception& error) {
  return "The device failed " + where + ": " + text_of(error) +
         " Nothing that it holds is of use: start the process again, and go on from the last checkpoint.";
}

/// Of a step whose times the device's own clock takes.
class DeviceClock : public StepClock {
 public:
  DeviceClock(DeviceRuntime& runtime, at::Device device, int64_t most)
      : stamps(at::zeros({most + 1}, at::TensorOptions().device(device).dtype(at::kLong))), runtime_(runtime) {}

  void begin() {
    parts.clear();
    stamp();
  }
  void end(StepPart part) override {
    parts.push_back(part);
    stamp();
  }

  at::Tensor stamps;             // int64, on the device: the beginning, and the end of each part
  std::vector<StepPart> parts;  // in their order

 private:
  void stamp() {
    auto* const at = reinterpret_cast<long long*>(stamps.data_ptr<int64_t>()) + parts.size();
    runtime_.launch("step_clock", {.x = 1}, kernels::StepClockArguments{at});
  }

  DeviceRuntime& runtime_;
};

StepTimes times_of(const std::vector<StepPart>& parts, const int64_t* stamps) {
  StepTimes times;
  for (size_t i = 0; i < parts.size(); ++i) {
    times.*parts[i] += static_cast<double>(stamps[i + 1] - stamps[i]) * kNanosecond;
  }
  times.total = static_cast<double>(stamps[parts.size()] - stamps[0]) * kNanosecond;
  return times;
}

bool same_view(const ViewSpec& a, const ViewSpec& b) {
  const auto key = [](const ViewSpec& v) {
    return std::tie(v.height, v.width, v.resampling, v.antialias, v.beyond_crop, v.jitter, v.blur_radius, v.blur_border,
                    v.mean, v.std);
  };
  return key(a) == key(b);
}

}  // namespace

/// What the device has been given of a step, and what it says of it later.
struct DeviceSteps::Flight {
  /// Takes the step off its slot, once the device has passed it; waits for that.
  void land();
  StepTimes get() {
    land();
    if (failure) std::rethrow_exception(failure);
    return times;
  }
  bool done() const;

  int64_t step;
  std::shared_ptr<Slot> slot;  // null once it has landed
  std::shared_ptr<std::string> failure_of_learner;
  StepTimes times;
  std::exception_ptr failure;
};

struct DeviceSteps::Slot {
  at::Tensor packet, stamps;  // of the host, uint8
  std::unique_ptr<DeviceEvent> passed;
  std::vector<StepPart> parts;
  std::shared_ptr<Flight> flight;
};

void DeviceSteps::Flight::land() {
  if (!slot) return;
  const std::shared_ptr<Slot> from = std::exchange(slot, nullptr);
  from->flight.reset();
  try {
    from->passed->wait();
    times = times_of(from->parts, reinterpret_cast<const int64_t*>(from->stamps.const_data_ptr()));
  } catch (const std::exception& error) {
    *failure_of_learner = failure_text("in step " + std::to_string(step + 1), error);
    failure = std::make_exception_ptr(Error("ERR_BYOL_DEVICE", *failure_of_learner));
  }
}

bool DeviceSteps::Flight::done() const {
  try {
    return !slot || slot->passed->done();
  } catch (const std::exception&) {
    return true;  // get() says it
  }
}

/// A kind of step: what a graph of it holds fast, and the graph.
struct DeviceSteps::Program {
  bool is(const StepInput& input, const DeviceImages& images) const {
    return rows == input.packet.rows() && micro_batches == input.micro_batches && pixels == images.pixels() &&
           places == images.places() && labels.is_same(images.labels()) &&
           std::ranges::equal(views, input.views, same_view);
  }
  int64_t micro_batch_rows() const { return rows / micro_batches; }

  int64_t rows, micro_batches;
  const std::uint8_t* pixels;
  const ImagePlace* places;
  at::Tensor labels;  // of all images
  std::array<ViewSpec, kViews> views;
  at::Tensor packet;  // of the step in progress, on the device
  StepPacket::Tensors parts;
  DeviceClock clock;
  int eager_steps = 0;
  std::unique_ptr<DeviceGraph> graph;
  at::Tensor last_projection;  // where the graph writes it
};

DeviceSteps::DeviceSteps(DeviceRuntime& runtime, Learner& learner) : runtime_(runtime), learner_(learner) {
  execution_ = {Execution::Graph::Eager, "There was no step yet.", Execution::Images::Host};
}

// Graphs and what they hold go only when the device is done with them; where it never is, they stay.
DeviceSteps::~DeviceSteps() {
  constexpr auto kPatience = std::chrono::seconds(2);
  const auto deadline = std::chrono::steady_clock::now() + kPatience;
  for (const std::shared_ptr<Slot>& slot : slots_) {
    if (!slot || !slot->flight) continue;
    const std::shared_ptr<Flight> flight = std::exchange(slot->flight, nullptr);
    while (!flight->done() && std::chrono::steady_clock::now() < deadline) {
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
    if (flight->done()) continue;
    for (auto& program : programs_) static_cast<void>(program.release());
  }
}

DeviceSteps::Program& DeviceSteps::program_of(const StepInput& input, const DeviceImages& images) {
  const auto found = std::ranges::find_if(programs_, [&](const auto& each) { return each->is(input, images); });
  if (found != programs_.end()) return **found;
  if (programs_.size() == kPrograms) {
    runtime_.synchronize();  // the device may be in the middle of its graph
    programs_.erase(programs_.begin());
  }
  const auto on_device = at::TensorOptions().device(learner_.device());
  const auto bytes = static_cast<int64_t>(input.packet.bytes().size());
  // Each micro-batch has views, a forward and a backward pass; the update follows.
  programs_.push_back(std::make_unique<Program>(
      Program{.rows = input.packet.rows(),
              .micro_batches = input.micro_batches,
              .pixels = images.pixels(),
              .places = images.places(),
              .labels = images.labels(),
              .views = input.views,
              .packet = at::empty({bytes}, on_device.dtype(at::kByte)),
              .parts = {},
              .clock = DeviceClock(runtime_, learner_.device(), 3 * input.micro_batches + 1),
              .eager_steps = 0,
              .graph = nullptr,
              .last_projection = {}}));
  Program& made = *programs_.back();
  made.parts = input.packet.tensors_in(made.packet);
  return made;
}

Late<StepTimes> DeviceSteps::run(const StepInput& input) {
  std::shared_ptr<Slot>& slot = slots_[std::exchange(next_slot_, (next_slot_ + 1) % kInFlight)];
  if (slot && slot->flight) {
    const std::shared_ptr<Flight> earlier = slot->flight;
    earlier->land();
    learner_.require_whole();
  }
  const auto bytes = static_cast<int64_t>(input.packet.bytes().size());
  const int64_t stamp_bytes = (3 * input.micro_batches + 2) * static_cast<int64_t>(sizeof(int64_t));
  if (!slot) slot = std::make_shared<Slot>(Slot{{}, {}, runtime_.make_event(/*timed=*/false), {}, {}});
  const auto reserve = [&](at::Tensor& buffer, int64_t size) {
    if (!buffer.defined() || buffer.numel() < size) buffer = runtime_.host_buffer(size);
  };
  reserve(slot->packet, bytes);
  reserve(slot->stamps, stamp_bytes);

  DeviceImages& images = input.images.on(runtime_, learner_.device(), input.packet.rows());
  std::memcpy(slot->packet.mutable_data_ptr(), input.packet.bytes().data(), static_cast<size_t>(bytes));
  const std::span<int64_t> numbers(static_cast<int64_t*>(slot->packet.mutable_data_ptr()), input.packet.indices().size());
  const size_t batch = images.stage(
      input.images, at::IntArrayRef(input.packet.indices().data(), input.packet.indices().size()), numbers);
  images.join();
  Program& program = program_of(input, images);
  execution_.images = dynamic_cast<const ResidentImages*>(&images) != nullptr ? Execution::Images::Resident
                                                                              : Execution::Images::Staged;
  program.packet.copy_(slot->packet.narrow(0, 0, bytes), /*non_blocking=*/true);
  try {
    enqueue(program);
  } catch (...) {
    try {
      images.release(batch);
      learner_.abandon();
    } catch (const std::exception& error) {
      *learner_.parts().failure = failure_text("while a step was given to it", error);
    }
    throw;
  }
  images.release(batch);
  slot->parts = program.clock.parts;
  const at::Tensor stamps = program.clock.stamps.view(at::kByte);
  slot->stamps.narrow(0, 0, stamps.numel()).copy_(stamps, /*non_blocking=*/true);
  slot->passed->record();
  const auto flight = std::make_shared<Flight>(Flight{learner_.step(), slot, learner_.parts().failure, {}, {}});
  slot->flight = flight;
  learner_.count_step();
  return {[flight] { return flight->done(); }, [flight] { return flight->get(); }};
}

void DeviceSteps::enqueue(Program& program) {
  Learner::Impl& m = learner_.parts();
  if (program.graph || (may_capture(program) && capture(program))) {
    m.last_projection = program.last_projection;
    execution_.graph = Execution::Graph::Captured;
    execution_.reason.clear();
    program.graph->replay();
    return;
  }
  execution_.graph = Execution::Graph::Eager;
  const bool waits = m.affine_waits();
  work(program);
  if (!waits) ++program.eager_steps;
}

bool DeviceSteps::may_capture(const Program& program) {
  std::string& reason = execution_.reason;
  if (!refused_.empty()) {
    reason = refused_;
  } else if (!learner_.capturable()) {
    reason = "The batch's least-squares predictor is solved by a library that waits for the device.";
  } else if (program.eager_steps < kEagerSteps || learner_.parts().affine_waits()) {
    reason = "Steps of a kind are captured after " + std::to_string(kEagerSteps) + " of them.";
  } else {
    return true;
  }
  return false;
}

bool DeviceSteps::capture(Program& program) {
  Learner::Impl& m = learner_.parts();
  m.remember();
  try {
    program.graph = runtime_.capture([this, &program] { work(program); });
    program.last_projection = m.last_projection;
    return true;
  } catch (const std::exception& error) {
    learner_.abandon();
    learner_.require_whole();
    refused_ = "The step could not be captured as a graph, and is computed operation by operation: " + text_of(error);
    execution_.reason = refused_;
    return false;
  }
}

at::Tensor DeviceSteps::views_of(const Program& program, int64_t first, size_t view, size_t count) const {
  const int64_t rows = program.micro_batch_rows();
  const ViewSpec& spec = program.views[view];
  const at::Tensor out = at::empty(
      {static_cast<int64_t>(count) * rows, 3, spec.height, spec.width},
      at::TensorOptions().device(learner_.device()).dtype(learner_.compute_dtype()), at::MemoryFormat::ChannelsLast);
  std::vector<const float*> plans;
  for (size_t i = view; i < view + count; ++i) {
    plans.push_back(program.parts.plans[static_cast<int64_t>(i)][first].data_ptr<float>());
  }
  execute_plans(runtime_,
                {program.pixels, program.places, program.parts.indices.data_ptr<int64_t>() + first, rows}, plans,
                {program.views.begin() + static_cast<std::ptrdiff_t>(view),
                 program.views.begin() + static_cast<std::ptrdiff_t>(view + count)},
                out);
  return out;
}

void DeviceSteps::work(Program& program) {
  Learner::Impl& m = learner_.parts();
  const int64_t rows = program.micro_batch_rows();
  const StepPacket::Tensors& parts = program.parts;
  const ViewSpec &first_view = program.views[0], &second_view = program.views[1];
  const bool one_size = first_view.height == second_view.height && first_view.width == second_view.width;
  m.clock = &program.clock;
  try {
    program.clock.begin();
    m.scalars.copy_(parts.scalars);
    for (int64_t first = 0; first < program.rows; first += rows) {
      MicroBatch batch;
      if (learner_.needs_view2() && one_size) {
        const at::Tensor both = views_of(program, first, 0, kViews);
        batch.view1 = both.narrow(0, 0, rows);
        batch.view2 = both.narrow(0, rows, rows);
      } else {
        batch.view1 = views_of(program, first, 0, 1);
        if (learner_.needs_view2()) batch.view2 = views_of(program, first, 1, 1);
      }
      if (m.classifier) batch.labels = program.labels.index_select(0, parts.indices.narrow(0, first, rows));
      if (parts.supervised_labels.defined()) batch.supervised_labels = parts.supervised_labels.narrow(0, first, rows);
      batch.micro_batches = program.micro_batches;
      program.clock.end(&StepTimes::augment);
      learner_.forward_backward(batch);
    }
    learner_.update();
    program.clock.end(&StepTimes::update);
  } catch (...) {
    m.clock = nullptr;
    throw;
  }
  m.clock = nullptr;
}

}  // namespace byol

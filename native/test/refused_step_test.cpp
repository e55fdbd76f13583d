// A step that throws is as if nobody had asked for it, wherever in it that was: the learner goes on in the same bits.
#include <ATen/ATen.h>
#include <c10/core/Allocator.h>
#include <c10/core/CPUAllocator.h>
#include <c10/util/Exception.h>

#include <functional>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "apply.h"
#include "check.h"
#include "core/error.h"
#include "core/ssl/learner.h"

namespace {

using namespace byol;

/// While it lives, LibTorch's allocations on the CPU are counted, and fail once `affordable` were made.
class ScarceMemory : public c10::Allocator {
 public:
  explicit ScarceMemory(int64_t affordable) : affordable_(affordable), usual_(*c10::GetCPUAllocator()) {
    c10::SetCPUAllocator(this);
  }
  ~ScarceMemory() override { c10::SetCPUAllocator(&usual_); }

  c10::DataPtr allocate(size_t bytes) override {
    TORCH_CHECK(made < affordable_, "DefaultCPUAllocator: can't allocate memory");
    ++made;
    return usual_.allocate(bytes);
  }
  c10::DeleterFnPtr raw_deleter() const override { return usual_.raw_deleter(); }
  void copy_data(void* to, const void* from, size_t bytes) const override { usual_.copy_data(to, from, bytes); }

  int64_t made = 0;

 private:
  int64_t affordable_;
  c10::Allocator& usual_;
};
constexpr int64_t kPlenty = int64_t{1} << 40;

LearnerSpec tiny() {
  LearnerSpec spec;
  spec.encoder.blocks = {1, 1};
  spec.encoder.width = 8;
  spec.projector = {{16}, 8, true, false};
  spec.predictor = HeadSpec{{16}, 8, true, false};
  spec.classes = 3;
  spec.optimizer.kind = OptimizerKind::Sgd;
  spec.seed = 5;
  return spec;
}

LearnerSpec with_queue() {
  LearnerSpec spec = tiny();
  spec.objective.symmetric = false;
  spec.objective.statistics_groups = 2;
  spec.objective.negatives = NegativesSpec{NegativesKind::Queue, 1.0, 0.1, 16};
  return spec;
}

LearnerSpec with_affine_layers() {
  LearnerSpec spec = tiny();
  spec.norm.encoder = spec.norm.projector = spec.norm.predictor = NormKind::Affine;
  return spec;
}

LearnerSpec in_bfloat16() {
  LearnerSpec spec = tiny();
  spec.precision = Precision::BFloat16;
  spec.optimizer.kind = OptimizerKind::Lars;
  return spec;
}

MicroBatch micro_batch(const Learner& learner, uint64_t seed, int64_t rows = 4) {
  at::manual_seed(seed);
  const auto view = [&] {
    return at::rand({rows, 3, 8, 8}).to(learner.compute_dtype()).contiguous(at::MemoryFormat::ChannelsLast);
  };
  return {.view1 = view(), .view2 = view(), .labels = at::arange(rows) % 3, .micro_batches = 2};
}

struct Step {
  MicroBatch first, second;
  Step(const Learner& learner, uint64_t seed)
      : first(micro_batch(learner, seed)), second(micro_batch(learner, seed + 1)) {}
  void run(Learner& learner) const {
    learner.accumulate(first);
    learner.accumulate(second);
    apply(learner, {0.1, 0.9});
  }
};

std::map<std::string, at::Tensor> snapshot(const Learner& learner) {
  std::map<std::string, at::Tensor> out;
  for (const auto& [name, tensor] : learner.state()) out[name] = tensor.clone();
  return out;
}

bool same(const Learner& a, const Learner& b) {
  const auto left = snapshot(a), right = snapshot(b);
  if (left.size() != right.size()) return false;
  for (const auto& [name, tensor] : left) {
    if (!at::equal(tensor, right.at(name))) return false;
  }
  return true;
}

bool same(const StepMetrics& a, const StepMetrics& b) {
  return a.steps == b.steps && a.loss == b.loss && a.probe_loss == b.probe_loss && a.probe_top1 == b.probe_top1 &&
         a.projection_std == b.projection_std && a.projection_rank == b.projection_rank &&
         a.target_distance == b.target_distance && a.target_movement == b.target_movement &&
         a.first_bad_step == b.first_bad_step;
}

/// After a step that is refused by `refused`, and with `before` steps before it, another step is what it would have
/// been.
void check_without_trace(const LearnerSpec& spec, int before, const std::function<void(Learner&)>& refused) {
  Learner learner(spec, at::kCPU), never_asked(spec, at::kCPU);
  for (Learner* each : {&learner, &never_asked}) {
    for (int i = 0; i < before; ++i) Step(*each, 10 + 2 * i).run(*each);
  }
  bool threw = false;
  try {
    refused(learner);
  } catch (const std::exception&) {
    threw = true;
    learner.abandon();
  }
  CHECK(threw);
  CHECK(same(learner, never_asked));
  for (Learner* each : {&learner, &never_asked}) Step(*each, 50).run(*each);
  CHECK(same(learner, never_asked));
  CHECK(same(learner.read_metrics(), never_asked.read_metrics()));
}

}  // namespace

TEST(a_step_that_is_refused_in_a_later_micro_batch_leaves_no_trace) {
  for (const LearnerSpec& spec : {tiny(), with_queue(), with_affine_layers(), in_bfloat16()}) {
    for (const int before : {0, 2}) {
      check_without_trace(spec, before, [](Learner& learner) {
        learner.accumulate(micro_batch(learner, 30));
        MicroBatch bad = micro_batch(learner, 31);
        bad.view2 = at::rand({4, 5, 8, 8}, bad.view2.options());  // five channels
        learner.accumulate(bad);
      });
    }
  }
}

TEST(a_micro_batch_with_a_number_of_rows_that_cannot_be_leaves_no_trace) {
  for (const int64_t rows : {3, 12}) {  // no two equal groups; no divisor of the queue
    check_without_trace(with_queue(), 1, [&](Learner& learner) {
      learner.accumulate(micro_batch(learner, 30));
      learner.accumulate(micro_batch(learner, 31, rows));
    });
  }
}

TEST(a_step_that_finds_no_memory_leaves_no_trace_or_says_that_the_learner_is_lost) {
  for (const LearnerSpec& spec : {tiny(), with_queue(), with_affine_layers(), in_bfloat16()}) {
    Learner fresh(spec, at::kCPU);
    const Step step(fresh, 30);
    int64_t needed = 0;
    {
      ScarceMemory counting(kPlenty);
      step.run(fresh);
      needed = counting.made;
    }
    Learner expected(spec, at::kCPU);
    NamedTensors initial;
    for (const auto& [name, tensor] : snapshot(expected)) initial.emplace_back(name, tensor);
    step.run(expected);

    int unchanged = 0, lost = 0;
    constexpr int64_t kPoints = 24;
    for (int64_t point = 0; point < kPoints; ++point) {
      Learner learner(spec, at::kCPU);
      try {
        ScarceMemory scarce(needed * point / kPoints);
        step.run(learner);
        CHECK(false);
      } catch (const std::exception&) {
      }
      learner.abandon();
      try {
        learner.state();
        ++unchanged;
      } catch (const Error& error) {
        CHECK(error.code() == "ERR_BYOL_NATIVE");
        ++lost;
        learner.load_state(initial);
      }
      step.run(learner);
      CHECK(same(learner, expected));
    }
    CHECK(unchanged > kPoints / 2);
    CHECK(unchanged + lost == kPoints);
  }
}

TEST(a_file_that_is_refused_changes_nothing) {
  LearnerSpec spec = with_queue();
  LearnerSpec wider = spec;
  wider.projector.output = wider.predictor->output = 4;
  Learner other(wider, at::kCPU);
  Step(other, 3).run(other);
  const NamedTensors another_projector = other.state();
  Learner trained(spec, at::kCPU);
  Step(trained, 3).run(trained);
  const NamedTensors state = trained.state(), encoder = trained.encoder_state();

  // The names, one after the other: lacking, of another shape, of another type.
  const auto spoilt = [](const NamedTensors& good, size_t at, int how) {
    NamedTensors out = good;
    at::Tensor& tensor = out[at].second;
    if (how == 0) out.erase(out.begin() + static_cast<std::ptrdiff_t>(at));
    if (how == 1) tensor = at::zeros({3, 1, 2}, tensor.options());
    if (how == 2) tensor = tensor.to(tensor.is_floating_point() ? at::kInt : at::kFloat);
    return out;
  };
  const auto refuses = [&](const std::function<void(Learner&)>& load) {
    Learner learner(spec, at::kCPU), untouched(spec, at::kCPU);
    for (Learner* each : {&learner, &untouched}) Step(*each, 20).run(*each);
    std::string code;
    try {
      load(learner);
    } catch (const Error& error) {
      code = error.code();
    }
    CHECK(code == "ERR_BYOL_CHECKPOINT");
    CHECK(same(learner, untouched));
    for (Learner* each : {&learner, &untouched}) Step(*each, 40).run(*each);
    CHECK(same(learner, untouched));
    CHECK(same(learner.read_metrics(), untouched.read_metrics()));
  };
  refuses([&](Learner& learner) { learner.load_state(another_projector); });
  refuses([&](Learner& learner) { learner.load_weights(another_projector); });
  for (const int how : {0, 1, 2}) {
    for (size_t i = 0; i < state.size(); i += 5) {
      if (how == 0 && state[i].first == "convolutions") continue;  // as in a state of an earlier version
      refuses([&](Learner& learner) { learner.load_state(spoilt(state, i, how)); });
    }
    refuses([&](Learner& learner) { learner.load_state(spoilt(state, state.size() - 1, how)); });
    for (size_t i = 0; i < encoder.size(); i += 3) {
      if (encoder[i].first.find("num_batches_tracked") != std::string::npos) continue;
      refuses([&](Learner& learner) { learner.load_weights(spoilt(encoder, i, how)); });
    }
  }
  for (const auto& [name, number] : std::map<std::string, int64_t>{{"step", -1}, {"queue.position", 16}}) {
    NamedTensors wrong = state;
    for (auto& [key, tensor] : wrong) {
      if (key == name) tensor = at::full({}, number, at::kLong);
    }
    refuses([&](Learner& learner) { learner.load_state(wrong); });
  }
}

// What a graph of a step needs: nothing that a later step reads is reassigned, nothing is read back from the device, no
// constant of a step is made. And that a step goes on from a saved state in the same bits.
#include <ATen/ATen.h>
#include <ATen/record_function.h>

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <vector>

#include "core/ssl/learner.h"
#include "core/ssl/learner_parts.h"

#include "apply.h"
#include "check.h"
#include "learner_variants.h"

namespace {

using namespace byol;
using learner_variants::tiny;
using learner_variants::variants;

void step(Learner& learner, const LearnerSpec& spec, uint64_t seed) {
  at::manual_seed(seed);
  set_scalars(learner, {0.1, 0.9, 2.0, 3.0, 0.5});
  const bool many = spec.supervision && spec.supervision->many;
  for (int i = 0; i < 2; ++i) {
    const auto view = [&] {
      return at::rand({8, 3, 12, 12}).to(learner.compute_dtype()).contiguous(at::MemoryFormat::ChannelsLast);
    };
    learner.accumulate({.view1 = view(),
                        .view2 = view(),
                        .labels = at::arange(8) % 3,
                        .supervised_labels = many ? at::arange(8 * 3).view({8, 3}) % 4 % 3 - 1 : at::arange(8) % 4 - 1,
                        .micro_batches = 2});
  }
  learner.apply();
}

/// Where everything lies that a step reads and changes.
std::map<std::string, const void*> addresses(const Learner& learner) {
  std::map<std::string, const void*> out;
  for (const auto& [name, tensor] : learner.state()) {
    // Made anew for whoever asks.
    if (name != "step" && name != "convolutions") out[name] = tensor.const_data_ptr();
  }
  const Learner::Impl& m = learner.parts();
  const std::map<std::string, at::Tensor> more = {
      {"alive", m.update.alive},
      {"bad step", m.update.bad_step},
      {"scalars", m.scalars},
      {"metrics", m.metrics.sums},
      {"target at start", m.target_at_start},
      {"online gradient", m.online.parameters.gradient()},
      {"own gradient", m.own.parameters.gradient()},
      {"online mirror", m.online.parameters.mirror()},
      {"online mirror's gradient", m.online.parameters.mirror_gradient()},
      {"target mirror", m.target.parameters.mirror()},
  };
  for (const auto& [name, tensor] : more) out[name] = tensor.defined() ? tensor.const_data_ptr() : nullptr;
  for (const NetworkState* network : {&m.online, &m.own, &m.target}) {
    for (size_t i = 0; i < network->parameters.count(); ++i) {
      const at::Tensor& used = network->parameters[i];
      const std::string name = std::to_string(out.size()) + network->parameters.name(i);
      out[name] = used.const_data_ptr();
      if (used.grad().defined()) out[name + " gradient"] = used.grad().const_data_ptr();
    }
  }
  return out;
}

std::set<std::string> operations_of(const std::function<void()>& body) {
  static std::mutex mutex;
  static std::set<std::string>* names = nullptr;
  std::set<std::string> found;
  names = &found;
  const at::CallbackHandle handle =
      at::addGlobalCallback(at::RecordFunctionCallback([](const at::RecordFunction& function) {
        const std::lock_guard lock(mutex);
        names->insert(function.name());
        return std::unique_ptr<at::ObserverContext>();
      }));
  body();
  at::removeCallback(handle);
  return found;
}

std::map<std::string, at::Tensor> snapshot(const Learner& learner) {
  std::map<std::string, at::Tensor> out;
  for (const auto& [name, tensor] : learner.state()) out[name] = tensor.clone();
  return out;
}

}  // namespace

TEST(the_whole_state_of_a_learner_stays_where_it_is) {
  for (const LearnerSpec& spec : variants()) {
    Learner learner(spec, at::kCPU);
    const auto before = addresses(learner);
    for (uint64_t i = 0; i < 3; ++i) step(learner, spec, i);
    CHECK(before == addresses(learner));
    learner.read_metrics();
    CHECK(before == addresses(learner));
  }
}

TEST(a_step_reads_nothing_back_and_makes_no_constants) {
  for (const LearnerSpec& spec : variants()) {
    Learner learner(spec, at::kCPU);
    for (uint64_t i = 0; i < 2; ++i) step(learner, spec, i);
    const std::set<std::string> operations = operations_of([&] { step(learner, spec, 2); });
    CHECK(operations.count("aten::conv2d") + operations.count("aten::convolution") > 0 &&
          operations.count("byol::update") == 1);
    for (const char* name : {"aten::_local_scalar_dense", "aten::item", "aten::is_nonzero", "aten::nonzero",
                             "aten::masked_select", "aten::full"}) {
      if (operations.count(name)) check::fail(__FILE__, __LINE__, std::string("a step calls ") + name);
    }
  }
}

TEST(ten_steps_a_saved_state_and_ten_steps_are_twenty) {
  for (const LearnerSpec& spec : variants()) {
    Learner whole(spec, at::kCPU), first(spec, at::kCPU);
    LearnerSpec other = spec;
    other.seed = 99;
    Learner second(other, at::kCPU);
    for (uint64_t i = 0; i < 20; ++i) step(whole, spec, i);
    for (uint64_t i = 0; i < 10; ++i) step(first, spec, i);
    NamedTensors saved;
    for (const auto& [name, tensor] : snapshot(first)) saved.emplace_back(name, tensor);
    step(first, spec, 50);  // what goes on behind a saved state is not in it
    second.load_state(saved);
    for (uint64_t i = 10; i < 20; ++i) step(second, spec, i);
    const auto expected = snapshot(whole), actual = snapshot(second);
    CHECK(expected.size() == actual.size());
    for (const auto& [name, tensor] : expected) {
      if (!at::equal(tensor, actual.at(name))) check::fail(__FILE__, __LINE__, name + " differs");
    }
    CHECK(whole.read_metrics().first_bad_step == -1);
  }
}

TEST(sums_of_metrics_do_not_depend_on_when_they_are_read) {
  for (const LearnerSpec& spec : variants()) {
    Learner often(spec, at::kCPU), once(spec, at::kCPU);
    double loss = 0.0, deviation = 0.0;
    for (uint64_t i = 0; i < 5; ++i) {
      step(often, spec, i);
      step(once, spec, i);
      if (i == 1 || i == 2 || i == 4) {
        const StepMetrics read = often.read_metrics();
        loss += read.loss;
        deviation += read.projection_std;
      }
    }
    const StepMetrics sums = once.read_metrics();
    CHECK(sums.steps == 5);
    CHECK(sums.loss == loss && sums.projection_std == deviation);
  }
}

TEST(both_views_as_one_batch_and_one_after_the_other_agree) {
  for (LearnerSpec spec : variants()) {
    if (spec.precision == Precision::BFloat16) continue;  // rounds too much to tell
    // Without LARS, whose ratios turn gradients that are rounding alone into steps of their own.
    spec.optimizer.kind = OptimizerKind::Sgd;
    Learner together(spec, at::kCPU), apart(spec, at::kCPU);
    together.parts().views_together = true;
    apart.parts().views_together = false;
    for (uint64_t i = 0; i < 3; ++i) {
      step(together, spec, i);
      step(apart, spec, i);
    }
    const auto expected = snapshot(apart), actual = snapshot(together);
    for (const auto& [name, tensor] : expected) {
      if (!at::allclose(tensor, actual.at(name), 1e-3, 2e-4)) check::fail(__FILE__, __LINE__, name + " differs");
    }
    for (const char* updates : {"online.statistics.updates", "target.statistics.updates"}) {
      if (expected.count(updates)) CHECK(at::equal(expected.at(updates), actual.at(updates)));
    }
    CHECK_CLOSE(together.read_metrics().loss / 3, apart.read_metrics().loss / 3, 1e-4);
  }
}

TEST(the_largest_map_of_an_encoder) {
  const auto largest = [](BlockKind block, Stem stem, int64_t size) {
    EncoderSpec spec;
    spec.block = block;
    spec.stem = stem;
    spec.blocks = {2, 2, 2, 2};
    NetworkBuilder builder(spec.initialization);
    return Encoder(builder, spec, {}, "").largest_map(size, size);
  };
  CHECK(largest(BlockKind::Basic, Stem::Small, 32) == 64 * 32 * 32);
  CHECK(largest(BlockKind::Bottleneck, Stem::Small, 32) == 256 * 32 * 32);
  CHECK(largest(BlockKind::Basic, Stem::ImageNet, 224) == 64 * 112 * 112);
  CHECK(largest(BlockKind::Bottleneck, Stem::ImageNet, 224) == 64 * 112 * 112);
  CHECK(largest(BlockKind::Basic, Stem::ImageNet, 33) == 64 * 17 * 17);
}

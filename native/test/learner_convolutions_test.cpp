// A learner goes on in the forms of its convolutions that its state says, to the last bit.
#include <ATen/ATen.h>

#include <map>
#include <string>

#include "core/model/convolution_choices.h"
#include "core/model/encoder_network.h"
#include "core/ssl/learner.h"

#include "apply.h"
#include "check.h"

namespace {

using namespace byol;

/// Convolutions that are large enough to be measured, some of which differ in all their directions.
LearnerSpec spec_of(Precision precision) {
  LearnerSpec spec;
  spec.encoder.blocks = {1, 1};
  spec.encoder.width = 32;
  spec.projector = {{16}, 8, true, false};
  spec.predictor = HeadSpec{{16}, 8, true, false};
  spec.precision = precision;
  spec.seed = 5;
  return spec;
}

MicroBatch batch_of(Precision precision) {
  at::manual_seed(1);
  const auto images = [&] {
    const at::Tensor drawn = at::rand({16, 3, 16, 16}).contiguous(at::MemoryFormat::ChannelsLast);
    return precision == Precision::BFloat16 ? drawn.to(at::kBFloat16) : drawn;
  };
  return {.view1 = images(), .view2 = images(), .labels = at::zeros({16}, at::kLong)};
}

void run(Learner& learner, Precision precision, int steps) {
  for (int i = 0; i < steps; ++i) {
    learner.accumulate(batch_of(precision));
    apply(learner, {0.1, 0.9});
  }
}

NamedTensors saved(const Learner& learner) {
  NamedTensors out;
  for (const auto& [name, tensor] : learner.state()) out.emplace_back(name, tensor.clone());
  return out;
}

std::string choices_in(const NamedTensors& state) {
  for (const auto& [name, tensor] : state) {
    if (name != kConvolutions) continue;
    const auto* bytes = static_cast<const char*>(tensor.const_data_ptr());
    return {bytes, bytes + tensor.numel()};
  }
  return "none";
}

/// The state with other choices; empty: without any, as an earlier version's.
NamedTensors with_choices(const NamedTensors& state, std::string text) {
  NamedTensors out;
  for (const auto& [name, tensor] : state) {
    if (name != kConvolutions) {
      out.emplace_back(name, tensor);
    } else if (!text.empty()) {
      out.emplace_back(name, at::from_blob(text.data(), {static_cast<int64_t>(text.size())}, at::kByte).clone());
    }
  }
  return out;
}

std::string replaced(std::string text, const std::string& from, const std::string& to) {
  for (size_t at = 0; (at = text.find(from, at)) != std::string::npos; at += to.size()) {
    text.replace(at, from.size(), to);
  }
  return text;
}

bool same(const NamedTensors& a, const NamedTensors& b) {
  const std::map<std::string, at::Tensor> others(b.begin(), b.end());
  bool all = a.size() == b.size();
  for (const auto& [name, tensor] : a) all = all && others.count(name) && at::equal(tensor, others.at(name));
  return all;
}

void check_forms_that_nobody_would_choose(Precision precision) {
  Learner first(spec_of(precision), at::kCPU);
  run(first, precision, 1);
  const NamedTensors start = saved(first);
  const std::string chosen = choices_in(start);
  CHECK(chosen.find("forward") != std::string::npos && chosen.find("weight-gradient") != std::string::npos);
  // Each form that was measured in the place of the other.
  const std::string flipped =
      replaced(replaced(replaced(chosen, "unfolded\n", "?\n"), "library\n", "unfolded\n"), "?\n", "library\n");
  CHECK(flipped != chosen);

  const auto steps = [&](NamedTensors state, std::initializer_list<int> parts) {
    for (const int count : parts) {
      Learner learner(spec_of(precision), at::kCPU);
      learner.load_state(state);
      run(learner, precision, count);
      state = saved(learner);
    }
    return state;
  };
  const NamedTensors whole = steps(with_choices(start, flipped), {10});
  CHECK(choices_in(whole) == flipped);
  CHECK(same(whole, steps(with_choices(start, flipped), {5, 5})));
  const NamedTensors measured = steps(start, {10});
  CHECK(same(measured, steps(start, {5, 5})));
  // The forms do differ in their last bits.
  CHECK(!same(with_choices(measured, ""), with_choices(whole, "")));

  // An earlier version's state: the library for all, also after the next save.
  const std::string library = replaced(chosen, "unfolded\n", "library\n");
  const NamedTensors earlier = steps(with_choices(start, ""), {5, 5});
  CHECK(choices_in(earlier) == "others library\n");
  CHECK(same(with_choices(earlier, ""), with_choices(steps(with_choices(start, library), {10}), "")));
}

}  // namespace

TEST(five_steps_resume_and_five_steps_equal_ten_in_forms_that_nobody_would_choose) {
  check_forms_that_nobody_would_choose(Precision::Float32);
}

TEST(and_so_they_do_in_bfloat16) { check_forms_that_nobody_would_choose(Precision::BFloat16); }

TEST(learners_of_equal_specification_compute_in_equal_forms) {
  Learner a(spec_of(Precision::BFloat16), at::kCPU), b(spec_of(Precision::BFloat16), at::kCPU);
  for (Learner* learner : {&a, &b}) run(*learner, Precision::BFloat16, 3);
  CHECK(same(saved(a), saved(b)));
}

TEST(an_encoder_computes_in_the_forms_of_the_training_state_that_it_is_from) {
  const Precision precision = Precision::Float32;
  Learner learner(spec_of(precision), at::kCPU);
  run(learner, precision, 1);
  const NamedTensors state = saved(learner);
  const std::string library = replaced(choices_in(state), "unfolded\n", "library\n");
  const std::string unfolded = replaced(library, "library\n", "unfolded\n");
  // Another number of images than it was trained with.
  const at::Tensor images = batch_of(precision).view1.narrow(0, 0, 12);
  const auto embedded = [&](const NamedTensors& tensors) {
    EncoderNetwork encoder({spec_of(precision).encoder, {}, precision, 0}, at::kCPU);
    encoder.load_weights(tensors);
    return encoder.embed(images, EmbedStatistics::Running);
  };
  for (const std::string& choices : {library, unfolded}) {
    learner.load_state(with_choices(state, choices));
    CHECK(at::equal(embedded(with_choices(state, choices)), learner.embed(images, EmbedStatistics::Running)));
  }
  CHECK(!at::equal(embedded(with_choices(state, library)), embedded(with_choices(state, unfolded))));
}

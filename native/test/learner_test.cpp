// What the official code does in a step (byol-facts 0.1, 1.3, 1.5 to 1.7), seen from outside the learner.
#include "core/ssl/learner.h"

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

#include <limits>
#include <map>
#include <string>

#include "core/error.h"
#include "core/model/convolution.h"
#include "core/ssl/learner_parts.h"

#include "apply.h"
#include "check.h"

namespace {

using namespace byol;

LearnerSpec tiny(OptimizerKind kind = OptimizerKind::Sgd) {
  LearnerSpec spec;
  spec.encoder.blocks = {1, 1};
  spec.encoder.width = 8;
  spec.projector = {{16}, 8, true, false};
  spec.predictor = HeadSpec{{16}, 8, true, false};
  spec.classes = 3;
  spec.optimizer.kind = kind;
  spec.optimizer.weight_decay = 1e-4;
  spec.seed = 5;
  return spec;
}

at::Tensor images(uint64_t seed, int64_t count = 8) {
  at::manual_seed(seed);
  return at::rand({count, 3, 12, 12}).contiguous(at::MemoryFormat::ChannelsLast);
}

at::Tensor labels(int64_t count = 8) { return at::arange(count) % 3; }

MicroBatch batch(const at::Tensor& view1 = images(1), const at::Tensor& view2 = images(2), int64_t micro_batches = 1) {
  return {.view1 = view1, .view2 = view2, .labels = labels(), .micro_batches = micro_batches};
}

std::map<std::string, at::Tensor> snapshot(const Learner& learner) {
  std::map<std::string, at::Tensor> out;
  for (const auto& [name, tensor] : learner.state()) out[name] = tensor.clone();
  return out;
}

bool starts_with(const std::string& text, const std::string& prefix) { return text.rfind(prefix, 0) == 0; }

}  // namespace

TEST(same_padding_is_tensorflows_rule) {
  const auto check = [](int64_t length, int64_t kernel, int64_t stride, int64_t before, int64_t after) {
    const AxisPadding padding = same_padding(length, kernel, stride);
    CHECK(padding.before == before);
    CHECK(padding.after == after);
  };
  check(224, 7, 2, 2, 3);  // the stem at 224 px
  check(112, 3, 2, 0, 1);  // the pool
  check(56, 3, 2, 0, 1);
  check(55, 3, 2, 1, 1);
  check(32, 3, 1, 1, 1);
  check(56, 1, 2, 0, 0);
}

TEST(only_bottlenecks_start_with_a_last_gamma_of_0) {
  // Haiku's BlockV1: batchnorm_2 of a bottleneck has scale_init=zeros, every other norm has ones.
  for (const BlockKind kind : {BlockKind::Basic, BlockKind::Bottleneck}) {
    LearnerSpec spec = tiny();
    spec.encoder.block = kind;
    spec.encoder.zero_init_last_norm = true;
    int64_t zeros = 0;
    for (const auto& [name, tensor] : Learner(spec, at::kCPU).state()) {
      const bool gamma = starts_with(name, "online.encoder.") && name.find(".weight") != std::string::npos &&
                         (name.find("bn") != std::string::npos || name.find("downsample.1") != std::string::npos);
      if (!gamma) continue;
      const bool zero = name.find(".bn3.") != std::string::npos;
      zeros += zero;
      CHECK(at::equal(tensor, at::full_like(tensor, zero ? 0.0 : 1.0)));
    }
    CHECK(zeros == (kind == BlockKind::Bottleneck ? 2 : 0));
  }
}

TEST(same_padded_convolution_equals_an_explicit_one) {
  NetworkBuilder builder(Initialization::Official);
  const Convolution convolution(builder, "c", 3, 4, 3, 2, Padding::Same);
  NetworkState state(builder, {}, Precision::Float32, at::kCPU, true, 1);
  at::NoGradGuard no_grad;
  const at::Tensor x = images(1), w = state.parameters[0];
  const at::Tensor y = convolution.forward(state.training(), x);
  CHECK(y.sizes() == at::IntArrayRef({8, 4, 6, 6}));
  // Window i covers rows 2i..2i+2; row 12 is the padding.
  double expected = 0;
  for (int64_t c = 0; c < 3; ++c)
    for (int64_t r = 0; r < 3; ++r)
      for (int64_t k = 0; k < 3; ++k)
        if (10 + r < 12 && 4 + k < 12) expected += x[2][c][10 + r][4 + k].item<double>() * w[1][c][r][k].item<double>();
  CHECK_CLOSE(y[2][1][5][2].item<double>(), expected, 1e-5);
}

TEST(the_target_starts_from_its_own_draw_unless_copied) {
  const auto state = snapshot(Learner(tiny(), at::kCPU));
  CHECK(!at::equal(state.at("online.encoder.conv1.weight"), state.at("target.encoder.conv1.weight")));
  LearnerSpec copied = tiny();
  copied.target_init = TargetInit::Copy;
  const auto same = snapshot(Learner(copied, at::kCPU));
  CHECK(at::equal(same.at("online.encoder.conv1.weight"), same.at("target.encoder.conv1.weight")));
}

TEST(ema_uses_the_updated_online_parameters_and_not_the_statistics) {
  Learner learner(tiny(), at::kCPU);
  const auto before = snapshot(learner);
  learner.accumulate(batch());
  apply(learner, {0.1, 0.9});
  const auto after = snapshot(learner);
  int64_t compared = 0;
  for (const auto& [name, old] : before) {
    if (!starts_with(name, "target.") || name.find("statistics") != std::string::npos) continue;
    const at::Tensor& theta = after.at("online." + name.substr(7));
    const at::Tensor expected = 0.9 * old.to(at::kDouble) + 0.1 * theta.to(at::kDouble);
    CHECK(at::allclose(after.at(name).to(at::kDouble), expected, 1e-6, 1e-7));
    ++compared;
  }
  CHECK(compared > 10);
  // Two forward passes each: the target keeps statistics of its own.
  CHECK_CLOSE(after.at("target.statistics.updates").item<double>(), 2.0, 0.0);
  CHECK(!at::allclose(after.at("target.statistics.mean"), after.at("online.statistics.mean")));
}

TEST(running_statistics_are_debiased_averages_of_biased_per_view_statistics) {
  LearnerSpec spec = tiny();
  spec.encoder.padding = Padding::Symmetric;
  Learner learner(spec, at::kCPU);
  const at::Tensor w = snapshot(learner).at("online.encoder.conv1.weight");
  const at::Tensor view1 = images(1), view2 = images(2) * 0.5;
  learner.accumulate(batch(view1, view2));
  apply(learner, {0.0, 1.0});
  const auto statistics = [&](const at::Tensor& x) {
    const at::Tensor y = at::conv2d(x, w, {}, 1, 1).to(at::kDouble);
    return std::pair{y.mean({0, 2, 3}), y.var({0, 2, 3}, /*unbiased=*/false)};
  };
  const auto [mean1, variance1] = statistics(view1);
  const auto [mean2, variance2] = statistics(view2);
  // hidden = 0.9 (0.1 s1) + 0.1 s2, divided by 1 - 0.9^2. Joint statistics would give another variance.
  const auto debiased = [](const at::Tensor& a, const at::Tensor& b) { return (0.09 * a + 0.1 * b) / 0.19; };
  std::map<std::string, at::Tensor> encoder;
  for (const auto& [name, tensor] : learner.encoder_state()) encoder[name] = tensor;
  CHECK(at::allclose(encoder.at("bn1.running_mean").to(at::kDouble), debiased(mean1, mean2), 1e-4, 1e-6));
  CHECK(at::allclose(encoder.at("bn1.running_var").to(at::kDouble), debiased(variance1, variance2), 1e-4, 1e-6));
  CHECK(encoder.at("bn1.num_batches_tracked").item<int64_t>() == 2);
}

TEST(accumulation_averages_gradients_and_moves_the_target_once) {
  // Four micro-batches of the same images have the gradient, and so the step, of one.
  Learner once(tiny(), at::kCPU), four(tiny(), at::kCPU);
  once.accumulate(batch());
  apply(once, {0.1, 0.9});
  for (int i = 0; i < 4; ++i) four.accumulate(batch(images(1), images(2), 4));
  apply(four, {0.1, 0.9});
  const auto a = snapshot(once), b = snapshot(four);
  for (const auto& [name, tensor] : a) {
    if (name.find("statistics") != std::string::npos) continue;
    CHECK(at::allclose(tensor, b.at(name), 1e-4, 1e-6));
  }
  CHECK_CLOSE(b.at("target.statistics.updates").item<double>(), 8.0, 0.0);
  CHECK(b.at("step").item<int64_t>() == 1);
}

TEST(odd_batches_and_few_channels_do_not_corrupt_memory) {
  LearnerSpec spec = tiny();
  spec.classes = 0;
  for (int64_t rows : {3, 5, 7}) {
    Learner learner(spec, at::kCPU);
    for (int i = 0; i < 5; ++i) {
      learner.accumulate({.view1 = images(1, rows), .view2 = images(2, rows), .labels = labels(rows)});
      apply(learner, {0.1, 0.9});
    }
    CHECK(learner.read_metrics().first_bad_step == -1);
  }
}

TEST(the_classifier_does_not_touch_the_representation) {
  LearnerSpec without = tiny();
  without.classes = 0;
  Learner a(tiny(), at::kCPU), b(without, at::kCPU);
  for (Learner* learner : {&a, &b}) {
    learner->accumulate(batch());
    apply(*learner, {0.1, 0.9});
  }
  const auto with = snapshot(a), bare = snapshot(b);
  for (const auto& [name, tensor] : bare) {
    if (starts_with(name, "online.encoder")) CHECK(at::equal(tensor, with.at(name)));
  }
  CHECK(!at::equal(with.at("online.own.classifier.weight"),
                   snapshot(Learner(tiny(), at::kCPU)).at("online.own.classifier.weight")));
}

TEST(the_classifier_learns) {
  Learner learner(tiny(), at::kCPU);
  double first = 0, last = 0;
  for (int i = 0; i < 30; ++i) {
    learner.accumulate(batch(images(1), images(1)));
    apply(learner, {0.1, 0.99});
    const StepMetrics metrics = learner.read_metrics();
    if (i == 0) first = metrics.probe_loss;
    last = metrics.probe_loss;
  }
  CHECK(last < 0.8 * first);
}

TEST(state_round_trip_is_bit_exact) {
  Learner a(tiny(OptimizerKind::Lars), at::kCPU);
  const auto step = [](Learner& learner, uint64_t seed) {
    learner.accumulate(batch(images(seed), images(seed + 100)));
    apply(learner, {0.3, 0.95});
  };
  for (uint64_t i = 0; i < 3; ++i) step(a, i);
  LearnerSpec other = tiny(OptimizerKind::Lars);
  other.seed = 99;
  Learner b(other, at::kCPU);
  NamedTensors copy;
  for (const auto& [name, tensor] : snapshot(a)) copy.emplace_back(name, tensor);
  b.load_state(copy);
  for (uint64_t i = 3; i < 6; ++i) step(a, i), step(b, i);
  const auto left = snapshot(a), right = snapshot(b);
  CHECK(left.size() == right.size());
  for (const auto& [name, tensor] : left) CHECK(at::equal(tensor, right.at(name)));
}

TEST(a_state_of_another_architecture_is_refused) {
  LearnerSpec wider = tiny();
  wider.encoder.width = 16;
  const NamedTensors state = Learner(wider, at::kCPU).state();
  Learner learner(tiny(), at::kCPU);
  bool refused = false;
  try {
    learner.load_state(state);
  } catch (const Error& error) {
    refused = error.code() == "ERR_BYOL_CHECKPOINT";
  }
  CHECK(refused);
}

TEST(a_step_that_is_not_finite_leaves_the_last_good_state) {
  for (OptimizerKind kind : {OptimizerKind::Lars, OptimizerKind::Sgd}) {
    Learner learner(tiny(kind), at::kCPU);
    learner.accumulate(batch());
    apply(learner, {0.1, 0.9});
    const auto good = snapshot(learner);
    at::Tensor bad = images(3);
    bad[0][0][0][0] = std::numeric_limits<float>::quiet_NaN();
    for (const at::Tensor& view : {bad, images(4)}) {  // the second is fine, but comes too late
      learner.accumulate(batch(view, images(5)));
      apply(learner, {0.1, 0.9});
    }
    for (const auto& [name, tensor] : snapshot(learner)) CHECK(at::equal(tensor, good.at(name)));
    CHECK(learner.read_metrics().first_bad_step == 1);
  }
}

TEST(embedding_uses_running_statistics_and_refuses_before_there_are_any) {
  Learner learner(tiny(), at::kCPU);
  bool refused = false;
  try {
    learner.embed(images(1), EmbedStatistics::Running);
  } catch (const Error&) {
    refused = true;
  }
  CHECK(refused);
  CHECK(learner.embed(images(1), EmbedStatistics::Batch).sizes() == at::IntArrayRef({8, 16}));
  learner.accumulate(batch());
  apply(learner, {0.1, 0.9});
  // An image's features do not depend on its neighbours.
  const at::Tensor all = learner.embed(images(1), EmbedStatistics::Running);
  const at::Tensor one = learner.embed(images(1).narrow(0, 2, 1), EmbedStatistics::Running);
  CHECK(at::allclose(all.narrow(0, 2, 1), one, 1e-4, 1e-5));
}

TEST(resnet50_has_torchvisions_parameter_count) {
  LearnerSpec spec = tiny();
  spec.encoder.block = BlockKind::Bottleneck;
  spec.encoder.blocks = {3, 4, 6, 3};
  spec.encoder.width = 64;
  spec.encoder.stem = Stem::ImageNet;
  CHECK(Learner(spec, at::kCPU).encoder_parameters() == 23508032);  // 25,557,032 less the classifier's 2,049,000
}

TEST(weights_of_a_deeper_network_are_refused) {
  LearnerSpec deeper = tiny();
  deeper.encoder.blocks = {1, 2};
  Learner from(deeper, at::kCPU), to(tiny(), at::kCPU);
  from.accumulate(batch());
  apply(from, {0.1, 0.9});
  for (const NamedTensors& weights : {from.state(), from.encoder_state()}) {
    std::string code, text;
    try {
      to.load_weights(weights);
    } catch (const Error& error) {
      code = error.code();
      text = error.what();
    }
    CHECK(code == "ERR_BYOL_CHECKPOINT" && text.find("layer2.1.") != std::string::npos);
  }
}

// Learners without batch statistics (arXiv 2010.10241), seen from outside.
#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

#include <functional>
#include <limits>
#include <map>
#include <string>
#include <vector>

#include "core/error.h"
#include "core/ssl/learner.h"

#include "apply.h"
#include "check.h"

namespace {

using namespace byol;
using State = std::map<std::string, at::Tensor>;

LearnerSpec tiny(NormKind encoder, NormKind projector, NormKind predictor, bool weight_standardization = false) {
  LearnerSpec spec;
  spec.encoder.blocks = {1, 1};
  spec.encoder.width = 8;
  spec.projector = {{16}, 8, true, false};
  spec.predictor = HeadSpec{{16}, 8, true, false};
  spec.norm.encoder = encoder;
  spec.norm.projector = projector;
  spec.norm.predictor = predictor;
  spec.norm.groups = 4;
  spec.norm.weight_standardization = weight_standardization;
  spec.classes = 3;
  spec.optimizer.kind = OptimizerKind::Sgd;
  spec.seed = 5;
  return spec;
}

LearnerSpec tiny(NormKind kind, bool weight_standardization = false) {
  return tiny(kind, kind, kind, weight_standardization);
}

std::vector<LearnerSpec> variants() {
  LearnerSpec output_norm = tiny(NormKind::Affine, NormKind::Group, NormKind::Batch);
  output_norm.projector.output_norm = output_norm.predictor->output_norm = true;
  LearnerSpec lars = tiny(NormKind::Group, true);
  lars.optimizer.kind = OptimizerKind::Lars;
  lars.optimizer.weight_decay = 1e-4;
  return {tiny(NormKind::Group),
          tiny(NormKind::Layer),
          tiny(NormKind::Affine),
          tiny(NormKind::None, true),
          tiny(NormKind::Batch, true),
          tiny(NormKind::Batch, NormKind::None, NormKind::Affine),
          output_norm,
          lars};
}

at::Tensor images(uint64_t seed, int64_t count = 8) {
  at::manual_seed(seed);
  return at::rand({count, 3, 12, 12}).contiguous(at::MemoryFormat::ChannelsLast);
}

at::Tensor labels() { return at::arange(8) % 3; }

State snapshot(const Learner& learner) {
  State out;
  for (const auto& [name, tensor] : learner.state()) out[name] = tensor.clone();
  return out;
}

NamedTensors copy_of(const NamedTensors& tensors) {
  NamedTensors out;
  for (const auto& [name, tensor] : tensors) out.emplace_back(name, tensor.clone());
  return out;
}

double step(Learner& learner, const at::Tensor& view1, const at::Tensor& view2, double rate = 0.1) {
  learner.accumulate(
      {.view1 = view1.to(learner.compute_dtype()), .view2 = view2.to(learner.compute_dtype()), .labels = labels()});
  apply(learner, {rate, 0.95});
  return learner.read_metrics().loss;
}

bool equal(const State& a, const State& b) {
  if (a.size() != b.size()) return false;
  for (const auto& [name, tensor] : a) {
    if (!b.count(name) || !at::equal(tensor, b.at(name))) return false;
  }
  return true;
}

std::string code_of(const std::function<void()>& body) {
  try {
    body();
  } catch (const Error& error) {
    return error.code();
  }
  return "";
}

}  // namespace

TEST(affine_layers_start_as_the_first_batchs_normalisation) {
  // Both views the same: one pass gives the statistics that batch normalisation uses for each.
  for (const bool weight_standardization : {false, true}) {
    Learner affine(tiny(NormKind::Affine, weight_standardization), at::kCPU);
    Learner batch(tiny(NormKind::Batch, weight_standardization), at::kCPU);
    CHECK_CLOSE(step(affine, images(1), images(1)), step(batch, images(1), images(1)), 2e-5);
    // From there on nothing looks at the batch: other images are not normalised.
    const at::Tensor other = images(2) * 3;
    CHECK(std::abs(step(affine, other, other) - step(batch, other, other)) > 1e-3);
  }
}

TEST(affine_layers_take_scale_and_offset_from_the_first_views_statistics) {
  LearnerSpec spec = tiny(NormKind::Affine);
  spec.encoder.padding = Padding::Symmetric;
  Learner learner(spec, at::kCPU);
  const State before = snapshot(learner);
  learner.accumulate({.view1 = images(1), .view2 = images(2), .labels = labels(), .micro_batches = 2});
  const State after = snapshot(learner);
  for (const std::string network : {"online.", "target."}) {  // each from its own pass
    const at::Tensor y = at::conv2d(images(1), before.at(network + "encoder.conv1.weight"), {}, 1, 1).to(at::kDouble);
    const at::Tensor scale = 1 / (y.var({0, 2, 3}, /*unbiased=*/false) + 1e-5).sqrt();
    CHECK(at::allclose(after.at(network + "encoder.bn1.weight").to(at::kDouble), scale, 1e-4, 1e-5));
    CHECK(at::allclose(after.at(network + "encoder.bn1.bias").to(at::kDouble), -y.mean({0, 2, 3}) * scale, 1e-4, 1e-5));
    CHECK(before.at(network + "initialized.encoder.bn1").item<int64_t>() == 0);
    CHECK(after.at(network + "initialized.encoder.bn1").item<int64_t>() == 1);
  }
  CHECK(after.at("online.own.initialized.predictor.norm0").item<int64_t>() == 1);
  // The second micro-batch finds them initialised.
  learner.accumulate({.view1 = images(3), .view2 = images(4), .labels = labels(), .micro_batches = 2});
  CHECK(equal(snapshot(learner), after));
  // The initialisation is no movement of the average.
  CHECK(learner.read_metrics().target_movement == 0.0);
}

TEST(a_first_batch_that_is_not_finite_initialises_nothing) {
  Learner learner(tiny(NormKind::Affine), at::kCPU);
  const State fresh = snapshot(learner);
  at::Tensor bad = images(1);
  bad[0][0][0][0] = std::numeric_limits<float>::quiet_NaN();
  step(learner, bad, images(2));
  CHECK(equal(snapshot(learner), fresh));
  CHECK(learner.read_metrics().first_bad_step == 0);
}

TEST(embedding_with_an_untrained_affine_network_is_batch_normalisation_and_initialises_nothing) {
  Learner affine(tiny(NormKind::Affine), at::kCPU), batch(tiny(NormKind::Batch), at::kCPU);
  const State fresh = snapshot(affine);
  CHECK(at::equal(affine.embed(images(1), EmbedStatistics::Batch), batch.embed(images(1), EmbedStatistics::Batch)));
  CHECK(code_of([&] { affine.embed(images(1), EmbedStatistics::Running); }) == "ERR_BYOL_VALUE");
  CHECK(code_of([&] { affine.encoder_state(); }) == "ERR_BYOL_VALUE");
  CHECK(equal(snapshot(affine), fresh));
  step(affine, images(1), images(2));
  CHECK(at::equal(affine.embed(images(3), EmbedStatistics::Batch), affine.embed(images(3), EmbedStatistics::Running)));
}

TEST(no_normalisation_has_no_parameters_and_no_statistics) {
  Learner learner(tiny(NormKind::None), at::kCPU);
  step(learner, images(1), images(2));
  for (const auto& [name, tensor] : learner.state()) {
    CHECK(name.find("bn") == std::string::npos && name.find("norm") == std::string::npos);
    CHECK(name.find("downsample.1") == std::string::npos && name.find("statistics") == std::string::npos);
  }
}

TEST(without_batch_statistics_an_image_is_embedded_alone) {
  for (const NormKind kind : {NormKind::Group, NormKind::Layer, NormKind::Affine, NormKind::None}) {
    // Only the encoder embeds: batch statistics in the heads do not matter.
    Learner learner(tiny(kind, NormKind::Batch, NormKind::Batch), at::kCPU);
    if (kind != NormKind::Affine) learner.embed(images(1), EmbedStatistics::Running);  // untrained
    step(learner, images(1), images(2));
    const at::Tensor all = learner.embed(images(3), EmbedStatistics::Running);
    const at::Tensor one = learner.embed(images(3).narrow(0, 2, 1), EmbedStatistics::Batch);
    CHECK(all.std(0).max().item<double>() > 1e-4);
    CHECK(at::allclose(all.narrow(0, 2, 1), one, 1e-4, 1e-5));
  }
}

TEST(learners_of_every_norm_go_on_bit_exactly) {
  for (const LearnerSpec& spec : variants()) {
    for (const int steps_before : {0, 2}) {
      Learner a(spec, at::kCPU);
      LearnerSpec other = spec;
      other.seed = 99;
      Learner b(other, at::kCPU);
      for (int i = 0; i < steps_before; ++i) step(a, images(i), images(i + 10));
      b.load_state(copy_of(a.state()));
      for (int i = 2; i < 4; ++i) CHECK(step(a, images(i), images(i + 10)) == step(b, images(i), images(i + 10)));
      CHECK(equal(snapshot(a), snapshot(b)));
      CHECK(a.state().size() == b.state().size());
    }
  }
}

TEST(learners_of_every_norm_are_close_in_bfloat16) {
  for (LearnerSpec spec : variants()) {
    Learner full(spec, at::kCPU);
    spec.precision = Precision::BFloat16;
    Learner low(spec, at::kCPU);
    // At rate 0: what a step does to affine layers, that nothing normalises again, differs by more than rounding.
    CHECK_CLOSE(step(low, images(1), images(2), 0.0), step(full, images(1), images(2), 0.0), 0.05);
    const at::Tensor a = full.embed(images(3), EmbedStatistics::Running);
    const at::Tensor b = low.embed(images(3).to(at::kBFloat16), EmbedStatistics::Running);
    CHECK_CLOSE((a - b).norm().item<double>() / a.norm().item<double>(), 0.0, 0.02);
  }
}

TEST(every_norm_learns) {
  for (const LearnerSpec& spec : variants()) {
    Learner learner(spec, at::kCPU);
    double first = 0, last = 0;
    for (int i = 0; i < 30; ++i) {
      last = step(learner, images(1), images(1), spec.optimizer.kind == OptimizerKind::Lars ? 1.0 : 0.05);
      if (i == 0) first = last;
    }
    CHECK(last < 0.9 * first);
  }
}

TEST(encoder_files_hold_running_statistics_of_batch_norms_only) {
  for (const LearnerSpec& spec : variants()) {
    Learner learner(spec, at::kCPU);
    step(learner, images(1), images(2));
    const NamedTensors file = copy_of(learner.encoder_state());
    bool running = false, scale = false;
    for (const auto& [name, tensor] : file) {
      running = running || name == "bn1.running_mean" || name == "bn1.num_batches_tracked";
      scale = scale || name == "bn1.weight";
    }
    CHECK(running == (spec.norm.encoder == NormKind::Batch));
    CHECK(scale == (spec.norm.encoder != NormKind::None));
    LearnerSpec other = spec;
    other.seed = 99;
    Learner fresh(other, at::kCPU);
    fresh.load_weights(file);
    const auto embed = [](Learner& l) { return l.embed(images(3), EmbedStatistics::Running); };
    CHECK(at::allclose(embed(fresh), embed(learner), 1e-5, 1e-6));
    step(fresh, images(1), images(2));  // heads that wait for their initialisation get it
    Learner whole(other, at::kCPU);
    whole.load_weights(copy_of(learner.state()));
    CHECK(at::equal(embed(whole), embed(learner)));
  }
}

TEST(weights_of_another_kind_of_norm) {
  Learner batch(tiny(NormKind::Batch), at::kCPU), group(tiny(NormKind::Group), at::kCPU);
  step(batch, images(1), images(2));
  step(group, images(1), images(2));
  const NamedTensors with = copy_of(batch.encoder_state()), without = copy_of(group.encoder_state());
  for (const NormKind kind : {NormKind::Group, NormKind::Layer, NormKind::None}) {
    Learner learner(tiny(kind), at::kCPU);
    learner.load_weights(with);
    if (kind == NormKind::None) learner.load_weights(copy_of(batch.state()));
    learner.embed(images(3), EmbedStatistics::Running);
  }
  Learner refusing(tiny(NormKind::Batch), at::kCPU);
  CHECK(code_of([&] { refusing.load_weights(without); }) == "ERR_BYOL_CHECKPOINT");
  // Gamma and beta of a batch normalisation become an affine layer with the first batch; other ones are one already.
  Learner affine(tiny(NormKind::Affine), at::kCPU);
  affine.load_weights(with);
  CHECK(at::equal(affine.embed(images(3), EmbedStatistics::Batch), batch.embed(images(3), EmbedStatistics::Batch)));
  affine.load_weights(without);
  CHECK(snapshot(affine).at("online.initialized.encoder.bn1").item<int64_t>() == 1);
  CHECK(snapshot(affine).at("online.initialized.projector.norm0").item<int64_t>() == 0);
}

TEST(a_learner_with_uneven_groups_is_refused) {
  LearnerSpec spec = tiny(NormKind::Group);
  spec.norm.groups = 16;
  CHECK(code_of([&] { Learner(spec, at::kCPU); }) == "ERR_BYOL_SHAPE");
}

// Evaluation on a device, on the one that stands in for it: the same as the processor's, and how often it is waited
// for.
#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

#include <cmath>
#include <memory>
#include <numeric>
#include <string>
#include <vector>

#include "check.h"
#include "core/augment/placed_views.h"
#include "core/device/runtime.h"
#include "core/error.h"
#include "core/eval/knn.h"
#include "core/eval/linear_probe.h"
#include "core/model/encoder_network.h"
#include "core/ssl/learner.h"
#include "learner_variants.h"
#include "waits.h"

namespace {

using namespace byol;
using byol::shim::StandIn;
using byol::shim::Waits;
using byol::shim::waits_of;

/// One value that the host reads.
const Waits kOneValue = {{"aten::item", 1}, {"aten::_local_scalar_dense", 1}};

std::string code_of(const std::function<void()>& body) {
  try {
    body();
  } catch (const Error& error) {
    return error.code();
  }
  return "";
}

at::Tensor some_labels(int64_t rows, int64_t classes) {
  at::manual_seed(3);
  at::Tensor labels = at::randint(classes, {rows}, at::kLong);
  labels.slice(0, 0, rows, 7).fill_(-1);
  return labels;
}

FeatureBank bank_of(int64_t rows, int64_t features, int64_t classes, uint64_t seed) {
  const at::Tensor labels = some_labels(rows, classes);
  at::manual_seed(seed);
  FeatureBank bank(rows, features, at::kCPU);
  bank.write(0, at::randn({rows, features}) + labels.unsqueeze(1), labels);
  return bank;
}

std::vector<int64_t> first_rows(int64_t count) {
  std::vector<int64_t> rows(static_cast<size_t>(count));
  std::iota(rows.begin(), rows.end(), int64_t{0});
  return rows;
}

}  // namespace

TEST(embedding_on_a_device_waits_once_a_batch) {
  constexpr int64_t kRows = 6, kSide = 8;
  LearnerSpec spec = learner_variants::tiny();
  NamedTensors trained;
  {
    Learner learner(spec, at::kCPU);
    at::manual_seed(1);
    const auto view = [&] { return at::randn({kRows, 3, kSide, kSide}).contiguous(at::MemoryFormat::ChannelsLast); };
    for (int step = 0; step < 3; ++step) {
      learner.accumulate({.view1 = view(), .view2 = view(), .labels = at::zeros({kRows}, at::kLong)});
      learner.apply();
    }
    for (const auto& [name, tensor] : learner.encoder_state()) trained.emplace_back(name, tensor.clone());
  }
  const std::shared_ptr<uint8_t[]> pixels(new uint8_t[kRows * kSide * kSide * 3]);
  for (int64_t i = 0; i < kRows * kSide * kSide * 3; ++i) pixels[i] = static_cast<uint8_t>(i * 37 % 256);
  const std::vector<int64_t> sides(kRows, kSide), numbers = {0, 1, 2, 3, -1, 5};
  const ImageStore images(pixels, sides, sides, numbers);
  ViewSpec view;
  view.height = view.width = kSide;
  std::vector<float> plan(kRows * kPlanColumns, 0.0F);
  for (int64_t row = 0; row < kRows; ++row) {
    float* const columns = plan.data() + row * kPlanColumns;
    columns[kCropHeight] = columns[kCropWidth] = kSide;
    columns[kJitterOrder] = -1.0F;
  }
  const auto embed = [&](const EncoderNetwork& encoder, FeatureBank& bank, int64_t offset) {
    const at::NoGradGuard no_grad;
    const at::Tensor views =
        execute_plan_on(use_device(at::kCPU), images, first_rows(kRows), plan.data(), view, encoder.compute_dtype());
    bank.write(offset, encoder.embed(views, EmbedStatistics::Running), images.labels_of(first_rows(kRows)));
  };

  const EncoderNetworkSpec network{spec.encoder, spec.norm, Precision::Float32, 1};
  FeatureBank expected(2 * kRows, spec.encoder.features(), at::kCPU);
  EncoderNetwork processor(network, at::kCPU);
  processor.load_weights(trained);
  embed(processor, expected, 0);
  embed(processor, expected, kRows);
  const StandIn device;
  EncoderNetwork encoder(network, at::kCPU);
  encoder.load_weights(trained);
  FeatureBank bank(2 * kRows, spec.encoder.features(), at::kCPU);
  // The first batch moves the images there and asks whether there are statistics.
  embed(encoder, bank, 0);
  CHECK(waits_of(device, [&] { embed(encoder, bank, kRows); }) == kOneValue);
  CHECK(waits_of(device, [&] { bank.labels(); }).empty());
  CHECK(at::allclose(bank.features(), expected.features(), 1e-4, 1e-5) && at::equal(bank.labels(), expected.labels()));
}

TEST(banks_on_a_device_refuse_what_is_not_finite_at_once) {
  const StandIn device;
  FeatureBank bank = bank_of(4, 2, 3, 1);
  const at::Tensor features = bank.features().clone(), labels = bank.labels().clone();
  at::Tensor broken = at::zeros({2, 2});
  broken[1][0] = std::nan("");
  CHECK(code_of([&] { bank.write(0, broken, at::ones({2}, at::kLong)); }) == "ERR_BYOL_NOT_FINITE");
  CHECK(at::equal(bank.features(), features) && at::equal(bank.labels(), labels));
  // Labels follow what is written.
  bank.write(1, at::zeros({2, 2}), at::full({2}, 2, at::kLong));
  CHECK(bank.labels()[1].item<int64_t>() == 2 && bank.labels()[3].item<int64_t>() == labels[3].item<int64_t>());
}

TEST(linear_probes_on_a_device_wait_for_nothing_but_what_is_asked) {
  constexpr int64_t kFeatures = 6, kClasses = 5;
  const FeatureBank expected_bank = bank_of(64, kFeatures, kClasses, 2);
  LinearProbe expected({kFeatures, kClasses, {0.05, 0.4}, 0.9, true, 0.01, {}, 17}, at::kCPU);
  for (int step = 0; step < 3; ++step) expected.step(expected_bank, first_rows(16), 1.0);
  const StandIn device;
  const FeatureBank bank = bank_of(64, kFeatures, kClasses, 2);
  LinearProbe probe({kFeatures, kClasses, {0.05, 0.4}, 0.9, true, 0.01, {}, 17}, at::kCPU);
  for (int step = 0; step < 3; ++step) {
    CHECK(waits_of(device, [&] { probe.step(bank, first_rows(16), 1.0); }).empty());
  }
  CHECK(probe.losses() == expected.losses());
  CHECK(waits_of(device, [&] { probe.losses(); }) == Waits({{"aten::to a device", 1}}));
  // Of each classifier once.
  CHECK(waits_of(device, [&] { probe.evaluate(bank); }) == Waits({{"aten::to a device", 2}}));
  CHECK(probe.evaluate(bank)[1].top1 == expected.evaluate(expected_bank)[1].top1);
}

TEST(knn_on_a_device_waits_once_for_all_its_chunks) {
  const FeatureBank train = bank_of(1500, 8, 12, 1), test = bank_of(2500, 8, 12, 5);  // two parts, three chunks
  const auto queries = std::make_shared<const FeatureBank>(test);
  for (const KnnSimilarity similarity : {KnnSimilarity::Cosine, KnnSimilarity::Euclidean}) {
    const KnnRule rule{12, 20, similarity, KnnVote::Weighted, 0.1};
    KnnClassifier processor(queries, rule);
    processor.add(train);
    const Accuracy expected = processor.accuracy();
    const StandIn device;
    KnnClassifier classifier(queries, rule);
    CHECK(waits_of(device, [&] { classifier.add(train); }).empty());
    Accuracy accuracy;
    CHECK(waits_of(device, [&] { accuracy = classifier.accuracy(); }) == Waits({{"aten::to a device", 1}}));
    CHECK(accuracy.top1 == expected.top1 && accuracy.top5 == expected.top5 && accuracy.top1 > 0.1);
  }
}

// Whatever takes long gives up between its parts once its thread is asked to, and leaves nothing half done.
#include "core/interrupt.h"

#include <ATen/ATen.h>

#include <atomic>
#include <cstdlib>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "apply.h"
#include "check.h"
#include "core/augment/plan.h"
#include "core/error.h"
#include "core/eval/feature_bank.h"
#include "core/eval/knn.h"
#include "core/eval/linear_probe.h"
#include "core/io/tensor_file.h"
#include "core/ssl/learner.h"

namespace {

using namespace byol;

/// The code of what `body` throws on a thread that is asked to end.
std::string when_interrupted(const std::function<void()>& body) {
  const std::atomic<bool> ending = true;
  std::string code = "none";
  interruptible_by(&ending);
  try {
    body();
  } catch (const Error& error) {
    code = error.code();
  }
  interruptible_by(nullptr);
  return code;
}

}  // namespace

TEST(a_thread_that_nobody_asks_to_end_is_not_interrupted) {
  const std::atomic<bool> ending = false;
  throw_if_interrupted();
  interruptible_by(&ending);
  throw_if_interrupted();
  interruptible_by(nullptr);
}

TEST(evaluations_give_up) {
  FeatureBank bank(8, 4, at::kCPU);
  bank.write(0, at::rand({8, 4}), at::arange(8) % 2);
  LinearProbe probe({4, 2, {0.1}, 0.9, true, 0.0, {}, 1}, at::kCPU);
  KnnClassifier knn(std::make_shared<const FeatureBank>(bank),
                    {2, 1, KnnSimilarity::Cosine, KnnVote::Weighted, 0.1});
  CHECK(when_interrupted([&] { knn.add(bank); }) == "ERR_BYOL_SHUTDOWN");
  CHECK(when_interrupted([&] { probe.step(bank, {0, 1}, 1.0); }) == "ERR_BYOL_SHUTDOWN");
  CHECK(when_interrupted([&] { probe.evaluate(bank); }) == "ERR_BYOL_SHUTDOWN");
}

TEST(both_executors_give_up) {
  std::shared_ptr<uint8_t[]> pixels(new uint8_t[8 * 8 * 3]());
  const ImageStore images(pixels, {8}, {8}, {});
  ViewSpec view;
  view.height = view.width = 8;
  std::vector<float> plan(kPlanColumns, 0.0F);
  plan[kCropHeight] = plan[kCropWidth] = 8;
  plan[kJitterOrder] = -1;
  CHECK(when_interrupted([&] { execute_plan(images, {0}, plan.data(), view, at::kFloat); }) == "ERR_BYOL_SHUTDOWN");
  CHECK(when_interrupted([&] { execute_plan_reference(images, {0}, plan.data(), view); }) == "ERR_BYOL_SHUTDOWN");
}

TEST(files_are_not_finished) {
  const auto folder = std::filesystem::temp_directory_path() / ("byol-interrupt-" + std::to_string(std::rand()));
  std::filesystem::create_directory(folder);
  const std::string path = folder / "state.safetensors";
  const NamedTensors tensors{{"a", at::ones({3})}};
  CHECK(when_interrupted([&] { save_tensors(path, tensors, {}); }) == "ERR_BYOL_SHUTDOWN");
  CHECK(std::filesystem::is_empty(folder));
  save_tensors(path, tensors, {});
  CHECK(when_interrupted([&] { load_tensors(path); }) == "ERR_BYOL_SHUTDOWN");
  std::filesystem::remove_all(folder);
}

TEST(forward_and_backward_passes_give_up) {
  LearnerSpec spec;
  spec.encoder.blocks = {1};
  spec.encoder.width = 8;
  spec.projector = {{16}, 8, true, false};
  spec.predictor = HeadSpec{{16}, 8, true, false};
  Learner learner(spec, at::kCPU);
  const at::Tensor view = at::rand({4, 3, 8, 8}).contiguous(at::MemoryFormat::ChannelsLast);
  const MicroBatch batch{.view1 = view, .view2 = view, .labels = at::zeros({4}, at::kLong)};
  CHECK(when_interrupted([&] { learner.accumulate(batch); }) == "ERR_BYOL_SHUTDOWN");
  learner.abandon();
  CHECK(when_interrupted([&] { learner.embed(view, EmbedStatistics::Batch); }) == "ERR_BYOL_SHUTDOWN");
  // An update that has begun is carried through.
  learner.accumulate(batch);
  CHECK(when_interrupted([&] { apply(learner, {0.1, 0.9}); }) == "none");
  CHECK(learner.step() == 1);
}

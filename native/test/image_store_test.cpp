// Stores of images of any sizes, and the plans that fit them.
#include "core/data/image_store.h"

#include <ATen/ATen.h>

#include <cmath>
#include <numeric>
#include <utility>
#include <vector>

#include "core/augment/plan.h"

#include "augment_cases.h"
#include "check.h"

using namespace augment_cases;
using byol::BlurBorder;

TEST(image_store_holds_pixels_and_labels) {
  std::vector<uint8_t> pixels(3 * 4 * 3 + 5 * 2 * 3);
  std::iota(pixels.begin(), pixels.end(), uint8_t{0});
  const std::vector<int64_t> heights = {3, 5}, widths = {4, 2}, labels = {7, 3};
  const ImageStore store(copy_of(pixels), heights, widths, labels);
  CHECK(store.size() == 2 && store.height(0) == 3 && store.width(0) == 4 && store.height(1) == 5 &&
        store.width(1) == 2);
  CHECK(at::equal(store.image(0), at::arange(36, at::kByte).view({3, 4, 3})));
  CHECK(at::equal(store.image(1), at::arange(36, 66, at::kByte).view({5, 2, 3})));
  CHECK(store.pixels(1)[0] == 36);
  CHECK(at::equal(store.labels_of({1, 0, 1}), at::tensor({3, 7, 3}, at::kLong)));
  CHECK(at::equal(ImageStore(copy_of(pixels), heights, widths, {}).labels(), at::tensor({-1, -1}, at::kLong)));
  CHECK(error_code([&] { store.labels_of({2}); }) == "ERR_BYOL_SHAPE");
  const auto refused = [&](std::vector<int64_t> h, std::vector<int64_t> w, std::vector<int64_t> l) {
    return error_code([&] { ImageStore(copy_of(pixels), h, w, l); }) == "ERR_BYOL_SHAPE";
  };
  CHECK(refused({}, {}, {}) && refused(heights, {4}, {}) && refused(heights, widths, {7}) &&
        refused({3, 0}, widths, {}));
  const at::Tensor kept = ImageStore(copy_of(pixels), heights, widths, {}).image(1);  // outlives its store
  CHECK(at::equal(kept, store.image(1)));
}

TEST(augment_takes_each_image_in_its_own_size) {
  // Large and small ones in turn, so that each finds leftovers of the other; crops that only their own image has.
  const std::vector<int64_t> heights = {40, 9, 25, 64}, widths = {31, 12, 80, 16};
  std::vector<Cases> alone;
  std::vector<uint8_t> pixels;
  for (std::size_t i = 0; i < heights.size(); ++i) {
    alone.emplace_back(1, static_cast<int>(heights[i]), static_cast<int>(widths[i]), 90U + static_cast<unsigned>(i));
    for (int repeat = 0; repeat < 5; ++repeat) alone[i].add_jitter(repeat, JitterKind::Official)[byol::kBlurSigma] = 1;
    pixels.insert(pixels.end(), alone[i].pixels.begin(), alone[i].pixels.end());
  }
  std::vector<int64_t> indices;
  std::vector<float> plan;
  std::vector<at::Tensor> expected;
  ViewSpec view = view_of(20, 23);
  view.blur_radius = 2;
  for (int64_t row = 0; row < 20; ++row) {
    const auto image = static_cast<std::size_t>(row % 4);
    const auto from = alone[image].plan.begin() + row / 4 * byol::kPlanColumns;
    plan.insert(plan.end(), from, from + byol::kPlanColumns);
    indices.push_back(row % 4);
    expected.push_back(alone[image].expected(view)[row / 4]);
  }
  const ImageStore store(copy_of(pixels), heights, widths, {});
  for (const bool antialias : {false, true}) {
    view.antialias = antialias;
    const at::Tensor fused = execute_plan(store, indices, plan.data(), view, at::kFloat, 1);
    const at::Tensor reference = execute_plan_reference(store, indices, plan.data(), view);
    CHECK_CLOSE(largest_difference(fused, reference), 0.0, kTolerance);
    if (!antialias) CHECK_CLOSE(largest_difference(fused, at::stack(expected)), 0.0, kTolerance);
    for (int64_t row = 0; row < 4; ++row) {
      const auto i = static_cast<std::size_t>(row);
      const at::Tensor same =
          execute_plan(alone[i].store(), {0}, plan.data() + row * byol::kPlanColumns, view, at::kFloat);
      CHECK(at::equal(fused[row], same[0]));
    }
  }
  // The bound of a crop is its own image's side.
  plan[byol::kCropHeight] = 40.0F;
  plan[byol::kCropTop] = 0.0F;
  CHECK(error_code([&] { execute_plan(store, indices, plan.data(), view, at::kFloat); }) == "no error");
  plan[byol::kPlanColumns + byol::kCropHeight] = 40.0F;
  CHECK(error_code([&] { execute_plan(store, indices, plan.data(), view, at::kFloat); }) == "ERR_BYOL_VALUE");
  CHECK(error_code([&] { execute_plan_reference(store, indices, plan.data(), view); }) == "ERR_BYOL_VALUE");
}

TEST(augment_refuses_bad_plans) {
  Cases cases(2, 16, 16, 80);
  cases.add_jitter(5, JitterKind::Official);
  const ImageStore store = cases.store();
  ViewSpec view = view_of(16, 16);
  const auto code_with = [&](int column, float value) {
    std::vector<float> plan = cases.plan;
    plan[column] = value;
    const auto fused = error_code([&] { execute_plan(store, cases.indices, plan.data(), view, at::kFloat, 0); });
    CHECK(fused == error_code([&] { execute_plan_reference(store, cases.indices, plan.data(), view); }));
    return fused;
  };
  CHECK(code_with(byol::kFlip, 1.0F) == "no error");
  for (const auto& [column, value] : std::vector<std::pair<int, float>>{{byol::kCropTop, -1.0F},
                                                                        {byol::kCropTop, 16.0F},
                                                                        {byol::kCropLeft, 0.5F + 16.0F},
                                                                        {byol::kCropHeight, 0.0F},
                                                                        {byol::kCropWidth, 17.0F},
                                                                        {byol::kCropWidth, NAN},
                                                                        {byol::kFlip, 2.0F},
                                                                        {byol::kJitterOrder, 24.0F},
                                                                        {byol::kJitterOrder, -2.0F},
                                                                        {byol::kBrightness, INFINITY},
                                                                        {byol::kContrast, -0.1F},
                                                                        {byol::kSaturation, NAN},
                                                                        {byol::kHue, 0.6F},
                                                                        {byol::kGrayscale, 0.5F},
                                                                        {byol::kBlurSigma, -1.0F},
                                                                        {byol::kBlurSigma, NAN},
                                                                        {byol::kSolarize, -1.0F}}) {
    CHECK(code_with(column, value) == "ERR_BYOL_VALUE");
  }
  const auto code_of = [&](std::vector<int64_t> indices, const ViewSpec& spec, at::ScalarType dtype, int threads) {
    return error_code([&] { execute_plan(store, indices, cases.plan.data(), spec, dtype, threads); });
  };
  CHECK(code_of({2}, view, at::kFloat, 0) == "ERR_BYOL_SHAPE");
  CHECK(code_of({-1}, view, at::kFloat, 0) == "ERR_BYOL_SHAPE");
  CHECK(code_of({0}, view_of(0, 16), at::kFloat, 0) == "ERR_BYOL_SHAPE");
  CHECK(code_of({0}, view, at::kHalf, 0) == "ERR_BYOL_VALUE");
  CHECK(code_of({0}, view, at::kFloat, -1) == "ERR_BYOL_VALUE");
  ViewSpec wide_blur = view;
  wide_blur.blur_radius = 16;
  CHECK(code_of({0}, wide_blur, at::kFloat, 0) == "no error");
  wide_blur.blur_border = BlurBorder::Reflect;
  CHECK(code_of({0}, wide_blur, at::kFloat, 0) == "ERR_BYOL_VALUE");
  ViewSpec flat = view;
  flat.std[1] = 0.0F;
  CHECK(code_of({0}, flat, at::kFloat, 0) == "ERR_BYOL_VALUE");
}

// The augmentation executors against the float64 implementation of augment_oracle.h and against ATen's own resampling.

#include <ATen/ATen.h>
#include <ATen/Parallel.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <functional>
#include <memory>
#include <numeric>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "core/augment/fused_kernels.h"
#include "core/augment/plan.h"
#include "core/augment/plan_row.h"
#include "core/error.h"

#include "augment_oracle.h"
#include "check.h"

namespace {

using byol::BlurBorder;
using byol::ImageStore;
using byol::JitterKind;
using byol::Resampling;
using byol::ViewSpec;

std::shared_ptr<uint8_t[]> copy_of(const std::vector<uint8_t>& pixels) {
  std::shared_ptr<uint8_t[]> copy(new uint8_t[pixels.size()]);
  std::copy(pixels.begin(), pixels.end(), copy.get());
  return copy;
}

// --- Cases ---

struct Cases {
  int count, height, width;
  std::vector<uint8_t> pixels;
  std::vector<int64_t> indices;
  std::vector<float> plan;

  Cases(int images, int h, int w, unsigned seed) : count(images), height(h), width(w), random(seed) {
    // Smooth colours with some noise, some pixels saturated, some exactly grey.
    for (int n = 0; n < images; ++n) {
      for (int i = 0; i < h * w; ++i) {
        const bool grey = random() % 8 == 0;
        const auto level = static_cast<uint8_t>(random() % 256);
        for (int c = 0; c < 3; ++c) {
          const double wave = 128 + 140 * std::sin(0.2 * (n + 1) * (i / w) + 0.15 * (i % w) + 2 * c);
          const double value = wave + static_cast<double>(random() % 40);
          pixels.push_back(grey ? level : static_cast<uint8_t>(std::clamp(value, 0.0, 255.0)));
        }
      }
    }
  }

  std::mt19937 random;
  double uniform(double low, double high) { return std::uniform_real_distribution<double>(low, high)(random); }

  // A row that only resizes a random crop.
  float* add() {
    const int crop_height = 1 + static_cast<int>(random() % height),
              crop_width = 1 + static_cast<int>(random() % width);
    std::vector<float> row(byol::kPlanColumns, 0.0F);
    row[byol::kCropHeight] = static_cast<float>(crop_height);
    row[byol::kCropWidth] = static_cast<float>(crop_width);
    row[byol::kCropTop] = static_cast<float>(random() % (height - crop_height + 1));
    row[byol::kCropLeft] = static_cast<float>(random() % (width - crop_width + 1));
    row[byol::kJitterOrder] = -1;
    plan.insert(plan.end(), row.begin(), row.end());
    indices.push_back(static_cast<int64_t>(random() % count));
    return plan.data() + plan.size() - byol::kPlanColumns;
  }

  float* add_jitter(int order, JitterKind kind) {
    float* row = add();
    row[byol::kJitterOrder] = static_cast<float>(order);
    const bool official = kind == JitterKind::Official;
    row[byol::kBrightness] = static_cast<float>(official ? uniform(-0.4, 0.4) : uniform(0.6, 1.4));
    row[byol::kContrast] = static_cast<float>(uniform(0.6, 1.4));
    row[byol::kSaturation] = static_cast<float>(uniform(0.0, 2.0));
    row[byol::kHue] = static_cast<float>(uniform(-0.5, 0.5));
    return row;
  }

  ImageStore store() const {
    const auto each = [&](int side) { return std::vector<int64_t>(static_cast<std::size_t>(count), side); };
    return {copy_of(pixels), each(height), each(width), {}};
  }

  at::Tensor expected(const ViewSpec& view) const {
    at::Tensor out = at::empty({static_cast<int64_t>(indices.size()), view.height, view.width, 3}, at::kDouble);
    for (std::size_t i = 0; i < indices.size(); ++i) {
      const oracle::Image image = oracle::expected_view(pixels.data() + indices[i] * height * width * 3, width,
                                                        plan.data() + i * byol::kPlanColumns, view);
      std::copy(image.v.begin(), image.v.end(), out[static_cast<int64_t>(i)].data_ptr<double>());
    }
    return out.permute({0, 3, 1, 2});
  }
};

ViewSpec view_of(int height, int width) {
  ViewSpec view;
  view.height = height;
  view.width = width;
  return view;
}

double largest_difference(const at::Tensor& a, const at::Tensor& b) {
  return (a.to(at::kDouble) - b.to(at::kDouble)).abs().max().item<double>();
}

// Float32 arithmetic on values in [0, 1], some twenty operations deep.
constexpr double kTolerance = 4e-6;

void check_both(const Cases& cases, const ViewSpec& view, double tolerance = kTolerance) {
  const ImageStore store = cases.store();
  const at::Tensor expected = cases.expected(view);
  const at::Tensor reference = execute_plan_reference(store, cases.indices, cases.plan.data(), view);
  const at::Tensor fused = execute_plan(store, cases.indices, cases.plan.data(), view, at::kFloat, 0);
  CHECK(fused.is_contiguous(at::MemoryFormat::ChannelsLast));
  CHECK(reference.is_contiguous(at::MemoryFormat::ChannelsLast));
  CHECK_CLOSE(largest_difference(reference, expected), 0.0, tolerance);
  CHECK_CLOSE(largest_difference(fused, expected), 0.0, tolerance);
}

// Every operation with some probability, as a pipeline would draw them.
Cases mixture(JitterKind kind, int rows, int height, int width, unsigned seed) {
  Cases cases(6, height, width, seed);
  for (int i = 0; i < rows; ++i) {
    float* row = cases.random() % 5 ? cases.add_jitter(static_cast<int>(cases.random() % 24), kind) : cases.add();
    row[byol::kFlip] = static_cast<float>(cases.random() % 2);
    row[byol::kGrayscale] = cases.random() % 5 == 0 ? 1.0F : 0.0F;
    row[byol::kBlurSigma] = cases.random() % 2 ? static_cast<float>(cases.uniform(0.1, 2.0)) : 0.0F;
    row[byol::kSolarize] = cases.random() % 3 == 0 ? 1.0F : 0.0F;
  }
  return cases;
}

std::string error_code(const std::function<void()>& body) {
  try {
    body();
  } catch (const byol::Error& error) {
    return error.code();
  }
  return "no error";
}

}  // namespace

TEST(augment_resize_matches_float64) {
  for (const auto resampling : {Resampling::Bicubic, Resampling::Bilinear}) {
    for (const bool antialias : {false, true}) {
      for (const auto& [height, width] : {std::pair{16, 16}, std::pair{40, 33}, std::pair{7, 50}}) {
        Cases cases(3, 32, 29, 1);
        for (int i = 0; i < 12; ++i) cases.add()[byol::kFlip] = static_cast<float>(i % 2);
        ViewSpec view = view_of(height, width);
        view.resampling = resampling;
        view.antialias = antialias;
        check_both(cases, view);
      }
    }
  }
}

TEST(augment_resize_matches_aten) {
  Cases cases(4, 37, 45, 2);
  for (int i = 0; i < 8; ++i) cases.add();
  const ImageStore store = cases.store();
  struct Kind {
    Resampling resampling;
    bool antialias;
  };
  for (const Kind kind :
       {Kind{Resampling::Bicubic, true}, Kind{Resampling::Bilinear, true}, Kind{Resampling::Bilinear, false}}) {
    ViewSpec view = view_of(24, 20);
    view.resampling = kind.resampling;
    view.antialias = kind.antialias;
    const at::Tensor views = execute_plan(store, cases.indices, cases.plan.data(), view, at::kFloat, 0);
    for (std::size_t i = 0; i < cases.indices.size(); ++i) {
      const float* row = cases.plan.data() + i * byol::kPlanColumns;
      const at::Tensor crop =
          store.image(cases.indices[i])
              .narrow(0, static_cast<int64_t>(row[byol::kCropTop]), static_cast<int64_t>(row[byol::kCropHeight]))
              .narrow(1, static_cast<int64_t>(row[byol::kCropLeft]), static_cast<int64_t>(row[byol::kCropWidth]))
              .permute({2, 0, 1})
              .unsqueeze(0)
              .to(at::kFloat)
              .contiguous();
      const std::array<int64_t, 2> size = {24, 20};
      const at::Tensor resized = kind.resampling == Resampling::Bicubic ? at::_upsample_bicubic2d_aa(crop, size, false)
                                 : kind.antialias                       ? at::_upsample_bilinear2d_aa(crop, size, false)
                                                                        : at::upsample_bilinear2d(crop, size, false);
      CHECK_CLOSE(largest_difference(views[static_cast<int64_t>(i)].unsqueeze(0), (resized / 255).clamp(0, 1)), 0.0,
                  1e-5);  // ATen has the positions in float32
    }
  }
}

TEST(augment_whole_image_is_exact) {
  Cases cases(5, 32, 32, 3);
  for (int i = 0; i < 10; ++i) {
    float* row = cases.add();
    std::fill(row, row + byol::kJitterOrder, 0.0F);
    row[byol::kCropHeight] = row[byol::kCropWidth] = 32;
    row[byol::kFlip] = static_cast<float>(i % 2);
  }
  const ImageStore store = cases.store();
  for (const bool antialias : {false, true}) {
    ViewSpec view = view_of(32, 32);
    view.antialias = antialias;
    const at::Tensor fused = execute_plan(store, cases.indices, cases.plan.data(), view, at::kFloat, 0);
    const at::Tensor reference = execute_plan_reference(store, cases.indices, cases.plan.data(), view);
    for (int64_t i = 0; i < 10; ++i) {
      at::Tensor plain =
          store.image(cases.indices[static_cast<std::size_t>(i)]).permute({2, 0, 1}).to(at::kFloat) / 255;
      if (i % 2) plain = plain.flip({2});
      CHECK(at::equal(fused[i], plain));
      CHECK(at::equal(reference[i], plain));
    }
  }
}

TEST(augment_jitter_steps_match_float64) {
  for (const auto kind : {JitterKind::Official, JitterKind::Torchvision}) {
    for (int column = byol::kBrightness; column <= byol::kHue; ++column) {
      Cases cases(4, 20, 20, 10U + static_cast<unsigned>(column));
      for (int i = 0; i < 12; ++i) {
        float* row = cases.add_jitter(i, kind);
        for (int other = byol::kBrightness; other <= byol::kHue; ++other) {
          const bool additive = other == byol::kHue || (other == byol::kBrightness && kind == JitterKind::Official);
          if (other != column) row[other] = additive ? 0.0F : 1.0F;
        }
      }
      ViewSpec view = view_of(20, 23);
      view.jitter = kind;
      check_both(cases, view);
    }
  }
}

TEST(augment_jitter_orders_match_float64) {
  for (const auto kind : {JitterKind::Official, JitterKind::Torchvision}) {
    Cases cases(4, 18, 18, 20);
    for (int order = 0; order < 24; ++order) cases.add_jitter(order, kind);
    ViewSpec view = view_of(18, 18);
    view.jitter = kind;
    check_both(cases, view);
  }
}

TEST(augment_grayscale_and_solarize_match_float64) {
  Cases cases(4, 18, 18, 21);
  for (int i = 0; i < 12; ++i) {
    float* row = cases.add();
    row[byol::kGrayscale] = static_cast<float>(i % 2);
    row[byol::kSolarize] = static_cast<float>(i / 2 % 2);
  }
  check_both(cases, view_of(18, 18));
}

TEST(augment_blur_matches_float64) {
  for (const auto border : {BlurBorder::Zero, BlurBorder::Reflect}) {
    for (const int radius : {0, 1, 3, 11}) {
      for (const auto& [height, width] : {std::pair{12, 12}, std::pair{13, 24}, std::pair{20, 75}}) {
        Cases cases(3, 24, 24, 30);
        for (const float sigma : {0.05F, 0.1F, 0.7F, 2.0F, 30.0F}) cases.add()[byol::kBlurSigma] = sigma;
        ViewSpec view = view_of(height, width);
        view.blur_radius = radius;
        view.blur_border = border;
        check_both(cases, view);
      }
    }
  }
}

TEST(augment_pipelines_match_float64) {
  for (const auto kind : {JitterKind::Official, JitterKind::Torchvision}) {
    for (const auto& [height, width] : {std::pair{32, 32}, std::pair{17, 24}, std::pair{9, 70}}) {
      const Cases cases = mixture(kind, 40, 33, 30, 40);
      ViewSpec view = view_of(height, width);
      view.jitter = kind;
      view.blur_radius = 2;
      view.mean = {0.485F, 0.456F, 0.406F};
      view.std = {0.229F, 0.224F, 0.225F};
      check_both(cases, view, kTolerance / 0.224);
    }
  }
}

TEST(augment_bfloat16_is_the_rounded_float32) {
  const Cases cases = mixture(JitterKind::Official, 40, 32, 32, 50);
  const ImageStore store = cases.store();
  for (const int width : {32, 21}) {
    ViewSpec view = view_of(32, width);
    view.blur_radius = 1;
    view.mean = {0.5F, 0.4F, 0.3F};
    const at::Tensor full = execute_plan(store, cases.indices, cases.plan.data(), view, at::kFloat, 0);
    const at::Tensor half = execute_plan(store, cases.indices, cases.plan.data(), view, at::kBFloat16, 0);
    CHECK(half.scalar_type() == at::kBFloat16 && half.is_contiguous(at::MemoryFormat::ChannelsLast));
    CHECK(at::equal(half, full.to(at::kBFloat16)));
  }
}

TEST(augment_does_not_depend_on_threads_or_batch) {
  const Cases cases = mixture(JitterKind::Official, 37, 32, 32, 60);
  const ImageStore store = cases.store();
  ViewSpec view = view_of(32, 27);
  view.blur_radius = 1;
  const int before = at::get_num_threads();
  at::set_num_threads(4);
  const at::Tensor one = execute_plan(store, cases.indices, cases.plan.data(), view, at::kFloat, 1);
  for (const int threads : {0, 2, 3, 64}) {
    CHECK(at::equal(one, execute_plan(store, cases.indices, cases.plan.data(), view, at::kFloat, threads)));
  }
  at::set_num_threads(before);
  // Alone, backwards: the scratch memory has other leftovers then.
  for (std::size_t i = cases.indices.size(); i-- > 0;) {
    const at::Tensor alone =
        execute_plan(store, {cases.indices[i]}, cases.plan.data() + i * byol::kPlanColumns, view, at::kFloat, 1);
    CHECK(at::equal(one[static_cast<int64_t>(i)], alone[0]));
  }
  CHECK(execute_plan(store, {}, nullptr, view, at::kFloat, 0).sizes() == at::IntArrayRef({0, 3, 32, 27}));
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
      const at::Tensor same = execute_plan(alone[i].store(), {0}, plan.data() + row * byol::kPlanColumns, view, at::kFloat);
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

TEST(augment_instruction_sets_agree) {
  const Cases cases = mixture(JitterKind::Official, 30, 32, 30, 70);
  byol::FusedView view{};
  view.height = 32;
  view.width = 21;
  view.source_height = 32;
  view.source_width = 30;
  view.cubic = view.official_jitter = true;
  view.blur_radius = 1;
  std::fill(view.inverse_std, view.inverse_std + 3, 1.0F);
  const auto run = [&](const byol::FusedKernels& kernels) {
    at::Tensor scratch = at::zeros({kernels.scratch_floats(view)}, at::kFloat);
    at::Tensor out = at::empty({static_cast<int64_t>(cases.indices.size()), 32, 21, 3}, at::kFloat);
    for (std::size_t i = 0; i < cases.indices.size(); ++i) {
      const byol::FusedSource source{cases.pixels.data() + cases.indices[i] * 32 * 30 * 3, 32, 30};
      kernels.execute(view, source, byol::read_plan_row(cases.plan.data() + i * byol::kPlanColumns),
                      scratch.data_ptr<float>(), out[static_cast<int64_t>(i)].data_ptr<float>());
    }
    return out;
  };
  const at::Tensor baseline = run(byol::kFusedKernelsBaseline);
  ViewSpec same = view_of(32, 21);
  same.blur_radius = 1;
  CHECK_CLOSE(largest_difference(baseline.permute({0, 3, 1, 2}), cases.expected(same)), 0.0, kTolerance);
#if defined(__x86_64__)
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) {
    CHECK_CLOSE(largest_difference(run(byol::kFusedKernelsAvx2), baseline), 0.0, kTolerance);
  }
  if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512dq") &&
      __builtin_cpu_supports("avx512vl")) {
    CHECK_CLOSE(largest_difference(run(byol::kFusedKernelsAvx512), baseline), 0.0, kTolerance);
  }
#endif
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
                                                                        {byol::kCropLeft, 0.5F},
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
  CHECK(refused({}, {}, {}) && refused(heights, {4}, {}) && refused(heights, widths, {7}) && refused({3, 0}, widths, {}));
  const at::Tensor kept = ImageStore(copy_of(pixels), heights, widths, {}).image(1);  // outlives its store
  CHECK(at::equal(kept, store.image(1)));
}

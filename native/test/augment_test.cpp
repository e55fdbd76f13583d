// The augmentation executors against the float64 implementation of augment_oracle.h and against ATen's own resampling.

#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <c10/core/InferenceMode.h>

#include <algorithm>
#include <array>
#include <utility>
#include <vector>

#include "core/augment/fused_kernels.h"
#include "core/augment/plan.h"
#include "core/augment/plan_row.h"

#include "augment_cases.h"
#include "check.h"

namespace {

using namespace augment_cases;
using byol::BlurBorder;
using byol::Resampling;

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

TEST(augment_edges_between_pixels_and_beyond_match_float64) {
  for (const auto resampling : {Resampling::Bicubic, Resampling::Bilinear}) {
    for (const bool antialias : {false, true}) {
      for (const bool beyond : {false, true}) {
        for (const auto& [height, width] : {std::pair{16, 16}, std::pair{40, 33}, std::pair{3, 70}}) {
          Cases cases(3, 90, 101, 4);
          for (int i = 0; i < 8; ++i) cases.add_between()[byol::kFlip] = static_cast<float>(i % 2);
          for (int i = 0; i < 4; ++i) cases.add()[byol::kFlip] = static_cast<float>(i % 2);
          ViewSpec view = view_of(height, width);
          view.resampling = resampling;
          view.antialias = antialias;
          view.beyond_crop = beyond;
          check_both(cases, view);
        }
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

TEST(augment_takes_the_memory_of_views_that_nobody_has) {
  Cases cases = mixture(JitterKind::Official, 5, 20, 20, 31);
  const ImageStore store = cases.store();
  const auto views = [&](at::ScalarType dtype = at::kFloat) {
    return execute_plan(store, cases.indices, cases.plan.data(), view_of(16, 16), dtype, 1);
  };
  const at::Tensor first = views();
  const at::Tensor copy = first.clone();
  at::Tensor second = views();
  // A part keeps the whole: an image, as what autograd saves.
  at::Tensor part = second[0];
  const void* const memory = second.data_ptr();
  second.reset();
  const at::Tensor third = views();
  CHECK(first.data_ptr() != memory && third.data_ptr() != memory && third.data_ptr() != first.data_ptr());
  CHECK(at::equal(first, copy) && at::equal(third, copy) && at::equal(part, copy[0]));

  part.reset();
  for (int again = 0; again < 2; ++again) CHECK(views().data_ptr() == memory);
  CHECK(views(at::kBFloat16).scalar_type() == at::kBFloat16);
  {
    const c10::InferenceMode inference;
    CHECK(views().is_inference());
  }
  CHECK(!views().is_inference());
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

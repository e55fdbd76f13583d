// The kernels of augmentation, run on the CPU block by block, against the float64 implementation of augment_oracle.h
// and the CPU's executor.
#include "core/augment/device_executor.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <cstring>
#include <utility>
#include <vector>

#include "augment_cases.h"
#include "check.h"
#include "stand_in.h"

namespace {

using namespace augment_cases;
using byol::BlurBorder;
using byol::DeviceBatch;
using byol::Resampling;

constexpr float kPoison = 1e4F;

/// A device whose blocks have so little shared memory that views of any size are made tile by tile.
struct Narrow : byol::shim::StandIn {
  Narrow() { facts_.shared_memory = 38 << 10; }
};

at::Tensor outputs(int64_t count, int64_t channels, const ViewSpec& view, at::ScalarType dtype = at::kFloat) {
  return at::full({count, channels, view.height, view.width}, kPoison, dtype)
      .contiguous(at::MemoryFormat::ChannelsLast);
}

DeviceBatch batch_of(const byol::DeviceImages& images, const std::vector<int64_t>& numbers) {
  return {images.pixels(), images.places(), numbers.data(), static_cast<int64_t>(numbers.size())};
}

/// One view of all rows of `cases`.
at::Tensor executed(byol::DeviceRuntime& device, const Cases& cases, const ViewSpec& view,
                    at::ScalarType dtype = at::kFloat, int64_t channels = 3) {
  const ImageStore store = cases.store();
  const byol::ResidentImages images(at::kCPU, store);
  const at::Tensor out = outputs(static_cast<int64_t>(cases.indices.size()), channels, view, dtype);
  execute_plans(device, batch_of(images, cases.indices), {cases.plan.data()}, {view}, out);
  return out;
}

/// Both ways: in one launch, and tile by tile.
void check_float64(const Cases& cases, const ViewSpec& view, double tolerance = kTolerance) {
  const at::Tensor expected = cases.expected(view);
  {
    byol::shim::StandIn device;
    CHECK_CLOSE(largest_difference(executed(device, cases, view), expected), 0.0, tolerance);
    CHECK(device.launches.size() == 1 && device.launches.count("augment_whole") == 1);
  }
  Narrow device;
  CHECK_CLOSE(largest_difference(executed(device, cases, view), expected), 0.0, tolerance);
  CHECK(device.launches.count("augment_whole") == 0);
}

Cases mixture(JitterKind kind, int rows, int height, int width, unsigned seed) {
  Cases cases(5, height, width, seed);
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

TEST(device_augment_resize_matches_float64) {
  for (const auto resampling : {Resampling::Bicubic, Resampling::Bilinear}) {
    for (const bool antialias : {false, true}) {
      for (const auto& [height, width] : {std::pair{16, 16}, std::pair{33, 31}, std::pair{7, 5}, std::pair{1, 1}}) {
        Cases cases(3, 32, 29, 1);
        for (int i = 0; i < 6; ++i) cases.add()[byol::kFlip] = static_cast<float>(i % 2);
        ViewSpec view = view_of(height, width);
        view.resampling = resampling;
        view.antialias = antialias;
        check_float64(cases, view);
      }
    }
  }
}

TEST(device_augment_edges_between_pixels_and_beyond_match_float64) {
  for (const bool antialias : {false, true}) {
    for (const bool beyond : {false, true}) {
      Cases cases(3, 40, 51, 4);
      for (int i = 0; i < 6; ++i) cases.add_between()[byol::kFlip] = static_cast<float>(i % 2);
      ViewSpec view = view_of(16, 14);
      view.antialias = antialias;
      view.beyond_crop = beyond;
      check_float64(cases, view);
    }
  }
}

TEST(device_augment_jitter_orders_match_float64) {
  for (const auto kind : {JitterKind::Official, JitterKind::Torchvision}) {
    Cases cases(4, 18, 18, 20);
    for (int order = 0; order < 24; ++order) cases.add_jitter(order, kind);
    ViewSpec view = view_of(17, 18);
    view.jitter = kind;
    check_float64(cases, view);
  }
}

TEST(device_augment_grayscale_and_solarize_match_float64) {
  Cases cases(4, 18, 18, 21);
  for (int i = 0; i < 8; ++i) {
    float* row = cases.add();
    row[byol::kGrayscale] = static_cast<float>(i % 2);
    row[byol::kSolarize] = static_cast<float>(i / 2 % 2);
  }
  check_float64(cases, view_of(18, 18));
}

TEST(device_augment_blur_matches_float64) {
  for (const auto border : {BlurBorder::Zero, BlurBorder::Reflect}) {
    for (const int radius : {0, 1, 3, 11}) {
      for (const auto& [height, width] : {std::pair{12, 12}, std::pair{13, 24}}) {
        Cases cases(3, 24, 24, 30);
        for (const float sigma : {0.05F, 0.1F, 0.7F, 2.0F, 30.0F}) cases.add()[byol::kBlurSigma] = sigma;
        ViewSpec view = view_of(height, width);
        view.blur_radius = radius;
        view.blur_border = border;
        check_float64(cases, view);
      }
    }
  }
  // A radius beyond the view: all of it is in reach, and what lies outside is zero.
  Cases cases(3, 24, 24, 31);
  for (const float sigma : {0.7F, 30.0F}) cases.add()[byol::kBlurSigma] = sigma;
  ViewSpec view = view_of(5, 9);
  view.blur_radius = 40;
  check_float64(cases, view);
}

TEST(device_augment_pipelines_match_float64) {
  for (const auto kind : {JitterKind::Official, JitterKind::Torchvision}) {
    for (const auto& [height, width] : {std::pair{32, 32}, std::pair{17, 24}, std::pair{7, 5}}) {
      const Cases cases = mixture(kind, 20, 33, 30, 40);
      ViewSpec view = view_of(height, width);
      view.jitter = kind;
      view.blur_radius = 2;
      view.mean = {0.485F, 0.456F, 0.406F};
      view.std = {0.229F, 0.224F, 0.225F};
      check_float64(cases, view, kTolerance / 0.224);
    }
  }
}

TEST(device_augment_writes_all_views_of_all_sizes_of_images_and_nothing_else) {
  // Images of all sizes in one store; more views than one launch has, each with its own specification.
  const std::vector<int64_t> heights = {40, 9, 1, 300, 2}, widths = {31, 12, 1, 16, 4000};
  std::vector<uint8_t> pixels;
  std::vector<Cases> alone;
  for (std::size_t i = 0; i < heights.size(); ++i) {
    alone.emplace_back(1, static_cast<int>(heights[i]), static_cast<int>(widths[i]), 90U + static_cast<unsigned>(i));
    pixels.insert(pixels.end(), alone[i].pixels.begin(), alone[i].pixels.end());
  }
  const ImageStore store(copy_of(pixels), heights, widths, {});
  const byol::ResidentImages images(at::kCPU, store);
  const std::vector<int64_t> indices = {3, 0, 1, 2, 4, 4};
  std::vector<ViewSpec> views;
  std::vector<std::vector<float>> plans;
  std::vector<const float*> plan_pointers;
  for (int v = 0; v < 6; ++v) {
    ViewSpec view = view_of(11, 14);
    view.jitter = v % 2 ? JitterKind::Torchvision : JitterKind::Official;
    view.resampling = v % 3 ? Resampling::Bicubic : Resampling::Bilinear;
    view.antialias = v > 2;
    view.blur_radius = v;
    view.blur_border = v % 2 ? BlurBorder::Reflect : BlurBorder::Zero;
    view.mean = {0.1F * static_cast<float>(v), 0.2F, 0.3F};
    views.push_back(view);
    std::vector<float> plan;
    for (const int64_t index : indices) {
      Cases& one = alone[static_cast<std::size_t>(index)];
      float* row = one.add_jitter(static_cast<int>(one.random() % 24), view.jitter);
      row[byol::kBlurSigma] = 0.8F;
      plan.insert(plan.end(), row, row + byol::kPlanColumns);
    }
    plans.push_back(plan);
  }
  for (const auto& plan : plans) plan_pointers.push_back(plan.data());
  byol::shim::StandIn roomy;
  Narrow narrow;
  for (const int64_t channels : {3, 4, 8, 3}) {
    const int64_t count = static_cast<int64_t>(views.size() * indices.size());
    // One output more before and behind, which remain as they were.
    const at::Tensor all = outputs(count + 2, channels, views[0]);
    const at::Tensor out = all.narrow(0, 1, count);
    byol::DeviceRuntime& device = channels == 4 ? static_cast<byol::DeviceRuntime&>(roomy) : narrow;
    execute_plans(device, batch_of(images, indices), plan_pointers, views, out);
    CHECK((all[0] == kPoison).all().item<bool>() && (all[count + 1] == kPoison).all().item<bool>());
    for (std::size_t v = 0; v < views.size(); ++v) {
      const at::Tensor expected = execute_plan(store, indices, plans[v].data(), views[v], at::kFloat);
      const auto rows = static_cast<int64_t>(indices.size());
      const at::Tensor view = out.narrow(0, static_cast<int64_t>(v) * rows, rows);
      CHECK_CLOSE(largest_difference(view.narrow(1, 0, 3), expected), 0.0, kTolerance);
      if (channels > 3) CHECK((view.narrow(1, 3, channels - 3) == 0).all().item<bool>());
    }
  }
}

TEST(device_augment_large_views_match_the_cpu) {
  struct Size {
    int height, width, radius;
    BlurBorder border;
  };
  for (const Size& size : {Size{96, 96, 4, BlurBorder::Zero}, Size{33, 150, 30, BlurBorder::Reflect},
                           Size{70, 65, 100, BlurBorder::Zero}, Size{224, 224, 11, BlurBorder::Zero}}) {
    const bool large = size.height == 224;
    Cases cases = mixture(JitterKind::Official, large ? 2 : 5, 120, 150, 55);
    // Of each kind a row: nothing but a resize, only jitter, only blur, all.
    cases.plan[byol::kBlurSigma] = 1.5F;
    ViewSpec view = view_of(size.height, size.width);
    view.blur_radius = size.radius;
    view.blur_border = size.border;
    view.antialias = size.height == 70;
    view.mean = {0.485F, 0.456F, 0.406F};
    Narrow device;
    const at::Tensor expected = execute_plan(cases.store(), cases.indices, cases.plan.data(), view, at::kFloat);
    CHECK_CLOSE(largest_difference(executed(device, cases, view), expected), 0.0, kTolerance);
  }
}

TEST(device_augment_large_views_come_in_chunks) {
  Cases cases = mixture(JitterKind::Torchvision, 5, 30, 40, 56);
  for (std::size_t row = 0; row < 5; ++row) cases.plan[row * byol::kPlanColumns + byol::kBlurSigma] = 1.0F;
  ViewSpec view = view_of(20, 70);
  view.jitter = JitterKind::Torchvision;
  view.blur_radius = 2;
  struct Small : Narrow {
    Small() { facts_.total_memory = int64_t{1024} * 2 * (2 * 3 * 20 * 70 * 4); }  // two outputs
  };
  at::Tensor expected;
  {
    Narrow device;
    expected = executed(device, cases, view);
    CHECK(device.launches.at("augment_tile") == 1 && device.launches.at("augment_blur_columns") == 1);
  }
  Small device;
  CHECK(at::equal(executed(device, cases, view), expected));
  for (const char* kernel : {"augment_tile", "augment_colour", "augment_blur_rows", "augment_blur_columns"}) {
    CHECK(device.launches.at(kernel) == 3);
  }
}

TEST(device_augment_bfloat16_is_the_rounded_float32) {
  const Cases cases = mixture(JitterKind::Official, 12, 32, 32, 50);
  ViewSpec view = view_of(32, 21);
  view.blur_radius = 1;
  view.mean = {0.5F, 0.4F, 0.3F};
  byol::shim::StandIn device;
  const at::Tensor full = executed(device, cases, view);
  for (const int64_t channels : {3, 4}) {
    const at::Tensor half = executed(device, cases, view, at::kBFloat16, channels);
    CHECK(at::equal(half.narrow(1, 0, 3), full.to(at::kBFloat16)));
  }
}

TEST(device_augment_does_not_depend_on_the_order_of_threads_or_the_batch) {
  const Cases cases = mixture(JitterKind::Official, 9, 32, 32, 60);
  const ImageStore store = cases.store();
  const byol::ResidentImages images(at::kCPU, store);
  ViewSpec view = view_of(32, 27);
  view.blur_radius = 1;
  {
    Narrow device;
    CHECK(at::equal(executed(device, cases, view), executed(device, cases, view)));
  }
  byol::shim::StandIn device;  // every launch has another order
  const at::Tensor once = executed(device, cases, view);
  CHECK(at::equal(once, executed(device, cases, view)));
  for (std::size_t i = 0; i < cases.indices.size(); ++i) {
    const std::vector<int64_t> numbers = {cases.indices[i]};
    const at::Tensor alone = outputs(1, 3, view);
    execute_plans(device, batch_of(images, numbers), {cases.plan.data() + i * byol::kPlanColumns}, {view}, alone);
    CHECK(at::equal(once[static_cast<int64_t>(i)], alone[0]));
  }
}

TEST(device_augment_takes_staged_images) {
  const Cases cases = mixture(JitterKind::Official, 6, 20, 20, 70);
  const ImageStore store = cases.store();
  const ViewSpec view = view_of(12, 12);
  byol::shim::StandIn device;
  byol::StagedImages images(device, at::kCPU, 6, 6 * 20 * 20 * 3);
  for (int batch = 0; batch < 4; ++batch) {
    std::vector<int64_t> numbers(cases.indices.size());
    const std::size_t slot = images.stage(store, cases.indices, numbers);
    images.join();
    const at::Tensor out = outputs(6, 3, view);
    execute_plans(device, batch_of(images, numbers), {cases.plan.data()}, {view}, out);
    images.release(slot);
    CHECK(at::equal(out, executed(device, cases, view)));
  }
}

TEST(device_augment_refuses_what_does_not_fit) {
  Cases cases(2, 20, 20, 80);
  cases.add();
  cases.add();
  const ImageStore store = cases.store();
  const byol::ResidentImages images(at::kCPU, store);
  byol::shim::StandIn device;
  const ViewSpec view = view_of(12, 12);
  const DeviceBatch batch = batch_of(images, cases.indices);
  const auto code_of = [&](const std::vector<const float*>& plans, const std::vector<ViewSpec>& views,
                           const at::Tensor& out) {
    return error_code([&] { execute_plans(device, batch, plans, views, out); });
  };
  const float* plan = cases.plan.data();
  CHECK(code_of({plan}, {view}, outputs(2, 3, view)) == "no error");
  CHECK(code_of({plan, plan}, {view}, outputs(2, 3, view)) == "ERR_BYOL_SHAPE");
  CHECK(code_of({plan, plan}, {view, view}, outputs(2, 3, view)) == "ERR_BYOL_SHAPE");
  CHECK(code_of({plan}, {view}, outputs(2, 5, view)) == "ERR_BYOL_SHAPE");
  CHECK(code_of({plan}, {view}, outputs(2, 3, view_of(12, 13))) == "ERR_BYOL_SHAPE");
  CHECK(code_of({plan}, {view}, at::empty({2, 3, 12, 12})) == "ERR_BYOL_SHAPE");
  CHECK(code_of({plan}, {view}, outputs(2, 3, view, at::kHalf)) == "ERR_BYOL_VALUE");
  ViewSpec flat = view;
  flat.std[1] = 0.0F;
  CHECK(code_of({plan}, {flat}, outputs(2, 3, view)) == "ERR_BYOL_VALUE");
  ViewSpec wide = view_of(2, 16384);
  wide.blur_radius = 16384;
  CHECK(code_of({plan}, {wide}, outputs(2, 3, wide)) == "no error");
  Narrow narrow;
  CHECK(error_code([&] { execute_plans(narrow, batch, {plan}, {wide}, outputs(2, 3, wide)); }) == "ERR_BYOL_VALUE");
  CHECK(device.launches.at("augment_whole") == 1);
}

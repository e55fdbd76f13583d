#include "core/augment/device_executor.h"

#include <c10/util/StringUtil.h>

#include <algorithm>
#include <span>

#include "core/augment/plan_check.h"
#include "core/error.h"
#include "kernels/augment_arguments.h"

namespace byol {
namespace {

using kernels::AugmentArguments;
using kernels::AugmentLayout;
using kernels::AugmentView;

// Source columns of a few rows of a tile as floats: of 32 rows that are 32 pixels wide, or of 16 that are 64.
constexpr int kLineFloats = 3072;
// Of a window that is not widened against aliasing, as pixel::most_taps() counts; with antialias, up to 7 times fewer
// pixels. Beyond, the kernels compute weights again and again, which is slower and as right.
constexpr int kTaps = 6, kAntialiasTaps = 32;

AugmentView view_arguments(const ViewSpec& view, const float* plan) {
  AugmentView result{};
  result.plan = plan;
  for (std::size_t c = 0; c < 3; ++c) {
    result.mean[c] = view.mean[c];
    result.inverse_std[c] = 1.0F / view.std[c];
  }
  result.blur_radius = static_cast<int>(view.blur_radius);
  result.cubic = view.resampling == Resampling::Bicubic;
  result.antialias = view.antialias;
  result.official_jitter = view.jitter == JitterKind::Official;
  result.reflect = view.blur_border == BlurBorder::Reflect;
  return result;
}

// Planes are so far apart that the three channels of neighbouring pixels lie in different banks of shared memory.
int plane_stride(int pixels) { return (pixels + 31) / 32 * 32 + 11; }

AugmentLayout layout_of(const AugmentArguments& a, bool whole) {
  const int positions = a.tile_height + a.tile_width, pixels = a.tile_height * a.tile_width;
  const std::span views(a.views);
  const bool antialias = std::ranges::any_of(views, [](const AugmentView& view) { return view.antialias; });
  int radius = 0;
  for (const AugmentView& view : views) radius = std::max(radius, view.blur_radius);
  AugmentLayout layout{};
  int used = 0;
  const auto take = [&](int floats) {
    const int at = used;
    used += (floats + 3) / 4 * 4;
    return at;
  };
  layout.centres = take(2 * positions);
  layout.firsts = take(positions);
  layout.counts = take(positions);
  layout.scales = take(positions);
  layout.most_taps = antialias ? kAntialiasTaps : kTaps;
  layout.taps = take(layout.most_taps * positions);
  layout.line_floats = whole ? std::max(kLineFloats, pixels) : kLineFloats;
  layout.line = take(layout.line_floats);
  layout.plane_stride = plane_stride(pixels);
  layout.planes = take(3 * layout.plane_stride);
  if (whole) layout.blur_taps = take(std::min(radius, std::max(a.height, a.width) - 1) + 1);
  layout.bytes = used * static_cast<int>(sizeof(float));
  return layout;
}

void check(const DeviceBatch& batch, const std::vector<const float*>& plans, const std::vector<ViewSpec>& views,
           const at::Tensor& out) {
  if (plans.size() != views.size() || views.empty()) {
    throw Error("ERR_BYOL_SHAPE", c10::str(views.size(), " views need as many plans, not ", plans.size(), "."));
  }
  for (const ViewSpec& view : views) check_view(view);
  const auto count = static_cast<int64_t>(views.size());
  const int64_t channels = out.dim() == 4 ? out.size(1) : 0;
  if ((channels != 3 && channels != 4 && channels != 8) || out.size(0) != count * batch.rows ||
      !out.is_contiguous(at::MemoryFormat::ChannelsLast) ||
      std::ranges::any_of(views, [&](const ViewSpec& view) {
        return view.height != out.size(2) || view.width != out.size(3);
      })) {
    throw Error("ERR_BYOL_SHAPE", c10::str(count, " views of ", batch.rows, " rows do not fit into [", out.sizes(),
                                           "]: it needs 3, 4 or 8 channels in channels_last memory, and the views' ",
                                           "height and width."));
  }
  if (out.scalar_type() != at::kFloat && out.scalar_type() != at::kBFloat16) {
    throw Error("ERR_BYOL_VALUE", c10::str("views are float32 or bfloat16, not ", out.scalar_type(), "."));
  }
}

void execute_whole(DeviceRuntime& device, AugmentArguments& a, int outputs) {
  device.launch("augment_whole", {.x = static_cast<unsigned>(outputs), .shared_bytes = static_cast<unsigned>(a.layout.bytes)}, a);
}

}  // namespace

void execute_plans(DeviceRuntime& device, const DeviceBatch& batch, const std::vector<const float*>& plans,
                   const std::vector<ViewSpec>& views, const at::Tensor& out) {
  check(batch, plans, views, out);
  if (batch.rows == 0) return;
  AugmentArguments a{};
  a.pixels = batch.pixels;
  a.places = batch.places;
  static_assert(sizeof(*a.indices) == sizeof(*batch.numbers));
  a.indices = reinterpret_cast<const long long*>(batch.numbers);
  a.rows = static_cast<int>(batch.rows);
  a.height = static_cast<int>(out.size(2));
  a.width = static_cast<int>(out.size(3));
  a.channels = static_cast<int>(out.size(1));
  a.bfloat16 = out.scalar_type() == at::kBFloat16;
  const int64_t bytes_per_view = batch.rows * out.stride(0) * out.element_size();
  for (std::size_t first = 0; first < views.size(); first += kernels::kMostAugmentViews) {
    const std::size_t count = std::min<std::size_t>(kernels::kMostAugmentViews, views.size() - first);
    for (std::size_t i = 0; i < count; ++i) a.views[i] = view_arguments(views[first + i], plans[first + i]);
    a.out = static_cast<std::byte*>(out.data_ptr()) + static_cast<int64_t>(first) * bytes_per_view;
    a.tile_height = a.height;
    a.tile_width = a.width;
    a.layout = layout_of(a, /*whole=*/true);
    execute_whole(device, a, static_cast<int>(count) * a.rows);
  }
}

}  // namespace byol

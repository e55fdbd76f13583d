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
constexpr int kTileWidth = 64, kTileHeight = 16;
// What is handed on between kernels: about as much as the second cache of the cards that large views are for, and no
// more than a thousandth of a small card's memory.
constexpr int64_t kMostScratchBytes = 64 << 20;
constexpr int kMostBlocksAlongY = 65535;

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
  result.beyond_crop = view.beyond_crop;
  result.official_jitter = view.jitter == JitterKind::Official;
  result.reflect = view.blur_border == BlurBorder::Reflect;
  return result;
}

int plane_stride(int pixels) { return (pixels + 31) / 32 * 32 + kernels::kPlaneGap; }

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
      !out.is_contiguous(at::MemoryFormat::ChannelsLast) || std::ranges::any_of(views, [&](const ViewSpec& view) {
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

unsigned pieces(int count, int size) { return static_cast<unsigned>((count + size - 1) / size); }

unsigned float_bytes(int floats) { return static_cast<unsigned>(floats) * static_cast<unsigned>(sizeof(float)); }

/// A block's tile: the whole view, or a part of it.
void shape_tiles(AugmentArguments& a, bool whole) {
  a.tile_height = whole ? a.height : kTileHeight;
  a.tile_width = whole ? a.width : kTileWidth;
  a.layout = layout_of(a, whole);
}

/// Whether a block's shared memory holds a view, three times on a multiprocessor; `a` then has that shape.
bool shape_whole(DeviceRuntime& device, AugmentArguments& a) {
  constexpr int kReserved = 1024;  // of each block, beside what it asks for
  const int64_t limit = device.facts().shared_memory / 3 - kReserved;
  if (int64_t{a.height} * a.width * 3 * int64_t{sizeof(float)} > limit) return false;
  shape_tiles(a, /*whole=*/true);
  return a.layout.bytes <= limit;
}

/// `count` outputs that `a` describes, a chunk at a time: what the kernels hand on to each other then remains in the
/// device's second cache.
void execute_tiles(DeviceRuntime& device, AugmentArguments& a, int count, at::Device where) {
  int reach = 0;
  for (const AugmentView& view : a.views) {
    reach = std::max(reach, std::min(view.blur_radius, std::max(a.height, a.width) - 1));
  }
  const bool blurs = reach > 0;
  a.blur_tap_floats = (2 * reach + 16 + 3) / 4 * 4;
  const unsigned rows_shared = float_bytes(kernels::kBlurChunkFloats + a.blur_tap_floats),
                 columns_shared = float_bytes(kernels::kBlurResultFloats + a.blur_tap_floats);
  if (blurs && columns_shared > device.facts().shared_memory) {
    throw Error("ERR_BYOL_VALUE", c10::str("a blur that reaches ", reach, " pixels is more than '", device.facts().name,
                                           "' can do; execute it on the CPU."));
  }
  const int64_t plane_floats = 3 * int64_t{a.height} * a.width;
  const unsigned tiles = pieces(a.width, a.tile_width) * pieces(a.height, a.tile_height);
  const int64_t output_floats = (blurs ? 2 : 1) * plane_floats;
  const int64_t scratch_bytes = std::min(kMostScratchBytes, device.facts().total_memory / 1024);
  const int64_t fitting = scratch_bytes / (output_floats * int64_t{sizeof(float)});
  const auto chunk = static_cast<int>(std::clamp<int64_t>(fitting, 1, std::min(count, kMostBlocksAlongY)));
  const at::Tensor scratch =
      at::empty({chunk * (output_floats + 3 * int64_t{tiles})}, at::TensorOptions().dtype(at::kFloat).device(where));
  a.colours = scratch.data_ptr<float>();
  a.columns = a.colours + chunk * plane_floats;
  a.sums = a.colours + chunk * output_floats;
  for (a.first = 0; a.first < count; a.first += chunk) {
    const auto y = static_cast<unsigned>(std::min(chunk, count - a.first));
    device.launch("augment_tile", {.x = tiles, .y = y, .shared_bytes = static_cast<unsigned>(a.layout.bytes)}, a);
    device.launch("augment_colour", {.x = pieces(a.height * a.width, kernels::kColourPixels), .y = y}, a);
    if (!blurs) continue;
    const auto parts = [](int lines, int length) {
      return pieces(lines, kernels::kBlurLines) * pieces(length, kernels::kBlurLength);
    };
    device.launch("augment_blur_rows", {.x = parts(a.height, a.width), .y = y, .shared_bytes = rows_shared}, a);
    device.launch("augment_blur_columns", {.x = parts(a.width, a.height), .y = y, .shared_bytes = columns_shared}, a);
  }
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
    const int outputs = static_cast<int>(count) * a.rows;
    a.first = 0;
    if (shape_whole(device, a)) {
      const LaunchShape shape{.x = static_cast<unsigned>(outputs),
                              .shared_bytes = static_cast<unsigned>(a.layout.bytes)};
      device.launch("augment_whole", shape, a);
      continue;
    }
    shape_tiles(a, /*whole=*/false);
    execute_tiles(device, a, outputs, out.device());
  }
}

}  // namespace byol

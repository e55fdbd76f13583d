#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <c10/core/InferenceMode.h>
#include <c10/util/StringUtil.h>

#include <algorithm>
#include <array>
#include <string>
#include <vector>

#include "core/augment/fused_kernels.h"
#include "core/augment/plan.h"
#include "core/augment/plan_check.h"
#include "core/augment/plan_row.h"
#include "core/error.h"
#include "core/instruction_set.h"
#include "core/interrupt.h"
#include "core/large_pages.h"

namespace byol {
namespace {

const FusedKernels& kernels_of_this_cpu() {
#if defined(__x86_64__)
  if (instruction_set() == InstructionSet::Avx512) return kFusedKernelsAvx512;
  if (instruction_set() == InstructionSet::Avx2) return kFusedKernelsAvx2;
#endif
  return kFusedKernelsBaseline;
}

FusedView fused_view(const ImageStore& images, at::IntArrayRef indices, const ViewSpec& view,
                     at::ScalarType dtype) {
  FusedView result{};
  result.height = static_cast<int>(view.height);
  result.width = static_cast<int>(view.width);
  for (const int64_t index : indices) {
    result.source_height = std::max(result.source_height, static_cast<int>(images.height(index)));
    result.source_width = std::max(result.source_width, static_cast<int>(images.width(index)));
  }
  result.cubic = view.resampling == Resampling::Bicubic;
  result.antialias = view.antialias;
  result.beyond_crop = view.beyond_crop;
  result.official_jitter = view.jitter == JitterKind::Official;
  result.blur_radius = static_cast<int>(view.blur_radius);
  result.reflect = view.blur_border == BlurBorder::Reflect;
  for (int c = 0; c < 3; ++c) {
    result.mean[c] = view.mean[c];
    result.inverse_std[c] = 1.0F / view.std[c];
  }
  result.bfloat16 = dtype == at::kBFloat16;
  return result;
}

/// Memory for views. Those of earlier calls of this thread that nobody has any more serve again: fresh pages would have to
/// be cleared first, which takes a sixth of what views of 224 pixels take. No more than the two views of a step are kept.
at::Tensor memory_for(int64_t rows, const ViewSpec& view, at::ScalarType dtype) {
  thread_local std::array<at::Tensor, 2> kept;
  const auto sizes = {rows, int64_t{3}, view.height, view.width};
  at::Tensor* place = nullptr;
  for (at::Tensor& earlier : kept) {
    const bool is_free = !earlier.defined() || (earlier.use_count() == 1 && earlier.storage().use_count() == 1);
    if (!is_free) continue;
    const bool fits = earlier.defined() && earlier.scalar_type() == dtype && earlier.sizes().equals(sizes) &&
                      earlier.is_inference() == c10::InferenceMode::is_enabled();
    if (fits) return earlier;
    place = &earlier;
  }
  // Let go of before the new one is there.
  if (place != nullptr) place->reset();
  const at::Tensor fresh = at::empty(sizes, at::dtype(dtype), at::MemoryFormat::ChannelsLast);
  prefer_large_pages(fresh.data_ptr(), fresh.nbytes());
  if (place != nullptr) *place = fresh;
  return fresh;
}

}  // namespace

at::Tensor execute_plan(const ImageStore& images, at::IntArrayRef indices, const float* plan,
                        const ViewSpec& view, at::ScalarType dtype, int threads) {
  if (dtype != at::kFloat && dtype != at::kBFloat16) {
    throw Error("ERR_BYOL_VALUE", c10::str("views are float32 or bfloat16, not ", dtype, "."));
  }
  if (threads < 0) throw Error("ERR_BYOL_VALUE", c10::str("threads must be 0 (all) or more, not ", threads, "."));
  check_plan(images, indices, plan, view);

  static const FusedKernels& kernels = kernels_of_this_cpu();
  const FusedView fused = fused_view(images, indices, view, dtype);
  const auto rows = static_cast<int64_t>(indices.size());
  const at::Tensor views = memory_for(rows, view, dtype);
  const int64_t view_bytes = view.height * view.width * 3 * static_cast<int64_t>(views.element_size());
  const int64_t scratch_floats = kernels.scratch_floats(fused);
  auto* out = static_cast<char*>(views.data_ptr());

  // A sample is computed by one thread from its row alone, so the partition does not show in the result. parallel_for
  // makes no more pieces than fit this grain.
  const int64_t workers =
      std::max<int64_t>(1, threads > 0 ? std::min(threads, at::get_num_threads()) : at::get_num_threads());
  const int64_t grain = std::max<int64_t>(1, (rows + workers - 1) / workers);
  const std::atomic<bool>* const interrupted = interrupt_flag();
  at::parallel_for(0, rows, grain, [&](int64_t begin, int64_t end) {
    // Zeros: padding takes part in the arithmetic, and what an earlier owner left there could be slow denormals.
    const at::Tensor scratch = at::zeros({scratch_floats}, at::kFloat);
    for (int64_t i = begin; i < end; ++i) {
      if (interrupted != nullptr && *interrupted) return;
      const int64_t index = indices[i];
      const FusedSource source{images.pixels(index), static_cast<int>(images.height(index)),
                               static_cast<int>(images.width(index))};
      kernels.execute(fused, source, read_plan_row(plan + i * kPlanColumns), scratch.data_ptr<float>(),
                      out + i * view_bytes);
    }
  });
  throw_if_interrupted();
  return views;
}

}  // namespace byol

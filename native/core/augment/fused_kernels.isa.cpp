// Compiled three times, with -DBYOL_ISA=baseline, avx2 and avx512 and the matching -m flags; see fused_lanes.h.

#include "core/augment/fused_kernels.h"

#include "core/augment/fused_blur.h"
#include "core/augment/fused_colour.h"
#include "core/augment/fused_lanes.h"
#include "core/augment/fused_planes.h"
#include "core/augment/fused_resize.h"
#include "core/augment/pixel_arithmetic.h"

namespace byol {
namespace {

struct Scratch {
  ResizeScratch resize;
  Planes planes;
  BlurScratch blur;

  // The layout depends on the largest source and not on the sample's, nor on its crop, so that no sample finds the
  // integers of another where it has its padding: read as floats they would be denormals, which are slow.
  Scratch(Arena& arena, const FusedView& view) : resize(arena, view), planes(arena, view), blur(arena, view) {}
};

std::int64_t scratch_floats(const FusedView& view) {
  Arena arena(nullptr);
  Scratch(arena, view);
  return arena.used();
}

// Round to nearest, ties to even. Values are finite.
inline std::uint16_t to_bfloat16(std::uint32_t bits) {
  return static_cast<std::uint16_t>((bits + 0x7FFFU + ((bits >> 16) & 1U)) >> 16);
}

inline void write(const float* __restrict from, int count, float* __restrict to) {
  __builtin_memcpy(to, from, sizeof(float) * static_cast<std::size_t>(count));
}

inline void write(const float* __restrict from, int count, std::uint16_t* __restrict to) {
  for (int i = 0; i < count; ++i) to[i] = to_bfloat16(__builtin_bit_cast(std::uint32_t, from[i]));
}

// Solarised, normalised, and pixel by pixel.
template <class T>
void finish(const FusedView& view, const PlanRow& row, const Planes& planes, T* out) {
  const int pixels = view.height * view.width;
  for (int i = 0; i < pixels; i += kLanes) {
    const Rgb<Lanes> p = planes.load_pixels(i);
    Triple values{{p.r, p.g, p.b}};
    for (int c = 0; c < 3; ++c) {
      Lanes v = values.v[c];
      if (row.solarize) v = pixel::solarise(v);
      values.v[c] = (pixel::clip(v) - view.mean[c]) * view.inverse_std[c];
    }
    values = reordered(values, kByPixel);
    float block[3 * kLanes];
    for (int v = 0; v < 3; ++v) store(block + v * kLanes, values.v[v]);
    if (i + kLanes <= pixels) {
      write(block, 3 * kLanes, out + 3 * i);
    } else {
      write(block, 3 * (pixels - i), out + 3 * i);
    }
  }
}

void execute(const FusedView& view, const FusedSource& source, const PlanRow& row, float* scratch, void* out) {
  Arena arena(scratch);
  const Scratch s(arena, view);
  crop_and_resize(view, source, row, s.resize, s.planes.red, s.planes.stride);
  jitter_and_grey(view, row, s.planes);
  if (row.blur_sigma > 0.0F) blur(view, row.blur_sigma, s.blur, s.planes);
  if (view.bfloat16) {
    finish(view, row, s.planes, static_cast<std::uint16_t*>(out));
  } else {
    finish(view, row, s.planes, static_cast<float*>(out));
  }
}

}  // namespace

#define BYOL_ISA_IS_baseline kFusedKernelsBaseline
#define BYOL_ISA_IS_avx2 kFusedKernelsAvx2
#define BYOL_ISA_IS_avx512 kFusedKernelsAvx512
#define BYOL_ISA_JOIN(isa) BYOL_ISA_IS_##isa
#define BYOL_ISA_TABLE(isa) BYOL_ISA_JOIN(isa)

extern const FusedKernels BYOL_ISA_TABLE(BYOL_ISA) = {scratch_floats, execute};

}  // namespace byol

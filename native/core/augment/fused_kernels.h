#pragma once

// The fused pipeline for one sample as a plain function on plain memory, compiled once per instruction set from
// fused_kernels.isa.cpp. No header of LibTorch here: that file must not pull inline code of others into an object that
// is compiled with AVX-512.

#include <cstdint>

#include "core/augment/plan_row.h"

namespace byol {

/// ViewSpec, in the kernels' terms.
struct FusedView {
  int height, width;                ///< output pixels
  int source_height, source_width;  ///< the most that any source has, in pixels
  bool cubic;         ///< else the triangle
  bool antialias;
  bool beyond_crop;  ///< the kernel sees pixels around the crop
  bool official_jitter;
  int blur_radius;
  bool reflect;  ///< at the blur's border; else zero
  float mean[3];
  float inverse_std[3];
  bool bfloat16;  ///< output; else float32
};

struct FusedSource {
  const std::uint8_t* pixels;  ///< [height, width, 3]
  int height, width;
};

/// One instruction set.
struct FusedKernels {
  /// Floats of scratch memory that execute() needs.
  std::int64_t (*scratch_floats)(const FusedView& view);

  /// Writes one view, [height, width, 3]. `scratch` is 64-byte aligned.
  void (*execute)(const FusedView& view, const FusedSource& source, const PlanRow& row, float* scratch, void* out);
};

extern const FusedKernels kFusedKernelsBaseline;
#if defined(__x86_64__)
extern const FusedKernels kFusedKernelsAvx2;
extern const FusedKernels kFusedKernelsAvx512;
#endif

}  // namespace byol

#pragma once

// One row of a plan, decoded. No header of LibTorch here: the kernels of fused_kernels.isa.cpp take it too.

namespace byol {

enum class JitterStep : int { Brightness, Contrast, Saturation, Hue };

struct PlanRow {
  int top, left, height, width;  ///< crop, in pixels of the source
  bool flip;
  bool jitter;
  JitterStep order[4];  ///< of the four steps; meaningless without jitter
  float brightness, contrast, saturation, hue;
  bool grayscale;
  float blur_sigma;  ///< 0: none
  bool solarize;
};

/// `row` has kPlanColumns values that check_plan has accepted.
PlanRow read_plan_row(const float* row);

}  // namespace byol

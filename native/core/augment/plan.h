#pragma once

#include <ATen/ATen.h>

#include <array>
#include <cstdint>
#include <vector>

#include "core/augment/plan_row.h"
#include "core/data/image_store.h"

namespace byol {

enum class Resampling { Bicubic, Bilinear };
enum class JitterKind { Official, Torchvision };
enum class BlurBorder { Zero, Reflect };

/// What is the same for every row of a view.
struct ViewSpec {
  int64_t height = 0;  // output pixels
  int64_t width = 0;
  Resampling resampling = Resampling::Bicubic;
  bool antialias = false;    // official: no. Either way: Keys' cubic with a = -0.5, half-pixel centres, pixels that
                             // do not count dropped and the weights renormalised
  bool beyond_crop = false;  // pixels around the crop count: the image is resized and then cropped. Official, and in
                             // torchvision's RandomResizedCrop: no, the crop is cut out and then resized
  JitterKind jitter = JitterKind::Official;
  int64_t blur_radius = 0;  // taps = 2 * radius + 1; official: floor(height / 10 / 2), 11 at 224 pixels
  BlurBorder blur_border = BlurBorder::Zero;
  std::array<float, 3> mean = {0.0F, 0.0F, 0.0F};  // RGB, images in [0, 1]
  std::array<float, 3> std = {1.0F, 1.0F, 1.0F};
};

/// Executes a plan: image indices[i] of the store, of whatever size, with row i of `plan` (rows x kPlanColumns,
/// row-major float32).
/// Returns [B, 3, height, width] in channels_last memory, float32 or bfloat16. Threads: the ATen intra-op pool, limited
/// to `threads` (0: all); the result does not depend on it. Throws ERR_BYOL_SHAPE / ERR_BYOL_VALUE for a bad index or
/// row.
at::Tensor execute_plan(const ImageStore& images, at::IntArrayRef indices, const float* plan,
                        const ViewSpec& view, at::ScalarType dtype, int threads = 0);

/// The same by ATen operations on float32, one sample at a time: slow and obviously right.
at::Tensor execute_plan_reference(const ImageStore& images, at::IntArrayRef indices, const float* plan,
                                  const ViewSpec& view);

}  // namespace byol

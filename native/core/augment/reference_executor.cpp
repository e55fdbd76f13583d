#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

#include <algorithm>
#include <vector>

#include "core/augment/plan.h"
#include "core/augment/plan_check.h"
#include "core/augment/plan_row.h"
#include "core/interrupt.h"

namespace byol {
namespace {

// Images here are float32 [3, H, W] in [0, 1].

// Keys 1981, a = -0.5, and the triangle.
at::Tensor kernel(const at::Tensor& distance, Resampling resampling) {
  const at::Tensor d = distance.abs();
  if (resampling == Resampling::Bilinear) return (1 - d).clamp_min(0);
  const at::Tensor inner = 1.5 * d.pow(3) - 2.5 * d.pow(2) + 1;
  const at::Tensor outer = -0.5 * d.pow(3) + 2.5 * d.pow(2) - 4 * d + 2;
  return at::where(d < 1, inner, at::where(d < 2, outer, at::zeros_like(d)));
}

// The dense matrix [out, pixels of the line] of a resize of `length` pixels: a weight for each pair of an output and an
// input pixel, rows summing to one.
at::Tensor resize_matrix(const CropLine& line, double length, int64_t out, const ViewSpec& view) {
  const double scale = length / static_cast<double>(out);
  const double stretch = view.antialias ? std::max(scale, 1.0) : 1.0;
  const at::Tensor centres = line.start + (at::arange(out, at::kDouble) + 0.5) * scale;
  const at::Tensor pixels = at::arange(line.length, at::kDouble) + 0.5;
  const at::Tensor weights = kernel((pixels.unsqueeze(0) - centres.unsqueeze(1)) / stretch, view.resampling);
  return (weights / weights.sum(1, /*keepdim=*/true)).to(at::kFloat);
}

at::Tensor crop_and_resize(const at::Tensor& pixels, const PlanRow& row, const ViewSpec& view) {
  const CropLine rows = crop_line(row.top, row.height, static_cast<int>(pixels.size(0)), view.beyond_crop);
  const CropLine columns = crop_line(row.left, row.width, static_cast<int>(pixels.size(1)), view.beyond_crop);
  const at::Tensor crop = pixels.narrow(0, rows.first, rows.length)
                              .narrow(1, columns.first, columns.length)
                              .permute({2, 0, 1})
                              .to(at::kFloat);
  const at::Tensor down = resize_matrix(rows, row.height, view.height, view);
  const at::Tensor across = resize_matrix(columns, row.width, view.width, view);
  return (at::matmul(at::matmul(down, crop), across.t()) / 255).clamp(0, 1);
}

at::Tensor luma(const at::Tensor& image) {
  return (0.2989 * image[0] + 0.5870 * image[1] + 0.1140 * image[2]).unsqueeze(0);
}

at::Tensor rgb_to_hsv(const at::Tensor& image) {
  const at::Tensor &r = image[0], g = image[1], b = image[2];
  const at::Tensor value = image.amax(0);
  const at::Tensor range = value - image.amin(0);
  const at::Tensor divisor = at::where(range > 0, range, at::ones_like(range));
  const at::Tensor saturation = at::where(value > 0, range / value, at::zeros_like(value));
  const at::Tensor sixths =
      at::where(r == value, (g - b) / divisor, at::where(g == value, 2 + (b - r) / divisor, 4 + (r - g) / divisor));
  return at::stack({(sixths / 6).remainder(1), saturation, value});
}

at::Tensor hsv_to_rgb(const at::Tensor& hsv) {
  const at::Tensor sixths = hsv[0] * 6, value = hsv[2];
  const at::Tensor chroma = value * hsv[1];
  const at::Tensor low = value - chroma;
  const at::Tensor middle = low + chroma * (1 - (sixths.remainder(2) - 1).abs());
  const at::Tensor sector = sixths.floor().remainder(6);
  const auto choose = [&](int high1, int high2, int middle1, int middle2) {
    const at::Tensor rest = at::where((sector == middle1).logical_or(sector == middle2), middle, low);
    return at::where((sector == high1).logical_or(sector == high2), value, rest);
  };
  return at::stack({choose(0, 5, 1, 4), choose(1, 2, 0, 3), choose(3, 4, 2, 5)});
}

at::Tensor blend(const at::Tensor& image, const at::Tensor& other, double factor) {
  return factor * image + (1 - factor) * other;
}

at::Tensor brightness(const at::Tensor& image, double amount, JitterKind kind) {
  return kind == JitterKind::Official ? image + amount : image * amount;
}

at::Tensor contrast(const at::Tensor& image, double factor, JitterKind kind) {
  const at::Tensor middle = kind == JitterKind::Official ? image.mean({1, 2}, /*keepdim=*/true) : luma(image).mean();
  return blend(image, middle, factor);
}

at::Tensor saturation(const at::Tensor& image, double factor, JitterKind kind) {
  if (kind == JitterKind::Torchvision) return blend(image, luma(image), factor);
  const at::Tensor hsv = rgb_to_hsv(image);
  return hsv_to_rgb(at::stack({hsv[0], (hsv[1] * factor).clamp(0, 1), hsv[2]}));
}

at::Tensor hue(const at::Tensor& image, double turns) {
  const at::Tensor hsv = rgb_to_hsv(image);
  return hsv_to_rgb(at::stack({(hsv[0] + turns).remainder(1), hsv[1], hsv[2]}));
}

at::Tensor color_jitter(at::Tensor image, const PlanRow& row, JitterKind kind) {
  for (int i = 0; i < kJitterSteps; ++i) {
    switch (jitter_step(row, i)) {
      case JitterStep::Brightness:
        image = brightness(image, row.brightness, kind);
        break;
      case JitterStep::Contrast:
        image = contrast(image, row.contrast, kind);
        break;
      case JitterStep::Saturation:
        image = saturation(image, row.saturation, kind);
        break;
      case JitterStep::Hue:
        image = hue(image, row.hue);
        break;
    }
    image = image.clamp(0, 1);
  }
  return image;
}

at::Tensor blur(const at::Tensor& image, double sigma, const ViewSpec& view) {
  const int64_t radius = view.blur_radius;
  const int64_t taps = 2 * radius + 1;
  const at::Tensor x = at::arange(-radius, radius + 1, at::kDouble) / sigma;
  const at::Tensor gauss = (-0.5 * x * x).exp();
  const at::Tensor weights = (gauss / gauss.sum()).to(at::kFloat);
  at::Tensor padded = image.unsqueeze(1);  // channels as a batch of grey images
  padded = view.blur_border == BlurBorder::Zero ? at::constant_pad_nd(padded, {radius, radius, radius, radius})
                                                : at::reflection_pad2d(padded, {radius, radius, radius, radius});
  padded = at::conv2d(padded, weights.view({1, 1, 1, taps}));
  return at::conv2d(padded, weights.view({1, 1, taps, 1})).squeeze(1);
}

at::Tensor execute_row(const at::Tensor& pixels, const PlanRow& row, const ViewSpec& view) {
  at::Tensor image = crop_and_resize(pixels, row, view);
  if (row.flip) image = image.flip({2});
  if (row.jitter) image = color_jitter(image, row, view.jitter);
  if (row.grayscale) image = luma(image).expand({3, -1, -1});
  if (row.blur_sigma > 0) image = blur(image, row.blur_sigma, view);
  if (row.solarize) image = at::where(image < 0.5, image, 1 - image);
  const at::Tensor mean = at::tensor(at::ArrayRef<float>(view.mean)).view({3, 1, 1});
  const at::Tensor std = at::tensor(at::ArrayRef<float>(view.std)).view({3, 1, 1});
  return (image.clamp(0, 1) - mean) / std;
}

}  // namespace

at::Tensor execute_plan_reference(const ImageStore& images, at::IntArrayRef indices, const float* plan,
                                  const ViewSpec& view) {
  check_plan(images, indices, plan, view);
  const at::NoGradGuard no_grad;
  const auto rows = static_cast<int64_t>(indices.size());
  at::Tensor views = at::empty({rows, 3, view.height, view.width}, at::kFloat, std::nullopt, std::nullopt, std::nullopt,
                               at::MemoryFormat::ChannelsLast);
  for (int64_t i = 0; i < rows; ++i) {
    throw_if_interrupted();
    views[i].copy_(execute_row(images.image(indices[i]), read_plan_row(plan + i * kPlanColumns), view));
  }
  return views;
}

}  // namespace byol

#include "core/augment/plan_check.h"

#include <c10/util/StringUtil.h>

#include <algorithm>
#include <cmath>

#include "core/error.h"

namespace byol {
namespace {

constexpr int kJitterOrders = 24;

[[noreturn]] void refuse_value(int64_t row, const char* column, float value, const char* allowed) {
  throw Error("ERR_BYOL_VALUE",
              c10::str("augmentation plan, row ", row, ": ", column, " is ", value, ", must be ", allowed, "."));
}

void check_crop(const float* row, int64_t index, int64_t height, int64_t width) {
  struct Side {
    const char *start_name, *length_name;
    float start, length;
    int64_t limit;
  };
  for (const Side& side : {Side{"cropTop", "cropHeight", row[kCropTop], row[kCropHeight], height},
                           Side{"cropLeft", "cropWidth", row[kCropLeft], row[kCropWidth], width}}) {
    // Parts of pixels that are not whole eighths are rounded, each number for itself.
    const double limit = static_cast<double>(side.limit) * (1.0 + 1e-6);
    if (!(side.length > 0.0F && side.length <= limit)) {
      refuse_value(index, side.length_name, side.length, "above 0 and at most the image's size");
    }
    if (!(side.start >= 0.0F && static_cast<double>(side.start) + static_cast<double>(side.length) <= limit)) {
      refuse_value(index, side.start_name, side.start, "a number that keeps the crop inside the image");
    }
  }
}

void check_row(const float* row, int64_t index, JitterKind kind) {
  const auto flag = [&](PlanColumn column, const char* name) {
    if (row[column] != 0.0F && row[column] != 1.0F) refuse_value(index, name, row[column], "0 or 1");
  };
  const auto factor = [&](PlanColumn column, const char* name) {
    if (!std::isfinite(row[column]) || row[column] < 0.0F) {
      refuse_value(index, name, row[column], "a finite factor of at least 0");
    }
  };
  flag(kFlip, "flip");
  flag(kGrayscale, "grayscale");
  flag(kSolarize, "solarize");
  const float order = row[kJitterOrder];
  if (!(order >= -1.0F && order < kJitterOrders && order == std::floor(order))) {
    refuse_value(index, "jitterOrder", order, "an integer from -1 to 23");
  }
  if (order >= 0.0F) {
    if (kind == JitterKind::Torchvision) {
      factor(kBrightness, "brightness");
    } else if (!std::isfinite(row[kBrightness])) {
      refuse_value(index, "brightness", row[kBrightness], "finite");
    }
    factor(kContrast, "contrast");
    factor(kSaturation, "saturation");
    if (!(std::abs(row[kHue]) <= 0.5F)) refuse_value(index, "hue", row[kHue], "from -0.5 to 0.5");
  }
  if (!std::isfinite(row[kBlurSigma]) || row[kBlurSigma] < 0.0F) {
    refuse_value(index, "blurSigma", row[kBlurSigma], "finite and at least 0");
  }
}

}  // namespace

void check_view(const ViewSpec& view) {
  if (view.height < 1 || view.width < 1 || view.height > kLargestSide || view.width > kLargestSide) {
    throw Error("ERR_BYOL_SHAPE", c10::str("a view must have sides of 1 to ", kLargestSide, " pixels, not ",
                                           view.height, " x ", view.width, "."));
  }
  if (view.blur_radius < 0 || view.blur_radius > kLargestSide) {
    throw Error("ERR_BYOL_VALUE",
                c10::str("the blur's radius must be 0 to ", kLargestSide, " pixels, not ", view.blur_radius, "."));
  }
  // Mirroring about the edge pixel needs as many pixels on its other side.
  if (view.blur_border == BlurBorder::Reflect && view.blur_radius >= std::min(view.height, view.width)) {
    throw Error("ERR_BYOL_VALUE",
                c10::str("a blur of radius ", view.blur_radius, " with reflected borders needs views", " of more than ",
                         view.blur_radius, " pixels, not ", view.height, " x ", view.width, "."));
  }
  for (int c = 0; c < 3; ++c) {
    if (!std::isfinite(view.mean[c]) || !std::isfinite(view.std[c]) || view.std[c] <= 0.0F) {
      throw Error("ERR_BYOL_VALUE",
                  c10::str("channel ", c, " cannot be normalised with mean ", view.mean[c], " and standard deviation ",
                           view.std[c], "; both must be finite, the latter positive."));
    }
  }
}

void check_plan(const ImageStore& images, at::IntArrayRef indices, const float* plan,
                const ViewSpec& view) {
  check_view(view);
  for (std::size_t i = 0; i < indices.size(); ++i) {
    if (indices[i] < 0 || indices[i] >= images.size()) {
      throw Error("ERR_BYOL_SHAPE", c10::str("there is no image ", indices[i], " in a store of ", images.size(),
                                             " (row ", i, " of the batch)."));
    }
    const float* row = plan + i * kPlanColumns;
    check_crop(row, static_cast<int64_t>(i), images.height(indices[i]), images.width(indices[i]));
    check_row(row, static_cast<int64_t>(i), view.jitter);
  }
}

}  // namespace byol

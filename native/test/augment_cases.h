#pragma once

// Images, plans and what is expected of them, for the tests of augmentation. Include it after LibTorch's headers.

#include <ATen/ATen.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <functional>
#include <memory>
#include <random>
#include <string>
#include <tuple>
#include <vector>

#include "augment_oracle.h"
#include "core/augment/plan.h"
#include "core/error.h"

namespace augment_cases {

using byol::ImageStore;
using byol::JitterKind;
using byol::ViewSpec;

inline std::shared_ptr<uint8_t[]> copy_of(const std::vector<uint8_t>& pixels) {
  std::shared_ptr<uint8_t[]> copy(new uint8_t[pixels.size()]);
  std::copy(pixels.begin(), pixels.end(), copy.get());
  return copy;
}

struct Cases {
  int count, height, width;
  std::vector<uint8_t> pixels;
  std::vector<int64_t> indices;
  std::vector<float> plan;

  Cases(int images, int h, int w, unsigned seed) : count(images), height(h), width(w), random(seed) {
    // Smooth colours with some noise, some pixels saturated, some exactly grey.
    for (int n = 0; n < images; ++n) {
      for (int i = 0; i < h * w; ++i) {
        const bool grey = random() % 8 == 0;
        const auto level = static_cast<uint8_t>(random() % 256);
        for (int c = 0; c < 3; ++c) {
          const double wave = 128 + 140 * std::sin(0.2 * (n + 1) * (i / w) + 0.15 * (i % w) + 2 * c);
          const double value = wave + static_cast<double>(random() % 40);
          pixels.push_back(grey ? level : static_cast<uint8_t>(std::clamp(value, 0.0, 255.0)));
        }
      }
    }
  }

  std::mt19937 random;
  double uniform(double low, double high) { return std::uniform_real_distribution<double>(low, high)(random); }

  // A row that only resizes a random crop.
  float* add() {
    const int crop_height = 1 + static_cast<int>(random() % height),
              crop_width = 1 + static_cast<int>(random() % width);
    std::vector<float> row(byol::kPlanColumns, 0.0F);
    row[byol::kCropHeight] = static_cast<float>(crop_height);
    row[byol::kCropWidth] = static_cast<float>(crop_width);
    row[byol::kCropTop] = static_cast<float>(random() % (height - crop_height + 1));
    row[byol::kCropLeft] = static_cast<float>(random() % (width - crop_width + 1));
    row[byol::kJitterOrder] = -1;
    plan.insert(plan.end(), row.begin(), row.end());
    indices.push_back(static_cast<int64_t>(random() % count));
    return plan.data() + plan.size() - byol::kPlanColumns;
  }

  // The same with edges between pixels, of an image that was made smaller.
  float* add_between() {
    float* row = add();
    for (const auto& [start, length, side] : {std::tuple{byol::kCropTop, byol::kCropHeight, height},
                                              std::tuple{byol::kCropLeft, byol::kCropWidth, width}}) {
      row[length] = static_cast<float>(uniform(0.3, side));
      row[start] = static_cast<float>(uniform(0.0, side - static_cast<double>(row[length])));
    }
    return row;
  }

  float* add_jitter(int order, JitterKind kind) {
    float* row = add();
    row[byol::kJitterOrder] = static_cast<float>(order);
    const bool official = kind == JitterKind::Official;
    row[byol::kBrightness] = static_cast<float>(official ? uniform(-0.4, 0.4) : uniform(0.6, 1.4));
    row[byol::kContrast] = static_cast<float>(uniform(0.6, 1.4));
    row[byol::kSaturation] = static_cast<float>(uniform(0.0, 2.0));
    row[byol::kHue] = static_cast<float>(uniform(-0.5, 0.5));
    return row;
  }

  ImageStore store() const {
    const auto each = [&](int side) { return std::vector<int64_t>(static_cast<std::size_t>(count), side); };
    return {copy_of(pixels), each(height), each(width), {}};
  }

  at::Tensor expected(const ViewSpec& view) const {
    at::Tensor out = at::empty({static_cast<int64_t>(indices.size()), view.height, view.width, 3}, at::kDouble);
    for (std::size_t i = 0; i < indices.size(); ++i) {
      const oracle::Image image = oracle::expected_view(pixels.data() + indices[i] * height * width * 3, height, width,
                                                        plan.data() + i * byol::kPlanColumns, view);
      std::copy(image.v.begin(), image.v.end(), out[static_cast<int64_t>(i)].data_ptr<double>());
    }
    return out.permute({0, 3, 1, 2});
  }
};

inline ViewSpec view_of(int height, int width) {
  ViewSpec view;
  view.height = height;
  view.width = width;
  return view;
}

inline double largest_difference(const at::Tensor& a, const at::Tensor& b) {
  return (a.to(at::kDouble) - b.to(at::kDouble)).abs().max().item<double>();
}

// Float32 arithmetic on values in [0, 1], some twenty operations deep.
constexpr double kTolerance = 4e-6;

inline std::string error_code(const std::function<void()>& body) {
  try {
    body();
  } catch (const byol::Error& error) {
    return error.code();
  }
  return "no error";
}

}  // namespace augment_cases

#pragma once

// The augmentation pipeline in float64, written from the definitions (the paper's Table 6, the official code,
// torchvision) per sample and per pixel, sharing nothing with the executors but the columns' order.

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <numeric>
#include <vector>

#include "core/augment/plan.h"

namespace oracle {

using byol::BlurBorder;
using byol::JitterKind;
using byol::Resampling;
using byol::ViewSpec;

struct Image {
  int height, width;
  std::vector<double> v;  // [height, width, 3]
  Image(int h, int w) : height(h), width(w), v(static_cast<std::size_t>(h) * w * 3) {}
  double& at(int y, int x, int c) { return v[(static_cast<std::size_t>(y) * width + x) * 3 + c]; }
  double at(int y, int x, int c) const { return v[(static_cast<std::size_t>(y) * width + x) * 3 + c]; }
};

// Weights of a line of `side` pixels for position i of the `out` that its part [start, start + length) becomes.
inline std::vector<double> weights_of(int i, double start, double length, int side, int out, const ViewSpec& view) {
  const double x = start + (i + 0.5) * length / out - 0.5;  // in the frame where pixel j lies at j
  const double widen = view.antialias ? std::max(1.0, length / out) : 1.0;
  std::vector<double> w(side);
  for (int j = 0; j < side; ++j) {
    if (!view.beyond_crop && (j + 1 <= start || j >= start + length)) continue;  // no part of it
    const double d = std::abs(x - j) / widen;
    if (view.resampling == Resampling::Bilinear) {
      w[j] = std::max(0.0, 1 - d);
    } else {
      const double a = -0.5;  // Keys 1981, equation 4 of the common form
      w[j] = d <= 1  ? (a + 2) * d * d * d - (a + 3) * d * d + 1
             : d < 2 ? a * d * d * d - 5 * a * d * d + 8 * a * d - 4 * a
                     : 0.0;
    }
  }
  const double sum = std::accumulate(w.begin(), w.end(), 0.0);
  for (double& value : w) value /= sum;
  return w;
}

inline Image resized(const uint8_t* pixels, int source_height, int source_width, const float* row,
                     const ViewSpec& view) {
  Image out(static_cast<int>(view.height), static_cast<int>(view.width));
  for (int y = 0; y < out.height; ++y) {
    const auto wy = weights_of(y, row[byol::kCropTop], row[byol::kCropHeight], source_height, out.height, view);
    for (int x = 0; x < out.width; ++x) {
      const auto wx = weights_of(x, row[byol::kCropLeft], row[byol::kCropWidth], source_width, out.width, view);
      for (int c = 0; c < 3; ++c) {
        double sum = 0;
        for (int j = 0; j < source_height; ++j) {
          if (wy[j] == 0) continue;
          for (int i = 0; i < source_width; ++i) sum += wy[j] * wx[i] * pixels[(j * source_width + i) * 3 + c];
        }
        out.at(y, x, c) = std::clamp(sum / 255, 0.0, 1.0);
      }
    }
  }
  return out;
}

struct Hsv {
  double h, s, v;  // h in degrees
};

inline Hsv to_hsv(double r, double g, double b) {
  const double high = std::max({r, g, b}), low = std::min({r, g, b}), delta = high - low;
  double h = 0;
  if (delta > 0) {
    if (high == r)
      h = 60 * std::fmod((g - b) / delta + 6, 6);
    else if (high == g)
      h = 60 * ((b - r) / delta + 2);
    else
      h = 60 * ((r - g) / delta + 4);
  }
  return {h, high > 0 ? delta / high : 0, high};
}

inline std::array<double, 3> to_rgb(Hsv p) {
  const double c = p.v * p.s, m = p.v - c;
  const double x = c * (1 - std::abs(std::fmod(p.h / 60, 2) - 1));
  const double table[6][3] = {{c, x, 0}, {x, c, 0}, {0, c, x}, {0, x, c}, {x, 0, c}, {c, 0, x}};
  const auto& sector = table[static_cast<int>(p.h / 60) % 6];
  return {sector[0] + m, sector[1] + m, sector[2] + m};
}

inline double grey_of(const Image& image, int y, int x) {
  return 0.2989 * image.at(y, x, 0) + 0.5870 * image.at(y, x, 1) + 0.1140 * image.at(y, x, 2);
}

inline void jitter_step(Image& image, int step, const float* row, bool official) {
  std::array<double, 3> middle{};
  for (int y = 0; y < image.height; ++y) {
    for (int x = 0; x < image.width; ++x) {
      for (int c = 0; c < 3; ++c) middle[c] += official ? image.at(y, x, c) : grey_of(image, y, x);
    }
  }
  for (double& m : middle) m /= image.height * image.width;
  for (int y = 0; y < image.height; ++y) {
    for (int x = 0; x < image.width; ++x) {
      const std::array<double, 3> p = {image.at(y, x, 0), image.at(y, x, 1), image.at(y, x, 2)};
      std::array<double, 3> q{};
      Hsv hsv = to_hsv(p[0], p[1], p[2]);
      const double grey = grey_of(image, y, x);
      for (int c = 0; c < 3; ++c) {
        if (step == 0) q[c] = official ? p[c] + row[byol::kBrightness] : p[c] * row[byol::kBrightness];
        if (step == 1) q[c] = row[byol::kContrast] * (p[c] - middle[c]) + middle[c];
        if (step == 2) q[c] = row[byol::kSaturation] * (p[c] - grey) + grey;
      }
      if (step == 2 && official) {
        hsv.s = std::clamp(hsv.s * row[byol::kSaturation], 0.0, 1.0);
        q = to_rgb(hsv);
      }
      if (step == 3) {
        hsv.h = std::fmod(hsv.h + 360.0 * row[byol::kHue] + 360.0, 360.0);
        q = to_rgb(hsv);
      }
      for (int c = 0; c < 3; ++c) image.at(y, x, c) = std::clamp(q[c], 0.0, 1.0);
    }
  }
}

inline Image blurred(const Image& image, double sigma, const ViewSpec& view) {
  const int radius = static_cast<int>(view.blur_radius);
  Image out(image.height, image.width);
  const auto pixel = [&](int y, int x, int c) {
    if (view.blur_border == BlurBorder::Reflect) {
      y = y < 0 ? -y : y >= image.height ? 2 * (image.height - 1) - y : y;
      x = x < 0 ? -x : x >= image.width ? 2 * (image.width - 1) - x : x;
    } else if (y < 0 || x < 0 || y >= image.height || x >= image.width) {
      return 0.0;
    }
    return image.at(y, x, c);
  };
  double total = 0;
  for (int j = -radius; j <= radius; ++j) {
    for (int i = -radius; i <= radius; ++i) total += std::exp(-(j * j + i * i) / (2 * sigma * sigma));
  }
  for (int y = 0; y < out.height; ++y) {
    for (int x = 0; x < out.width; ++x) {
      for (int c = 0; c < 3; ++c) {
        double sum = 0;
        for (int j = -radius; j <= radius; ++j) {
          for (int i = -radius; i <= radius; ++i) {
            sum += std::exp(-(j * j + i * i) / (2 * sigma * sigma)) / total * pixel(y + j, x + i, c);
          }
        }
        out.at(y, x, c) = sum;
      }
    }
  }
  return out;
}

inline Image expected_view(const uint8_t* pixels, int source_height, int source_width, const float* row,
                           const ViewSpec& view) {
  Image image = resized(pixels, source_height, source_width, row, view);
  if (row[byol::kFlip] == 1) {
    const Image before = image;
    for (int y = 0; y < image.height; ++y) {
      for (int x = 0; x < image.width; ++x) {
        for (int c = 0; c < 3; ++c) image.at(y, x, c) = before.at(y, image.width - 1 - x, c);
      }
    }
  }
  if (row[byol::kJitterOrder] >= 0) {
    std::array<int, 4> order = {0, 1, 2, 3};
    for (int i = 0; i < static_cast<int>(row[byol::kJitterOrder]); ++i)
      std::next_permutation(order.begin(), order.end());
    for (const int step : order) jitter_step(image, step, row, view.jitter == JitterKind::Official);
  }
  if (row[byol::kGrayscale] == 1) {
    for (int y = 0; y < image.height; ++y) {
      for (int x = 0; x < image.width; ++x) {
        const double grey = grey_of(image, y, x);
        for (int c = 0; c < 3; ++c) image.at(y, x, c) = grey;
      }
    }
  }
  if (row[byol::kBlurSigma] > 0) image = blurred(image, row[byol::kBlurSigma], view);
  for (std::size_t i = 0; i < image.v.size(); ++i) {
    double value = image.v[i];
    if (row[byol::kSolarize] == 1 && value >= 0.5) value = 1 - value;
    image.v[i] = (std::clamp(value, 0.0, 1.0) - view.mean[i % 3]) / view.std[i % 3];
  }
  return image;
}

}  // namespace oracle

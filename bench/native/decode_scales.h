#pragma once

// What a scaled decoding changes in a view: crop and resize in float64, of the whole image and of the scaled one.

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <vector>

#include "core/data/crop_region.h"

namespace bench {

/// Weights of a line of `side` pixels of which [start, start + length) becomes `out`, by Keys' cubic (a = -0.5),
/// half-pixel centres, pixels outside dropped: dense, [out][side].
inline std::vector<std::vector<double>> resize_weights(int side, double start, double length, int out, bool antialias) {
  const double scale = length / out;
  const double stretch = antialias ? std::max(scale, 1.0) : 1.0;
  std::vector<std::vector<double>> rows(static_cast<size_t>(out), std::vector<double>(static_cast<size_t>(side)));
  for (int o = 0; o < out; ++o) {
    auto& row = rows[static_cast<size_t>(o)];
    double sum = 0.0;
    for (int i = 0; i < side; ++i) {
      if (i + 1 <= start || i >= start + length) continue;
      const double d = std::abs((i + 0.5 - start - (o + 0.5) * scale) / stretch);
      const double weight = d < 1   ? 1.5 * d * d * d - 2.5 * d * d + 1
                            : d < 2 ? -0.5 * d * d * d + 2.5 * d * d - 4 * d + 2
                                    : 0.0;
      row[static_cast<size_t>(i)] = weight;
      sum += weight;
    }
    for (double& weight : row) weight /= sum;
  }
  return rows;
}

/// The view of a crop of an image, [view][view][3], 0 to 255.
inline std::vector<double> view_of(const std::vector<uint8_t>& pixels, int height, int width,
                                   const byol::CropPart& crop, int view, bool antialias) {
  const auto down = resize_weights(height, crop.top, crop.height, view, antialias);
  const auto across = resize_weights(width, crop.left, crop.width, view, antialias);
  const auto side = static_cast<size_t>(view);
  std::vector<double> narrow(static_cast<size_t>(height) * side * 3), result(side * side * 3);
  for (size_t y = 0; y < static_cast<size_t>(height); ++y) {
    for (size_t x = 0; x < side; ++x) {
      for (size_t i = 0; i < static_cast<size_t>(width); ++i) {
        const double weight = across[x][i];
        if (weight == 0.0) continue;
        const size_t at = (y * static_cast<size_t>(width) + i) * 3;
        for (size_t c = 0; c < 3; ++c) narrow[(y * side + x) * 3 + c] += weight * pixels[at + c];
      }
    }
  }
  for (size_t y = 0; y < side; ++y) {
    for (size_t i = 0; i < static_cast<size_t>(height); ++i) {
      const double weight = down[y][i];
      if (weight == 0.0) continue;
      for (size_t x = 0; x < 3 * side; ++x) result[y * side * 3 + x] += weight * narrow[i * side * 3 + x];
    }
  }
  for (double& value : result) value = std::clamp(value, 0.0, 255.0);
  return result;
}

/// Root mean square of the difference.
inline double difference(const std::vector<double>& a, const std::vector<double>& b) {
  double sum = 0.0;
  for (size_t i = 0; i < a.size(); ++i) sum += (a[i] - b[i]) * (a[i] - b[i]);
  return std::sqrt(sum / static_cast<double>(a.size()));
}

}  // namespace bench

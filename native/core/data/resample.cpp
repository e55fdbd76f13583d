#include "core/data/resample.h"

#include <algorithm>
#include <cmath>
#include <vector>

namespace byol {
namespace {

constexpr int64_t kChannels = 3;
constexpr double kSupport = 2;  // of the kernel, in pixels of the smaller image

double keys(double x) {
  constexpr double a = -0.5;
  x = std::abs(x);
  if (x < 1) return ((a + 2) * x - (a + 3)) * x * x + 1;
  if (x < 2) return ((a * x - 5 * a) * x + 8 * a) * x - 4 * a;
  return 0;
}

/// The pixels along one axis that make one of the other image, and their weights.
struct Taps {
  int64_t first;
  std::vector<float> weights;
};

std::vector<Taps> taps_of(int64_t from, int64_t to) {
  const double ratio = static_cast<double>(from) / static_cast<double>(to), widened = std::max(ratio, 1.0);
  std::vector<Taps> all;
  all.reserve(static_cast<size_t>(to));
  for (int64_t i = 0; i < to; ++i) {
    const double center = (static_cast<double>(i) + 0.5) * ratio;
    const int64_t first = std::max<int64_t>(0, std::llround(std::floor(center - kSupport * widened)));
    const int64_t end = std::min<int64_t>(from, std::llround(std::ceil(center + kSupport * widened)));
    std::vector<double> weights;
    double sum = 0;
    for (int64_t j = first; j < end; ++j) {
      weights.push_back(keys((static_cast<double>(j) + 0.5 - center) / widened));
      sum += weights.back();
    }
    Taps taps{first, {}};
    for (const double weight : weights) taps.weights.push_back(static_cast<float>(weight / sum));
    all.push_back(std::move(taps));
  }
  return all;
}

uint8_t rounded(float value) { return static_cast<uint8_t>(std::clamp(value, 0.0F, 255.0F) + 0.5F); }

}  // namespace

void resample(const uint8_t* from, int64_t from_height, int64_t from_width, uint8_t* to, int64_t to_height,
              int64_t to_width) {
  const std::vector<Taps> rows = taps_of(from_height, to_height), columns = taps_of(from_width, to_width);
  const int64_t line = from_width * kChannels;
  // Along the columns first: neighbours in memory then go together, and a single line is all that is kept.
  std::vector<float> sums(static_cast<size_t>(line));
  for (const Taps& row : rows) {
    std::fill(sums.begin(), sums.end(), 0.0F);
    for (size_t tap = 0; tap < row.weights.size(); ++tap) {
      const float weight = row.weights[tap];
      const uint8_t* const source = from + (row.first + static_cast<int64_t>(tap)) * line;
      float* const sum = sums.data();
      for (int64_t x = 0; x < line; ++x) sum[x] += weight * static_cast<float>(source[x]);
    }
    for (const Taps& column : columns) {
      const float* source = sums.data() + column.first * kChannels;
      float red = 0, green = 0, blue = 0;
      for (const float weight : column.weights) {
        red += weight * source[0];
        green += weight * source[1];
        blue += weight * source[2];
        source += kChannels;
      }
      *to++ = rounded(red);
      *to++ = rounded(green);
      *to++ = rounded(blue);
    }
  }
}

}  // namespace byol

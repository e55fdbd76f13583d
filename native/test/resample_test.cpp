// Images in other sizes, against the definition in double precision.
#include "core/data/resample.h"

#include <algorithm>
#include <cmath>
#include <random>
#include <vector>

#include "check.h"

namespace {

using Bytes = std::vector<uint8_t>;

// Keys (1981), equation 15, for a = -1/2.
double kernel(double s) {
  s = std::abs(s);
  if (s <= 1) return 1.5 * s * s * s - 2.5 * s * s + 1;
  return s < 2 ? -0.5 * s * s * s + 2.5 * s * s - 4 * s + 2 : 0;
}

/// The weighted mean over all pixels of the image, both axes at once.
double expected(const Bytes& image, int64_t height, int64_t width, int64_t to_height, int64_t to_width, int64_t y,
                int64_t x, int64_t channel) {
  const auto weight = [](int64_t at, int64_t from, int64_t to, int64_t other) {
    const double ratio = double(from) / double(to);
    return kernel(((double(other) + 0.5) - (double(at) + 0.5) * ratio) / std::max(1.0, ratio));
  };
  double sum = 0, weights = 0;
  for (int64_t r = 0; r < height; ++r) {
    for (int64_t c = 0; c < width; ++c) {
      const double w = weight(y, height, to_height, r) * weight(x, width, to_width, c);
      sum += w * image[static_cast<size_t>((r * width + c) * 3 + channel)];
      weights += w;
    }
  }
  return std::clamp(sum / weights, 0.0, 255.0);
}

void check_against_definition(int64_t height, int64_t width, int64_t to_height, int64_t to_width) {
  std::mt19937 random(static_cast<uint32_t>(height * 1000 + to_width));
  Bytes image(static_cast<size_t>(height * width * 3)), made(static_cast<size_t>(to_height * to_width * 3));
  for (uint8_t& value : image) value = static_cast<uint8_t>(random());
  byol::resample(image.data(), height, width, made.data(), to_height, to_width);
  for (int64_t y = 0; y < to_height; ++y) {
    for (int64_t x = 0; x < to_width; ++x) {
      for (int64_t channel = 0; channel < 3; ++channel) {
        const double wanted = expected(image, height, width, to_height, to_width, y, x, channel);
        CHECK_CLOSE(made[static_cast<size_t>((y * to_width + x) * 3 + channel)], wanted, 0.501);
      }
    }
  }
}

}  // namespace

TEST(resample_is_the_mean_that_its_definition_says) {
  const int64_t sizes[][4] = {{12, 17, 5, 7}, {40, 23, 8, 4}, {9, 9, 9, 4}, {7, 30, 3, 30}, {50, 3, 16, 1}, {1, 1, 1, 1},
                              {1, 8, 1, 3},   {5, 4, 11, 9},  {64, 64, 2, 2}, {33, 21, 32, 20}};
  for (const auto& [height, width, to_height, to_width] : sizes) {
    check_against_definition(height, width, to_height, to_width);
  }
}

TEST(resample_leaves_what_has_the_size_and_what_is_of_one_colour) {
  Bytes image(11 * 7 * 3);
  for (size_t i = 0; i < image.size(); ++i) image[i] = static_cast<uint8_t>(i * 37);
  Bytes made(image.size());
  byol::resample(image.data(), 11, 7, made.data(), 11, 7);
  CHECK(made == image);

  std::fill(image.begin(), image.end(), uint8_t{255});
  Bytes small(4 * 3 * 3);
  byol::resample(image.data(), 11, 7, small.data(), 4, 3);
  CHECK(std::ranges::all_of(small, [](uint8_t value) { return value == 255; }));
}

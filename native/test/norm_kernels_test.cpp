// The kernels of every instruction set that this CPU has, against loops over float64 scalars.
#include "core/model/norm_kernels.h"

#include <c10/util/BFloat16.h>

#include <algorithm>
#include <cfloat>
#include <cmath>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "check.h"

namespace {

using byol::NormBlock;
using byol::NormElement;
using byol::NormKernels;

struct Variant {
  std::string name;
  const NormKernels* kernels;
  bool bfloat16;
  bool native;
};

std::vector<Variant> variants() {
  std::vector<std::pair<std::string, const NormKernels*>> sets{{"baseline", byol::kNormKernelsBaseline}};
  bool native = false;
#if defined(__x86_64__)
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma"))
    sets.emplace_back("avx2", byol::kNormKernelsAvx2);
  if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512dq") &&
      __builtin_cpu_supports("avx512vl")) {
    sets.emplace_back("avx512", byol::kNormKernelsAvx512);
    native = __builtin_cpu_supports("avx512bf16");
  }
#endif
  std::vector<Variant> all;
  for (const auto& [name, table] : sets) {
    all.push_back({name + " float32", table + static_cast<int>(NormElement::kFloat32), false, false});
    all.push_back({name + " bfloat16", table + static_cast<int>(NormElement::kBfloat16), true, false});
  }
  if (native) {
    const NormKernels* const kernels = byol::kNormKernelsAvx512 + static_cast<int>(NormElement::kNativeBfloat16);
    all.push_back({"avx512 native bfloat16", kernels, true, true});
  }
  return all;
}

// A feature map in the variant's own type.
class Map {
 public:
  Map(bool bfloat16, std::vector<float> values) : bfloat16_(bfloat16) {
    if (bfloat16) {
      for (const float v : values) halves_.emplace_back(v);
    } else {
      floats_ = std::move(values);
    }
  }
  void* data() { return bfloat16_ ? static_cast<void*>(halves_.data()) : floats_.data(); }
  double at(int64_t i) const { return bfloat16_ ? static_cast<float>(halves_[i]) : floats_[i]; }

 private:
  bool bfloat16_;
  std::vector<float> floats_;
  std::vector<c10::BFloat16> halves_;
};

void expect(const Variant& variant, const char* what, int64_t i, double actual, double expected, double tolerance) {
  if (std::abs(actual - expected) <= tolerance * std::max(1.0, std::abs(expected))) return;
  check::fail(__FILE__, __LINE__,
              variant.name + ": " + what + "[" + std::to_string(i) + "] is " + std::to_string(actual) + ", expected " +
                  std::to_string(expected));
}

// 4 channels in lines of 16 rows; 5 lines, and 3 rows more.
constexpr int64_t kChannels = 4, kFold = 16, kRows = 83, kWidth = kChannels * kFold;
constexpr NormBlock kBlock{.offset = 0,
                           .stride = kWidth,
                           .lines = kRows / kFold,
                           .columns = kWidth,
                           .tail = kRows % kFold * kChannels,
                           .first_column = 0,
                           .channels = kChannels,
                           .fold = kFold};

struct Coefficients {
  std::vector<float> mean, rest, inverse, scale, shift, slope, offset;
  Coefficients() {
    for (int64_t i = 0; i < kWidth; ++i) {
      const auto c = static_cast<float>(i % kChannels);
      mean.push_back(0.25F * c);
      rest.push_back(1e-3F * c);
      inverse.push_back(1.0F + 0.5F * c);
      scale.push_back(c - 1.5F);
      shift.push_back(0.1F * c - 0.2F);
      slope.push_back(0.3F - 0.2F * c);
      offset.push_back(0.05F * c);
    }
  }
  byol::NormCoefficients forward() { return {mean.data(), rest.data(), inverse.data(), scale.data(), shift.data()}; }
  byol::NormGradientCoefficients backward() { return {slope.data(), offset.data()}; }
};

std::vector<float> random_values(unsigned seed) {
  std::mt19937 generator(seed);
  std::normal_distribution<float> normal;
  std::vector<float> values(kRows * kChannels);
  for (float& v : values) v = normal(generator);
  return values;
}

}  // namespace

TEST(norm_kernels_moments) {
  for (const Variant& variant : variants()) {
    Map x(variant.bfloat16, random_values(1));
    double mean[kChannels], squares[kChannels];
    variant.kernels->moments(kBlock, x.data(), mean, squares);
    for (int64_t c = 0; c < kChannels; ++c) {
      double m = 0, s = 0;
      for (int64_t r = 0; r < kRows; ++r) m += x.at(r * kChannels + c) / kRows;
      for (int64_t r = 0; r < kRows; ++r) s += std::pow(x.at(r * kChannels + c) - m, 2);
      expect(variant, "mean", c, mean[c], m, 1e-6);
      expect(variant, "squares", c, squares[c], s, 1e-6);
    }
  }
}

TEST(norm_kernels_merge_moments) {
  for (const Variant& variant : variants()) {
    double mean_a[] = {1, -2}, squares_a[] = {3, 0};
    const double mean_b[] = {4, -2}, squares_b[] = {5, 7};
    variant.kernels->merge_moments(2, mean_a, squares_a, 2, mean_b, squares_b, 4);
    CHECK_CLOSE(mean_a[0], 3.0, 1e-15);      // (2 * 1 + 4 * 4) / 6
    CHECK_CLOSE(squares_a[0], 20.0, 1e-14);  // 3 + 5 + 2 * (1 - 3)^2 + 4 * (4 - 3)^2
    CHECK_CLOSE(mean_a[1], -2.0, 1e-15);
    CHECK_CLOSE(squares_a[1], 7.0, 1e-15);
  }
}

TEST(norm_kernels_normalise) {
  for (const Variant& variant : variants()) {
    const double rounding = variant.bfloat16 ? 1.0 / 256 : 1e-6;
    Coefficients k;
    for (const bool relu : {false, true}) {
      for (const bool with_residual : {false, true}) {
        Map x(variant.bfloat16, random_values(1)), residual(variant.bfloat16, random_values(2));
        Map y(variant.bfloat16, std::vector<float>(kRows * kChannels, -7.0F));
        variant.kernels->normalise(kBlock, x.data(), with_residual ? residual.data() : nullptr, y.data(), k.forward(),
                                   relu);
        for (int64_t i = 0; i < kRows * kChannels; ++i) {
          const int64_t c = i % kChannels;
          double v = (x.at(i) - k.mean[c]) * k.scale[c] + k.shift[c] + (with_residual ? residual.at(i) : 0.0);
          if (relu) v = std::max(v, 0.0);
          expect(variant, "y", i, y.at(i), v, rounding);
        }
      }
    }
  }
}

TEST(norm_kernels_gradients) {
  for (const Variant& variant : variants()) {
    const double rounding = variant.bfloat16 ? 1.0 / 256 : 1e-6;
    Coefficients k;
    enum { kPlain, kFromInput, kFromOutput };
    for (const int mask : {kPlain, kFromInput, kFromOutput}) {
      Map x(variant.bfloat16, random_values(1)), dy(variant.bfloat16, random_values(2));
      const Map original_dy = dy;
      std::vector<float> output = random_values(3);
      for (float& v : output) v = std::max(v, 0.0F);
      Map y(variant.bfloat16, output), dx(variant.bfloat16, std::vector<float>(kRows * kChannels, -7.0F));
      double sums[kChannels], centred[kChannels], expected[kChannels] = {}, expected_centred[kChannels] = {};
      // g over dy, as the backward pass does where it may.
      variant.kernels->reduce(kBlock, x.data(), dy.data(), mask == kFromOutput ? y.data() : nullptr, dy.data(),
                              k.forward(), mask != kPlain, sums, centred);
      variant.kernels->input_gradient(kBlock, x.data(), dy.data(), dx.data(), k.forward(), k.backward(),
                                      mask == kFromInput);
      for (int64_t i = 0; i < kRows * kChannels; ++i) {
        const int64_t c = i % kChannels;
        const double deviation = x.at(i) - k.mean[c];
        const double sign = mask == kPlain ? 1.0 : mask == kFromOutput ? y.at(i) : deviation * k.scale[c] + k.shift[c];
        const double g = sign > 0 ? original_dy.at(i) : 0.0;
        expected[c] += g;
        expected_centred[c] += g * (deviation - k.rest[c]);
        if (mask == kFromOutput) expect(variant, "g", i, dy.at(i), g, 0.0);
        expect(variant, "dx", i, dx.at(i), k.scale[c] * g + k.slope[c] * deviation + k.offset[c], rounding);
      }
      for (int64_t c = 0; c < kChannels; ++c) {
        expect(variant, "sum of g", c, sums[c], expected[c], 3e-6);
        expect(variant, "sum of g * (x - mean)", c, centred[c], expected_centred[c], 3e-6);
      }
    }
  }
}

// Every bfloat16 value, times factors whose products need rounding up, down and to even: bit for bit as c10 rounds.
TEST(norm_kernels_round_bfloat16) {
  constexpr int64_t kCount = 1 << 16;
  for (const Variant& variant : variants()) {
    if (!variant.bfloat16) continue;
    for (const float factor : {1.0F, 1.00390625F, 1.01171875F, 0.3F, -3e30F}) {
      std::vector<c10::BFloat16> x(kCount), y(kCount);
      for (int64_t i = 0; i < kCount; ++i) x[i] = c10::BFloat16(static_cast<uint16_t>(i), c10::BFloat16::from_bits());
      std::vector<float> zero(64, 0.0F), scale(64, factor);
      const NormBlock block{.offset = 0,
                            .stride = 64,
                            .lines = kCount / 64,
                            .columns = 64,
                            .tail = 0,
                            .first_column = 0,
                            .channels = 64,
                            .fold = 1};
      variant.kernels->normalise(block, x.data(), nullptr, y.data(),
                                 {zero.data(), zero.data(), zero.data(), scale.data(), zero.data()}, false);
      for (int64_t i = 0; i < kCount; ++i) {
        const float exact = static_cast<float>(x[i]) * factor;
        const bool flushed = variant.native && std::abs(exact) < FLT_MIN;
        if (std::isnan(exact)) {
          CHECK(std::isnan(static_cast<float>(y[i])));
        } else if (exact == 0.0F || flushed) {
          CHECK(static_cast<float>(y[i]) == 0.0F);
        } else if (y[i].x != c10::BFloat16(exact).x) {
          expect(variant, "rounded", i, static_cast<float>(y[i]), static_cast<float>(c10::BFloat16(exact)), 0.0);
        }
      }
    }
  }
}

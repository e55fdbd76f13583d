// Every form of every direction of a convolution against sums in float64.
#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>
#include <torch/csrc/autograd/autograd.h>

#include <cmath>
#include <string>
#include <vector>

#include "core/error.h"
#include "core/model/convolution_function.h"
#include "core/model/library_convolution.h"
#include "core/model/unfolded_convolution.h"

#include "check.h"

namespace {

using namespace byol;

constexpr auto kChannelsLast = at::MemoryFormat::ChannelsLast;

ConvolutionShape shape_of(int64_t batch, int64_t in, int64_t height, int64_t width, int64_t out, int64_t kernel,
                          int64_t stride, bool same) {
  const auto padding = [&](int64_t length) {
    return same ? same_padding(length, kernel, stride) : AxisPadding{kernel / 2, kernel / 2};
  };
  return {batch, in, height, width, out, kernel, stride, padding(height), padding(width)};
}

/// Every class of shape that networks have: stems, 3x3 and 1x1, both strides, both paddings, odd and even sizes, single
/// pixels, few channels, odd batches.
std::vector<ConvolutionShape> shapes() {
  std::vector<ConvolutionShape> all;
  for (const bool same : {true, false}) {
    for (const auto& [kernel, stride] : {std::pair<int64_t, int64_t>{3, 1}, {3, 2}, {1, 1}, {1, 2}}) {
      all.push_back(shape_of(3, 5, 6, 6, 7, kernel, stride, same));
      all.push_back(shape_of(5, 32, 7, 4, 16, kernel, stride, same));
      all.push_back(shape_of(1, 3, 1, 2, 4, kernel, stride, same));
    }
    all.push_back(shape_of(2, 3, 17, 16, 8, 7, 2, same));
    all.push_back(shape_of(2, 3, 16, 16, 8, 7, 2, same));
    all.push_back(shape_of(2, 64, 4, 4, 48, 3, 1, same));
    all.push_back(shape_of(2, 1, 5, 5, 1, 3, 2, same));
  }
  return all;
}

struct Numbers {
  at::Tensor images, weight, gradient;
};

/// Values that bfloat16 holds.
Numbers draw(const ConvolutionShape& s, at::ScalarType type) {
  at::manual_seed(static_cast<uint64_t>(s.in * 100 + s.height));
  const auto values = [&](std::vector<int64_t> sizes) {
    return at::randn(sizes).to(at::kBFloat16).to(type).contiguous(kChannelsLast);
  };
  return {values({s.batch, s.in, s.height, s.width}), values({s.out, s.in, s.kernel, s.kernel}),
          values({s.batch, s.out, s.output_height(), s.output_width()})};
}

/// The definition, one product after the other, in float64: y[b, o, i, j] = sum of w[o, c, r, k] x[b, c, i s + r - top,
/// j s + k - left], and its derivatives.
struct Oracle {
  at::Tensor output, of_images, of_weight;

  Oracle(const ConvolutionShape& s, const Numbers& numbers) {
    const auto plain = [](const at::Tensor& t) { return t.to(at::kDouble).contiguous(); };
    const at::Tensor images = plain(numbers.images), weight = plain(numbers.weight), dy = plain(numbers.gradient);
    output = at::zeros_like(dy), of_images = at::zeros_like(images), of_weight = at::zeros_like(weight);
    const auto x = images.accessor<double, 4>(), w = weight.accessor<double, 4>(), g = dy.accessor<double, 4>();
    auto y = output.accessor<double, 4>(), dx = of_images.accessor<double, 4>(), dw = of_weight.accessor<double, 4>();
    for (int64_t b = 0; b < s.batch; ++b)
      for (int64_t o = 0; o < s.out; ++o)
        for (int64_t i = 0; i < s.output_height(); ++i)
          for (int64_t j = 0; j < s.output_width(); ++j)
            for (int64_t r = 0; r < s.kernel; ++r)
              for (int64_t k = 0; k < s.kernel; ++k) {
                const int64_t row = i * s.stride + r - s.rows.before, column = j * s.stride + k - s.columns.before;
                if (row < 0 || row >= s.height || column < 0 || column >= s.width) continue;
                for (int64_t c = 0; c < s.in; ++c) {
                  y[b][o][i][j] += w[o][c][r][k] * x[b][c][row][column];
                  dx[b][c][row][column] += w[o][c][r][k] * g[b][o][i][j];
                  dw[o][c][r][k] += x[b][c][row][column] * g[b][o][i][j];
                }
              }
  }
};

using enum ConvolutionDirection;
using enum ConvolutionForm;

bool has_avx512() {
#if defined(__x86_64__)
  return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
         __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl");
#else
  return false;
#endif
}

/// Results are rounded once to their type; sums are in float32. But without AVX-512 the library adds up parts of a sum in
/// bfloat16.
void check_near(const at::Tensor& actual, const at::Tensor& expected, const ConvolutionChoice& how) {
  const double scale = expected.abs().max().item<double>() + 1e-30;
  const bool in_parts = how.second == Library && !has_avx512();
  const double tolerance = actual.scalar_type() == at::kBFloat16 ? (in_parts ? 0x1p-6 : 0x1p-8) : 1e-5;
  const bool same_size = actual.sizes() == expected.sizes();
  const double error = same_size ? (actual.to(at::kDouble) - expected).abs().max().item<double>() / scale : INFINITY;
  if (!(error <= tolerance)) check::fail(__FILE__, __LINE__, to_text(how) + ": error " + check::digits(error));
  CHECK(actual.is_contiguous(kChannelsLast));
}

/// Choices that hold this form for all directions of a convolution, as a state has them.
ConvolutionChoices all_in(ConvolutionForm form, const ConvolutionShape& shape, at::ScalarType type) {
  std::string text = "others measured\n";
  for (const ConvolutionDirection direction : {Forward, InputGradient, WeightGradient}) {
    text += to_text({{direction, shape, type}, form}) + "\n";
  }
  return ConvolutionChoices::from_state(
      {{kConvolutions, at::from_blob(text.data(), {static_cast<int64_t>(text.size())}, at::kByte).clone()}});
}

}  // namespace

TEST(every_form_of_every_direction_equals_the_definition) {
  const at::NoGradGuard no_grad;
  for (const at::ScalarType type : {at::kFloat, at::kBFloat16}) {
    for (const ConvolutionShape& s : shapes()) {
      const Numbers n = draw(s, type);
      const Oracle oracle(s, n);
      CHECK(can_unfold(s, n.images));
      const auto check = [&](const at::Tensor& actual, ConvolutionDirection direction, ConvolutionForm form) {
        const at::Tensor& expected = direction == Forward         ? oracle.output
                                     : direction == InputGradient ? oracle.of_images
                                                                  : oracle.of_weight;
        check_near(actual, expected, {{direction, s, type}, form});
      };
      check(library_convolution(s, n.images, n.weight), Forward, Library);
      check(unfolded_convolution(s, n.images, n.weight), Forward, Unfolded);
      check(library_input_gradient(s, n.gradient, n.weight), InputGradient, Library);
      check(unfolded_input_gradient(s, n.gradient, n.weight), InputGradient, Unfolded);
      check(unfolded_weight_gradient(s, n.images, n.gradient), WeightGradient, Unfolded);
      if (broken_in_library(WeightGradient, s)) continue;
      check(library_weight_gradient(s, n.images, n.gradient), WeightGradient, Library);
      // Padded before.
      check(library_weight_gradient(s, padded_for_library(s, n.images), n.gradient), WeightGradient, Library);
    }
  }
}

TEST(autograd_goes_through_the_form_that_was_chosen) {
  for (const at::ScalarType type : {at::kFloat, at::kBFloat16}) {
    for (const ConvolutionShape& s : shapes()) {
      const Numbers n = draw(s, type);
      const Oracle oracle(s, n);
      for (const ConvolutionForm form : {Library, Unfolded}) {
        const at::Tensor images = n.images.clone().requires_grad_(true);
        const at::Tensor weight = n.weight.clone().requires_grad_(true);
        ConvolutionChoices forced = all_in(form, s, type);
        const at::Tensor y = convolve(s, images, weight, &forced);
        torch::autograd::backward({y}, {n.gradient});
        check_near(y.detach(), oracle.output, {{Forward, s, type}, form});
        check_near(images.grad(), oracle.of_images, {{InputGradient, s, type}, form});
        check_near(weight.grad(), oracle.of_weight, {{WeightGradient, s, type}, form});
      }
    }
  }
}

TEST(a_convolution_has_no_second_derivative) {
  const ConvolutionShape s = shape_of(2, 3, 4, 4, 5, 3, 1, true);
  const Numbers n = draw(s, at::kFloat);
  const at::Tensor images = n.images.clone().requires_grad_(true);
  const at::Tensor y = convolve(s, images, n.weight, nullptr);
  std::string code = "none";
  try {
    torch::autograd::grad({y.sum()}, {images}, {}, /*retain_graph=*/true, /*create_graph=*/true);
  } catch (const Error& error) {
    code = error.code();
  }
  CHECK(code == "ERR_BYOL_VALUE");
}

TEST(convolutions_in_other_types_are_the_librarys) {
  const ConvolutionShape s = shape_of(2, 3, 8, 8, 5, 3, 2, true);
  const Numbers n = draw(s, at::kDouble);
  const Oracle oracle(s, n);
  const at::Tensor images = n.images.clone().requires_grad_(true), weight = n.weight.clone().requires_grad_(true);
  const at::Tensor y = convolve(s, images, weight, nullptr);
  torch::autograd::backward({y}, {n.gradient});
  CHECK(at::allclose(y.detach(), oracle.output, 1e-12, 1e-12));
  CHECK(at::allclose(images.grad(), oracle.of_images, 1e-12, 1e-12));
  CHECK(at::allclose(weight.grad(), oracle.of_weight, 1e-12, 1e-12));
}

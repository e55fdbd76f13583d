// Group and layer normalisation, affine layers and weight standardisation against float64 formulae, values and
// gradients.
#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

#include <cmath>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "core/error.h"
#include "core/model/convolution.h"
#include "core/model/mlp.h"
#include "core/model/norm.h"
#include "core/model/network_state.h"
#include "core/model/weight_standardization.h"

#include "check.h"
#include "norm_oracle.h"

namespace {

using at::Tensor;
using namespace norm_oracle;

const std::vector<Shape> kShapes = {{5, 8, 9, 7}, {3, 24, 5, 5}, {9, 64, 13, 13}, {2, 64, 1, 1}, {7, 64}, {37, 128}};

Outcome without_statistics(Outcome outcome) {
  outcome.mean = outcome.variance = Tensor();
  return outcome;
}

Outcome group(const Case& c, int64_t groups) {
  return without_statistics(differentiate(
      [&](const Tensor& x, const Tensor& gamma, const Tensor& beta, const std::optional<Tensor>& residual, bool relu,
          const Tensor&, const Tensor&) { return byol::group_norm(x, groups, gamma, beta, residual, relu, kEps); },
      c));
}

// In float64, by the definition: rows are the groups of one sample.
Outcome group_by_definition(const Case& c, int64_t groups) {
  return without_statistics(differentiate(
      [&](const Tensor& x, const Tensor& gamma, const Tensor& beta, const std::optional<Tensor>& residual, bool relu,
          const Tensor&, const Tensor&) {
        const Tensor rows = x.contiguous().reshape({x.size(0) * groups, -1});
        const Tensor mean = rows.sum(1, true) / rows.size(1);
        const Tensor variance = (rows - mean).pow(2).sum(1, true) / rows.size(1);
        Shape per_channel(static_cast<size_t>(x.dim()), 1);
        per_channel[1] = x.size(1);
        Tensor y = ((rows - mean) * (variance + kEps).pow(-0.5)).reshape(x.sizes()) * gamma.view(per_channel) +
                   beta.view(per_channel);
        if (residual) y = y + *residual;
        return relu ? y.clamp_min(0) : y;
      },
      c, at::kDouble));
}

Outcome affine(const Case& c) {
  return without_statistics(differentiate(
      [](const Tensor& x, const Tensor& scale, const Tensor& shift, const std::optional<Tensor>& residual, bool relu,
         const Tensor&, const Tensor&) { return byol::affine_norm(x, scale, shift, residual, relu); },
      c));
}

Outcome affine_by_definition(const Case& c) {
  return without_statistics(differentiate(
      [](const Tensor& x, const Tensor& scale, const Tensor& shift, const std::optional<Tensor>& residual, bool relu,
         const Tensor&, const Tensor&) {
        Shape per_channel(static_cast<size_t>(x.dim()), 1);
        per_channel[1] = x.size(1);
        Tensor y = x * scale.view(per_channel) + shift.view(per_channel);
        if (residual) y = y + *residual;
        return relu ? y.clamp_min(0) : y;
      },
      c, at::kDouble));
}

bool refused(const char* code, const std::string& words, const std::function<void()>& body) {
  try {
    body();
  } catch (const byol::Error& error) {
    return error.code() == code && std::string(error.what()).find(words) != std::string::npos;
  }
  return false;
}

}  // namespace

TEST(group_and_layer_norm_float32) {
  for (const int64_t groups : {1, 4, 8}) {
    for_each_case(kShapes, at::kFloat, 1, [&](const std::string& name, const Case& c) {
      check_close(name, group(c, groups), group_by_definition(c, groups), 1e-5, 1e-5);
    });
  }
}

TEST(group_norm_bfloat16) {
  for_each_case(kShapes, at::kBFloat16, 1, [](const std::string& name, const Case& c) {
    check_close(name, group(c, 4), group_by_definition(c, 4), 1.0 / 256, 1e-5);
  });
}

TEST(group_norm_by_explicit_loops) {
  at::manual_seed(3);
  const int64_t n = 2, channels = 6, height = 3, width = 2, groups = 3, size = channels / groups;
  const Tensor x = channels_last(at::randn({n, channels, height, width}) * 3 + 2);
  const Tensor gamma = at::randn({channels}), beta = at::randn({channels});
  const Tensor y = byol::group_norm(x, groups, gamma, beta, {}, true, kEps);
  CHECK(y.is_contiguous(at::MemoryFormat::ChannelsLast) && y.scalar_type() == at::kFloat);
  const auto value = [](const Tensor& t, int64_t i, int64_t c, int64_t h, int64_t w) {
    return t[i][c][h][w].item<double>();
  };
  for (int64_t i = 0; i < n; ++i) {
    for (int64_t c = 0; c < channels; ++c) {
      const int64_t first = c / size * size;
      double sum = 0, squares = 0, count = 0;
      for (int64_t k = first; k < first + size; ++k)
        for (int64_t h = 0; h < height; ++h)
          for (int64_t w = 0; w < width; ++w) {
            const double v = value(x, i, k, h, w);
            sum += v, squares += v * v, ++count;
          }
      const double mean = sum / count, deviation = std::sqrt(squares / count - mean * mean + kEps);
      for (int64_t h = 0; h < height; ++h)
        for (int64_t w = 0; w < width; ++w) {
          const double z = (value(x, i, c, h, w) - mean) / deviation * gamma[c].item<double>() + beta[c].item<double>();
          CHECK_CLOSE(value(y, i, c, h, w), std::max(z, 0.0), 1e-5);
        }
    }
  }
}

TEST(group_norm_judges_every_sample_alone) {
  at::manual_seed(4);
  const Tensor x = channels_last(at::randn({5, 8, 4, 4})), gamma = at::ones({8}), beta = at::zeros({8});
  const auto run = [&](const Tensor& t) { return byol::group_norm(t, 2, gamma, beta, {}, false, kEps); };
  CHECK(distance(run(x.narrow(0, 2, 1)), run(x).narrow(0, 2, 1)) < 1e-6);
}

TEST(affine_norm_float32_and_bfloat16) {
  for_each_case(kShapes, at::kFloat, 1, [](const std::string& name, const Case& c) {
    check_close(name, affine(c), affine_by_definition(c), 3e-6, 3e-6);
  });
  for_each_case(kShapes, at::kBFloat16, 1, [](const std::string& name, const Case& c) {
    check_close(name, affine(c), affine_by_definition(c), 1.0 / 256, 3e-6);
  });
}

// s = sqrt(variance + 1e-4), c = w - mean: w_hat = c / s and dw = (g - mean g) / s - c mean(g c) / s^3.
TEST(weight_standardization_by_explicit_loops) {
  for (const Shape& shape : {Shape{5, 7}, Shape{4, 3, 3, 3}, Shape{6, 8, 1, 1}, Shape{3, 64, 3, 3}}) {
    at::manual_seed(11);
    const int64_t out = shape[0];
    const double fan_in = static_cast<double>(at::randn(shape).numel() / out);
    // As small as initial weights are, so that the 1e-4 is felt.
    const Tensor w = leaf(channels_last(at::randn(shape) / std::sqrt(fan_in) + 0.1));
    const Tensor g = channels_last(at::randn(shape));
    const Tensor standardized = byol::standardize_weight(w);
    CHECK(shape.size() == 2 || standardized.is_contiguous(at::MemoryFormat::ChannelsLast));
    standardized.backward(g);
    const auto rows = [&](const Tensor& t) { return t.detach().to(at::kDouble).contiguous().reshape({out, -1}); };
    const Tensor raw = rows(w), gradient = rows(g), actual = rows(standardized), actual_gradient = rows(w.grad());
    for (int64_t i = 0; i < out; ++i) {
      double mean = 0, variance = 0, mean_g = 0, mean_gc = 0;
      for (int64_t j = 0; j < raw.size(1); ++j) {
        mean += raw[i][j].item<double>() / fan_in;
        mean_g += gradient[i][j].item<double>() / fan_in;
      }
      for (int64_t j = 0; j < raw.size(1); ++j) {
        const double c = raw[i][j].item<double>() - mean;
        variance += c * c / fan_in;
        mean_gc += gradient[i][j].item<double>() * c / fan_in;
      }
      const double s = std::sqrt(variance + 1e-4);
      for (int64_t j = 0; j < raw.size(1); ++j) {
        const double c = raw[i][j].item<double>() - mean;
        CHECK_CLOSE(actual[i][j].item<double>(), c / s, 1e-5);
        CHECK_CLOSE(actual_gradient[i][j].item<double>(),
                    (gradient[i][j].item<double>() - mean_g) / s - c * mean_gc / (s * s * s), 2e-4);
      }
    }
  }
}

TEST(groups_that_do_not_divide_the_channels_are_refused) {
  const Tensor x = at::randn({2, 6, 3, 3}), gamma = at::ones({6}), beta = at::zeros({6});
  for (const int64_t groups : {0, 4, 12}) {
    CHECK(refused("ERR_BYOL_SHAPE", "groups", [&] { byol::group_norm(x, groups, gamma, beta, {}, true, kEps); }));
  }
  byol::NetworkBuilder builder(byol::Initialization::Official);
  const byol::HeadSpec head{{24}, 8};
  CHECK(refused("ERR_BYOL_SHAPE", "'projector.norm0' has 24 channels, which cannot be divided into 16 groups", [&] {
    byol::Mlp(builder, head, {byol::NormKind::Group, 16}, 4, "projector.");
  }));
}

TEST(a_norm_on_the_output_of_a_head) {
  byol::NetworkBuilder builder(byol::Initialization::Official);
  byol::HeadSpec spec{{16}, 6};
  spec.output_norm = true;
  const byol::Mlp head(builder, spec, {}, 5, "projector.");
  byol::NetworkState state(builder, {}, byol::Precision::Float32, at::kCPU, true, 1);
  CHECK(builder.norms().size() == 2 && builder.norms()[1].name == "projector.norm1");
  const at::NoGradGuard no_grad;
  at::manual_seed(2);
  const Tensor y = head.forward(state.training(), at::randn({64, 5})).to(at::kDouble);
  // Normalised, and not cut off by a ReLU.
  CHECK(y.mean(0).abs().max().item<double>() < 1e-5);
  CHECK((y.var(0, false) - 1).abs().max().item<double>() < 1e-2);
}

TEST(standardised_layers_in_bfloat16_are_close_to_float32) {
  at::manual_seed(6);
  const Tensor x = at::randn({64, 32}), dy = at::randn({64, 24});
  const Tensor images = channels_last(at::randn({16, 4, 8, 8})), dimages = channels_last(at::randn({16, 12, 8, 8}));
  struct Result {
    Tensor y, maps, gradient;
  };
  const auto run = [&](byol::Precision precision) {
    byol::NetworkBuilder builder(byol::Initialization::Official);
    const byol::Mlp head(builder, {{48}, 24}, {byol::NormKind::Group, 4, true}, 32, "");
    const byol::Convolution convolution(builder, "c", 4, 12, 3, 1, byol::Padding::Symmetric, true);
    byol::NetworkState state(builder, {}, precision, at::kCPU, true, 1);
    const at::AutoGradMode grad_mode(true);
    const at::ScalarType type = state.parameters.compute_dtype();
    const Tensor y = head.forward(state.training(), x), maps = convolution.forward(state.training(), images.to(type));
    CHECK(y.scalar_type() == type && maps.scalar_type() == type);
    ((y * dy).sum() + (maps * dimages).sum()).backward();
    state.parameters.collect_gradient();
    return Result{y.detach().to(at::kFloat), maps.detach().to(at::kFloat), state.parameters.gradient()};
  };
  const Result full = run(byol::Precision::Float32), low = run(byol::Precision::BFloat16);
  const auto relative = [](const Tensor& a, const Tensor& e) { return ((a - e).norm() / e.norm()).item<double>(); };
  CHECK(relative(low.y, full.y) < 0.01);
  CHECK(relative(low.maps, full.maps) < 0.01);
  CHECK(relative(low.gradient, full.gradient) < 0.03);
}

TEST(only_weights_before_a_norm_are_standardised) {
  for (const bool output_norm : {false, true}) {
    byol::NetworkBuilder builder(byol::Initialization::Official);
    byol::HeadSpec spec{{16}, 6};
    spec.output_norm = output_norm;
    const byol::Mlp head(builder, spec, {byol::NormKind::Layer, 1, true}, 5, "");
    byol::NetworkState state(builder, {}, byol::Precision::Float32, at::kCPU, true, 1);
    at::manual_seed(2);
    const at::AutoGradMode grad_mode(true);
    head.forward(state.training(), at::randn({64, 5})).pow(3).sum().backward();
    // A standardised weight does not feel a constant: its gradient sums to zero over the fan-in.
    for (size_t i = 0; i < state.parameters.count(); ++i) {
      const std::string& name = state.parameters.name(i);
      if (name.find("linear") == std::string::npos || name.find("weight") == std::string::npos) continue;
      const Tensor gradient = state.parameters.view_of(state.parameters.gradient(), i);
      const double sum = (gradient.sum(1).abs().max() / gradient.abs().max()).item<double>();
      CHECK((sum < 1e-4) == (name == "linear0.weight" || output_norm));
    }
  }
}

#pragma once

// A case of batch normalisation, its values and gradients by the fused operation, by its reference, and by ATen's own
// batch_norm, add and relu in float64; and their comparison. Include it after LibTorch's headers.

#include <ATen/ATen.h>

#include <optional>
#include <string>
#include <vector>

#include "check.h"
#include "core/model/norm.h"
#include "core/model/norm_reference.h"

namespace norm_oracle {

using Shape = std::vector<int64_t>;

constexpr double kEps = 1e-5;

struct Case {
  at::Tensor x, gamma, beta, residual, dy;  // residual undefined: none
  bool relu;
};

struct Outcome {
  at::Tensor y, mean, variance, dx, dgamma, dbeta, dresidual;  // all float64
};

inline at::Tensor channels_last(const at::Tensor& t) {
  return t.dim() == 4 ? t.contiguous(at::MemoryFormat::ChannelsLast) : t;
}

// Every channel has another mean, up to `offset` standard deviations from zero.
inline Case make_case(const Shape& shape, at::ScalarType type, bool residual, bool relu, double offset) {
  at::manual_seed(7);
  Shape per_channel(shape.size(), 1);
  per_channel[1] = shape[1];
  const at::Tensor means = (at::linspace(-1, 1, shape[1]) * offset).view(per_channel);
  const auto map = [&] { return channels_last(at::randn(shape).to(type)); };
  return {channels_last((at::randn(shape) + means).to(type)),
          at::randn({shape[1]}),
          at::randn({shape[1]}),
          residual ? map() : at::Tensor(),
          map(),
          relu};
}

inline at::Tensor leaf(const at::Tensor& t, std::optional<at::ScalarType> type = {}) {
  return t.defined() ? t.detach().to(type.value_or(t.scalar_type()), false, true).requires_grad_() : t;
}

inline std::optional<at::Tensor> optional(const at::Tensor& t) { return t.defined() ? std::optional(t) : std::nullopt; }

template <class Norm>
inline Outcome differentiate(const Norm& norm, const Case& c, std::optional<at::ScalarType> type = {}) {
  const at::Tensor x = leaf(c.x, type), gamma = leaf(c.gamma, type), beta = leaf(c.beta, type);
  const at::Tensor residual = leaf(c.residual, type);
  at::Tensor mean = at::empty_like(gamma.detach()), variance = at::empty_like(mean);
  const at::Tensor y = norm(x, gamma, beta, optional(residual), c.relu, mean, variance);
  y.backward(type ? c.dy.to(*type) : c.dy);
  const auto wide = [](const at::Tensor& t) { return t.defined() ? t.detach().to(at::kDouble) : t; };
  return {wide(y),
          wide(mean),
          wide(variance),
          wide(x.grad()),
          wide(gamma.grad()),
          wide(beta.grad()),
          residual.defined() ? wide(residual.grad()) : at::Tensor()};
}

inline Outcome fused(const Case& c) {
  return differentiate(
      [](const at::Tensor& x, const at::Tensor& gamma, const at::Tensor& beta,
         const std::optional<at::Tensor>& residual, bool relu, const at::Tensor& mean, const at::Tensor& variance) {
        return byol::batch_norm(x, gamma, beta, residual, relu, kEps, mean, variance);
      },
      c);
}

inline Outcome reference(const Case& c) {
  return differentiate(
      [](const at::Tensor& x, const at::Tensor& gamma, const at::Tensor& beta,
         const std::optional<at::Tensor>& residual, bool relu, const at::Tensor& mean, const at::Tensor& variance) {
        return byol::reference_batch_norm(x, gamma, beta, residual, relu, kEps, mean, variance);
      },
      c, at::kDouble);
}

inline Outcome aten(const Case& c) {
  return differentiate(
      [](const at::Tensor& x, const at::Tensor& gamma, const at::Tensor& beta,
         const std::optional<at::Tensor>& residual, bool relu, const at::Tensor& mean, const at::Tensor& variance) {
        Shape but_channels{0, 2, 3};
        but_channels.resize(static_cast<size_t>(x.dim()) - 1);
        mean.copy_(x.detach().mean(but_channels));
        variance.copy_(x.detach().var(but_channels, /*unbiased=*/false));
        at::Tensor y = at::batch_norm(x, gamma, beta, {}, {}, /*training=*/true, 0.1, kEps, /*cudnn_enabled=*/false);
        if (residual) y = y + *residual;
        return relu ? y.relu() : y;
      },
      c, at::kDouble);
}

// Largest difference, in units of the largest expected value (of 1 if that is smaller).
inline double distance(const at::Tensor& actual, const at::Tensor& expected) {
  return ((actual - expected).abs().max() / expected.abs().max().clamp_min(1.0)).item<double>();
}

inline void check_close(const std::string& what, const Outcome& actual, const Outcome& expected, double map,
                        double sum) {
  const auto compare = [&](const char* name, const at::Tensor& a, const at::Tensor& e, double tolerance) {
    if (!e.defined()) return;
    const double d = distance(a, e);
    if (!(d <= tolerance)) check::fail(__FILE__, __LINE__, what + ": " + name + " is off by " + std::to_string(d));
  };
  compare("y", actual.y, expected.y, map);
  compare("dx", actual.dx, expected.dx, map);
  compare("dresidual", actual.dresidual, expected.dresidual, map);
  compare("mean", actual.mean, expected.mean, sum);
  compare("variance", actual.variance, expected.variance, sum);
  compare("dgamma", actual.dgamma, expected.dgamma, sum);
  compare("dbeta", actual.dbeta, expected.dbeta, sum);
}

template <class Body>
inline void for_each_case(const std::vector<Shape>& shapes, at::ScalarType type, double offset, const Body& body) {
  for (const Shape& shape : shapes) {
    for (const int options : {0, 1, 2, 3}) {
      const bool residual = (options & 1) != 0, relu = (options & 2) != 0;
      const std::string name =
          c10::str(type, " ", at::IntArrayRef(shape), residual ? " + residual" : "", relu ? ", relu" : "");
      body(name, make_case(shape, type, residual, relu, offset));
    }
  }
}

}  // namespace norm_oracle

// The fused normalisation against ATen's own batch_norm, add and relu in float64, values and gradients.
#include "core/model/norm.h"

#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <ATen/core/grad_mode.h>

#include <functional>
#include <limits>
#include <optional>
#include <string>
#include <vector>

#include "core/error.h"

#include "check.h"
#include "norm_oracle.h"

namespace {

using at::Tensor;
using namespace norm_oracle;

// Folded lines with and without an incomplete one, lines that no vector divides, several blocks, more columns than one
// block holds, fewer rows than a fold, and 2-d inputs.
const std::vector<Shape> kShapes = {{3, 1, 5, 7},   {5, 3, 9, 7},    {3, 7, 5, 7},    {2, 8, 6, 6},    {33, 16, 9, 11},
                                    {4, 24, 5, 5},  {2, 48, 3, 3},   {3, 63, 5, 7},   {9, 64, 13, 13}, {7, 65, 5, 3},
                                    {6, 100, 7, 5}, {5, 256, 11, 9}, {3, 1000, 3, 3}, {2, 4100, 2, 2}, {37, 130},
                                    {2, 512},       {256, 2048},     {2, 16, 1, 1}};

bool throws(const char* code, const std::function<void()>& body) {
  try {
    body();
  } catch (const byol::Error& error) {
    return error.code() == code;
  }
  return false;
}

struct Parameters {
  Tensor gamma, beta, mean, variance;
  explicit Parameters(int64_t channels)
      : gamma(at::ones({channels})),
        beta(at::zeros({channels})),
        mean(at::zeros({channels})),
        variance(at::ones({channels})) {}
};

}  // namespace

TEST(batch_norm_reference_is_batch_norm) {
  for_each_case({{5, 3, 9, 7}, {37, 130}}, at::kDouble, 3,
                [](const std::string& name, const Case& c) { check_close(name, reference(c), aten(c), 1e-12, 1e-12); });
}

TEST(batch_norm_float32) {
  for_each_case(kShapes, at::kFloat, 1,
                [](const std::string& name, const Case& c) { check_close(name, fused(c), aten(c), 3e-6, 3e-6); });
}

// bfloat16 has 8 significant bits: rounding a result is an error of up to 2^-9 of it, and of the largest one. What is
// summed is float32.
TEST(batch_norm_bfloat16) {
  for_each_case(kShapes, at::kBFloat16, 1,
                [](const std::string& name, const Case& c) { check_close(name, fused(c), aten(c), 1.0 / 256, 3e-6); });
}

// Parts with statistics of their own, side by side: what each gives alone, and the sums of their parameters' gradients.
TEST(batch_norm_of_equal_parts) {
  const std::vector<Shape> shapes = {{6, 3, 9, 7}, {12, 16, 9, 11}, {4, 64, 13, 13}, {24, 130}, {6, 4100, 2, 2}};
  for (const int64_t parts : {2, 4, 6}) {
    for (const at::ScalarType type : {at::kFloat, at::kBFloat16}) {
      for_each_case(shapes, type, 1, [&](const std::string& name, const Case& whole) {
        if (whole.x.size(0) % parts != 0) return;
        const int64_t samples = whole.x.size(0) / parts;
        std::vector<Outcome> alone;
        for (int64_t part = 0; part < parts; ++part) {
          const auto of = [&](const Tensor& t) {
            return t.defined() ? channels_last(t.narrow(0, part * samples, samples)) : t;
          };
          alone.push_back(aten({of(whole.x), whole.gamma, whole.beta, of(whole.residual), of(whole.dy), whole.relu}));
        }
        const auto joined = [&](Tensor Outcome::* field) {
          std::vector<Tensor> all;
          for (const Outcome& each : alone) all.push_back(each.*field);
          return all;
        };
        Outcome expected{at::cat(joined(&Outcome::y)),
                         at::stack(joined(&Outcome::mean)),
                         at::stack(joined(&Outcome::variance)),
                         at::cat(joined(&Outcome::dx)),
                         at::stack(joined(&Outcome::dgamma)).sum(0),
                         at::stack(joined(&Outcome::dbeta)).sum(0),
                         whole.residual.defined() ? at::cat(joined(&Outcome::dresidual)) : Tensor()};
        const auto in_parts = [&](bool reference) {
          Tensor mean = at::empty({parts, whole.x.size(1)}), variance = at::empty_like(mean);
          Outcome out = differentiate(
              [&](const Tensor& x, const Tensor& gamma, const Tensor& beta, const std::optional<Tensor>& residual,
                  bool relu, const Tensor&, const Tensor&) {
                const auto norm = reference
                                      ? byol::reference_batch_norm
                                      : [](const Tensor& x, const Tensor& gamma, const Tensor& beta,
                                           const std::optional<Tensor>& residual, bool relu, double eps,
                                           const Tensor& mean, const Tensor& variance) {
                                          return byol::batch_norm(x, gamma, beta, residual, relu, eps, mean, variance);
                                        };
                return norm(x, gamma, beta, residual, relu, kEps, mean, variance);
              },
              whole);
          out.mean = mean.to(at::kDouble);
          out.variance = variance.to(at::kDouble);
          return out;
        };
        const double map = type == at::kFloat ? 3e-6 : 1.0 / 256;
        check_close(name, in_parts(false), expected, map, 5e-6);
        check_close(name + " (reference)", in_parts(true), expected, type == at::kFloat ? 1e-5 : 1.0 / 64, 2e-2);
      });
    }
  }
}

TEST(batch_norm_mean_much_larger_than_deviation) {
  for_each_case({{33, 16, 9, 11}, {5, 256, 11, 9}, {256, 512}}, at::kFloat, 1e4,
                [](const std::string& name, const Case& c) { check_close(name, fused(c), aten(c), 1e-5, 1e-5); });
}

TEST(batch_norm_variance_of_a_million_values) {
  at::manual_seed(1);
  const Tensor x = channels_last(at::randn({4, 2, 512, 512}) * 0.25 + 300);
  Parameters p(2);
  byol::batch_norm(x, p.gamma, p.beta, {}, false, kEps, p.mean, p.variance);
  const Tensor exact = x.to(at::kDouble).var(at::IntArrayRef{0, 2, 3}, false);
  CHECK(((p.variance - exact).abs() / exact).max().item<double>() < 1e-6);
  // A constant has none, even where its value is not a round number.
  byol::batch_norm(at::full_like(x, 1000.1), p.gamma, p.beta, {}, false, kEps, p.mean, p.variance);
  CHECK(p.variance.max().item<double>() < 1e-8);
  CHECK(p.variance.min().item<double>() >= 0);
}

TEST(batch_norm_does_not_depend_on_threads) {
  const int threads = at::get_num_threads();
  for (const at::ScalarType type : {at::kFloat, at::kBFloat16}) {
    const Case c = make_case({16, 16, 41, 37}, type, true, true, 1);
    const Outcome first = fused(c);
    for (const int n : {1, 2, 3}) {
      at::set_num_threads(n);
      const Outcome again = fused(c);
      CHECK(at::equal(first.y, again.y) && at::equal(first.dx, again.dx) &&
            at::equal(first.dresidual, again.dresidual));
      CHECK(at::equal(first.mean, again.mean) && at::equal(first.variance, again.variance));
      CHECK(at::equal(first.dgamma, again.dgamma) && at::equal(first.dbeta, again.dbeta));
    }
    at::set_num_threads(threads);
  }
}

TEST(batch_norm_zero_scale_still_learns) {
  Case c = make_case({4, 16, 5, 5}, at::kFloat, true, true, 1);
  c.gamma.zero_();
  check_close("gamma 0", fused(c), aten(c), 3e-6, 3e-6);
  CHECK(fused(c).dgamma.abs().min().item<double>() > 0);
}

TEST(batch_norm_one_value_per_channel) {
  Parameters p(20);
  const Tensor x = at::randn({1, 20});
  const Tensor y = byol::batch_norm(x, p.gamma, p.beta + 0.5, {}, false, kEps, p.mean, p.variance);
  CHECK(at::equal(p.mean, x[0]) && at::equal(p.variance, at::zeros({20})) && at::equal(y, at::full({1, 20}, 0.5)));
}

TEST(batch_norm_formats) {
  Parameters p(6);
  const Tensor x = at::randn({3, 6, 4, 5});
  const Tensor y = byol::batch_norm(x, p.gamma, p.beta, {}, true, kEps, p.mean, p.variance);
  CHECK(y.is_contiguous(at::MemoryFormat::ChannelsLast) && y.scalar_type() == at::kFloat);
  const Tensor last = byol::batch_norm(channels_last(x), p.gamma, p.beta, {}, true, kEps, p.mean, p.variance);
  CHECK(at::equal(y, last));
  // A gradient that is expanded, as an average pool's is, and a transposed 2-d input.
  const Tensor leaf_x = leaf(channels_last(x));
  byol::batch_norm(leaf_x, p.gamma, p.beta, {}, true, kEps, p.mean, p.variance).mean({2, 3}).square().sum().backward();
  const Tensor leaf_r = leaf(x, at::kDouble);
  byol::reference_batch_norm(leaf_r, p.gamma, p.beta, {}, true, kEps, p.mean, p.variance)
      .mean({2, 3})
      .square()
      .sum()
      .backward();
  CHECK(distance(leaf_x.grad().to(at::kDouble), leaf_r.grad()) < 1e-6);
  const Tensor flat = at::randn({6, 9}).t();
  CHECK(at::equal(byol::batch_norm(flat, p.gamma, p.beta, {}, false, kEps, p.mean, p.variance),
                  byol::batch_norm(flat.contiguous(), p.gamma, p.beta, {}, false, kEps, p.mean, p.variance)));
}

TEST(batch_norm_without_gradient_keeps_nothing) {
  Parameters p(8);
  const Tensor x = channels_last(at::randn({4, 8, 3, 3})).requires_grad_();
  const auto run = [&] { return byol::batch_norm(x, p.gamma, p.beta, {}, true, kEps, p.mean, p.variance); };
  CHECK(run().requires_grad());
  const at::NoGradGuard no_grad;
  CHECK(!run().requires_grad());
}

TEST(batch_norm_reuses_what_is_given_away) {
  Parameters p(8);
  const Tensor source = channels_last(at::randn({4, 8, 3, 3}));
  const auto run = [&](Tensor x) {
    return byol::batch_norm(std::move(x), p.gamma, p.beta, {}, true, kEps, p.mean, p.variance);
  };
  const Tensor expected = byol::batch_norm(source, p.gamma, p.beta, {}, true, kEps, p.mean, p.variance);
  Tensor own = source.clone();
  const void* const memory = own.data_ptr();
  const Tensor reused = run(std::move(own));
  CHECK(reused.data_ptr() == memory && at::equal(reused, expected));
  // Not what someone else still holds, by itself or through a view.
  const Tensor copy = source.clone();
  CHECK(run(copy).data_ptr() != copy.data_ptr() && at::equal(copy, source));
  CHECK(run(copy.view_as(copy)).data_ptr() != copy.data_ptr() && at::equal(copy, source));
  // Nor what the backward pass needs.
  p.gamma.requires_grad_();
  Tensor kept = source.clone();
  const void* const kept_memory = kept.data_ptr();
  CHECK(run(std::move(kept)).data_ptr() != kept_memory);
}

TEST(batch_norm_overwrites_only_gradients_of_its_own) {
  const Case c = make_case({4, 16, 5, 5}, at::kFloat, false, true, 0);
  Parameters p(16);
  const auto run = [&](const Tensor& x) {
    return byol::batch_norm(x, p.gamma, p.beta, {}, true, kEps, p.mean, p.variance);
  };
  const Tensor x = leaf(c.x), dy = c.dy.clone();
  run(x).backward(dy);
  CHECK(at::equal(dy, c.dy));
  const Tensor twin = leaf(c.x);
  Tensor y = run(twin);
  const void* gradient = nullptr;
  y.register_hook([&](const Tensor& g) { gradient = g.data_ptr(); });
  (y * c.dy).sum().backward();
  CHECK(twin.grad().data_ptr() == gradient);
  CHECK(distance(twin.grad(), x.grad()) < 1e-6);
}

TEST(batch_norm_shows_nan) {
  for (const at::ScalarType type : {at::kFloat, at::kBFloat16}) {
    for (const double bad : {std::numeric_limits<double>::quiet_NaN(), std::numeric_limits<double>::infinity()}) {
      Parameters p(20);
      Tensor x = channels_last(at::randn({3, 20, 4, 4}).to(type));
      x[1][17][2][3] = bad;
      const Tensor y = byol::batch_norm(x, p.gamma, p.beta, {}, true, kEps, p.mean, p.variance);
      CHECK(y.isnan().any(1).all().item<bool>() && y.isnan().sum().item<int64_t>() == 3 * 16);
      CHECK(p.mean.isfinite().sum().item<int64_t>() == 19);
    }
  }
}

TEST(batch_norm_inference) {
  for_each_case({{5, 24, 3, 7}, {7, 300}}, at::kFloat, 2, [](const std::string& name, const Case& c) {
    const Tensor mean = at::randn({c.x.size(1)}), variance = at::rand({c.x.size(1)}) + 0.1;
    const auto ours = [&](const Tensor& x, const Tensor& gamma, const Tensor& beta,
                          const std::optional<Tensor>& residual, bool relu, const Tensor&, const Tensor&) {
      return byol::batch_norm_inference(x, gamma, beta, residual, relu, kEps, mean, variance);
    };
    const auto theirs = [&](const Tensor& x, const Tensor& gamma, const Tensor& beta,
                            const std::optional<Tensor>& residual, bool relu, const Tensor&, const Tensor&) {
      Tensor y =
          at::batch_norm(x, gamma, beta, mean.to(at::kDouble), variance.to(at::kDouble), false, 0.1, kEps, false);
      if (residual) y = y + *residual;
      return relu ? y.relu() : y;
    };
    Outcome a = differentiate(ours, c), e = differentiate(theirs, c, at::kDouble);
    a.mean = e.mean = a.variance = e.variance = Tensor();
    check_close(name, a, e, 3e-6, 3e-6);
  });
}

TEST(batch_norm_refuses) {
  Parameters p(8), other(7);
  const Tensor x = at::randn({4, 8, 3, 3});
  const auto run = [](const Tensor& x, const Parameters& p, const std::optional<Tensor>& residual = {}) {
    return byol::batch_norm(x, p.gamma, p.beta, residual, true, kEps, p.mean, p.variance);
  };
  CHECK(throws("ERR_BYOL_SHAPE", [&] { run(at::empty({0, 8, 3, 3}), p); }));
  CHECK(throws("ERR_BYOL_SHAPE", [&] { run(at::randn({4, 8, 3}), p); }));
  CHECK(throws("ERR_BYOL_SHAPE", [&] { run(x, other); }));
  CHECK(throws("ERR_BYOL_SHAPE", [&] { run(x, p, at::randn({4, 8, 3, 2})); }));
  Parameters parts(8);
  parts.mean = parts.variance = at::zeros({3, 8});  // of four samples
  CHECK(throws("ERR_BYOL_SHAPE", [&] { run(x, parts); }));
  parts.mean = parts.variance = at::zeros({0, 8});
  CHECK(throws("ERR_BYOL_SHAPE", [&] { run(x, parts); }));
  CHECK(throws("ERR_BYOL_SHAPE", [&] { run(x, p, x.to(at::kBFloat16)); }));
  CHECK(throws("ERR_BYOL_SHAPE", [&] { run(x.to(at::kLong), p); }));
  p.gamma = p.gamma.to(at::kBFloat16);
  CHECK(throws("ERR_BYOL_SHAPE", [&] { run(x, p); }));
}

// The normalisation on a device, whose kernels run on the CPU here, against float64: all manners, types and shapes.
#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "core/model/device_norm.h"
#include "core/model/norm.h"

#include "check.h"
#include "norm_oracle.h"
#include "stand_in.h"

namespace {

using at::Tensor;
using byol::shim::StandIn;
using namespace norm_oracle;

// One row; no vector divides the channels; fewer channels than a vector, than a block; several blocks of columns, the
// last with fewer; maps that blocks share by rows, with and without a remainder; 2-d inputs.
const std::vector<Shape> kShapes = {{1, 10},        {3, 1, 5, 7},   {5, 3, 9, 7},  {6, 10, 3, 3},  {2, 8, 6, 6},
                                    {37, 130},      {7, 65, 5, 3},  {6, 64, 5, 5}, {3, 80, 13, 7}, {2, 4096},
                                    {24, 256},      {12, 24, 1, 1}, {6, 16, 1, 1}};
const std::vector<Shape> kSharedByRows = {{12, 64, 13, 37}, {6, 64, 64, 64}, {3, 160, 41, 37}, {40, 3, 47, 47}};

struct Tolerance {
  double map, sum;
};
Tolerance tolerance(at::ScalarType type) { return {type == at::kFloat ? 1e-5 : 1.0 / 256, 1e-5}; }

TEST(device_batch_norm) {
  StandIn device;
  for (const at::ScalarType type : {at::kFloat, at::kBFloat16}) {
    for_each_case(kShapes, type, 1, [&](const std::string& name, const Case& c) {
      check_close(name, fused(c), aten(c), tolerance(type).map, tolerance(type).sum);
    });
    const std::string name = type == at::kFloat ? "float32" : "bfloat16";
    CHECK(device.launches.at("norm_forward_whole_" + name) > 0);
    CHECK(device.launches.at("norm_backward_whole_" + name + "_scalar") > 0);
  }
}

TEST(device_batch_norm_of_maps_that_blocks_share_by_rows) {
  for (const at::ScalarType type : {at::kFloat, at::kBFloat16}) {
    for_each_case(kSharedByRows, type, 1, [&](const std::string& name, const Case& c) {
      StandIn device;
      check_close(name, fused(c), aten(c), tolerance(type).map, tolerance(type).sum);
      int launches = 0;
      for (const auto& [kernel, count] : device.launches) launches += count;
      CHECK(launches == 4);
    });
  }
}

// Parts with statistics of their own: what each gives alone, and the sums of their parameters' gradients.
TEST(device_batch_norm_of_equal_parts) {
  StandIn device;
  for (const int64_t parts : {2, 3, 4, 12}) {
    for (const at::ScalarType type : {at::kFloat, at::kBFloat16}) {
      const std::vector<Shape> shapes = {{12, 10, 3, 5}, {24, 64, 17, 19}, {24, 136}};
      for_each_case(shapes, type, 1, [&](const std::string& name, const Case& c) {
        const int64_t samples = c.x.size(0) / parts;
        Outcome expected;
        std::vector<Tensor> y, mean, variance, dx, dresidual;
        for (int64_t part = 0; part < parts; ++part) {
          const auto of = [&](const Tensor& t) {
            return t.defined() ? channels_last(t.narrow(0, part * samples, samples)) : t;
          };
          const Outcome alone = aten({of(c.x), c.gamma, c.beta, of(c.residual), of(c.dy), c.relu});
          y.push_back(alone.y), mean.push_back(alone.mean), variance.push_back(alone.variance), dx.push_back(alone.dx);
          if (c.residual.defined()) dresidual.push_back(alone.dresidual);
          expected.dgamma = part == 0 ? alone.dgamma : expected.dgamma + alone.dgamma;
          expected.dbeta = part == 0 ? alone.dbeta : expected.dbeta + alone.dbeta;
        }
        expected.y = at::cat(y), expected.mean = at::stack(mean), expected.variance = at::stack(variance);
        expected.dx = at::cat(dx);
        if (c.residual.defined()) expected.dresidual = at::cat(dresidual);
        // Rows of a wider buffer, as the networks' statistics are.
        const Tensor means = at::zeros({parts, c.x.size(1) + 3}), variances = at::zeros_like(means);
        const auto statistics = [&](const Tensor& t) { return t.narrow(1, 1, c.x.size(1)); };
        Outcome actual = differentiate(
            [&](const Tensor& x, const Tensor& gamma, const Tensor& beta, const std::optional<Tensor>& residual,
                bool relu, const Tensor&, const Tensor&) {
              return byol::batch_norm(x, gamma, beta, residual, relu, kEps, statistics(means), statistics(variances));
            },
            c);
        actual.mean = statistics(means).to(at::kDouble);
        actual.variance = statistics(variances).to(at::kDouble);
        check_close(name, actual, expected, tolerance(type).map, tolerance(type).sum);
        for (const Tensor& t : {means, variances}) {
          CHECK(t.select(1, 0).abs().max().item<double>() == 0 && t.narrow(1, -2, 2).abs().max().item<double>() == 0);
        }
      });
    }
  }
  CHECK(device.launches.at("norm_parameter_gradients") > 0);
}

Outcome without_statistics(Outcome outcome) {
  outcome.mean = outcome.variance = Tensor();
  return outcome;
}

// Float64, by the definition: rows are the groups of one sample.
Tensor group_by_definition(const Tensor& x, int64_t groups, const Tensor& gamma, const Tensor& beta) {
  const Tensor rows = x.contiguous().reshape({x.size(0) * groups, -1});
  const Tensor centred = rows - rows.mean(1, true);
  Shape per_channel(static_cast<size_t>(x.dim()), 1);
  per_channel[1] = x.size(1);
  return (centred / (centred.square().mean(1, true) + kEps).sqrt()).reshape(x.sizes()) * gamma.view(per_channel) +
         beta.view(per_channel);
}

Tensor finish(Tensor y, const std::optional<Tensor>& residual, bool relu) {
  if (residual) y = y + *residual;
  return relu ? y.relu() : y;
}

TEST(device_group_and_layer_norm) {
  StandIn device;
  const std::vector<std::pair<int64_t, Shape>> shapes = {
      {1, {3, 10, 3, 5}}, {5, {3, 10, 3, 5}}, {3, {7, 24, 5, 5}},   {4, {2, 64, 1, 1}},    {16, {9, 256}},
      {1, {9, 512, 2, 2}}, {2, {3, 96, 7, 5}}, {4, {2, 64, 47, 53}}, {1, {2, 1024, 16, 9}}, {1, {5, 1, 1, 1}}};
  for (const auto& [groups, shape] : shapes) {
    for (const at::ScalarType type : {at::kFloat, at::kBFloat16}) {
      for_each_case({shape}, type, 1, [&, groups = groups](const std::string& name, const Case& c) {
        const auto ours = [&](const Tensor& x, const Tensor& gamma, const Tensor& beta,
                              const std::optional<Tensor>& residual, bool relu, const Tensor&, const Tensor&) {
          return byol::group_norm(x, groups, gamma, beta, residual, relu, kEps);
        };
        const auto theirs = [&](const Tensor& x, const Tensor& gamma, const Tensor& beta,
                                const std::optional<Tensor>& residual, bool relu, const Tensor&, const Tensor&) {
          return finish(group_by_definition(x, groups, gamma, beta), residual, relu);
        };
        check_close(name + " of " + std::to_string(groups), without_statistics(differentiate(ours, c)),
                    without_statistics(differentiate(theirs, c, at::kDouble)), tolerance(type).map, 1e-5);
      });
    }
  }
  // Groups that no block can have all channels of are computed without these kernels.
  const int before = device.launches.at("norm_forward_whole_float32_scalar");
  const Tensor wide = at::randn({3, 999});
  CHECK(distance(byol::group_norm(wide, 1, {}, {}, {}, false, kEps).to(at::kDouble),
                 group_by_definition(wide.to(at::kDouble), 1, at::ones({999}, at::kDouble),
                                     at::zeros({999}, at::kDouble))) < 1e-5);
  CHECK(device.launches.at("norm_forward_whole_float32_scalar") == before);
}

TEST(device_affine_and_inference) {
  StandIn device;
  for (const at::ScalarType type : {at::kFloat, at::kBFloat16}) {
    for_each_case({{5, 10, 3, 7}, {7, 304}, {12, 64, 33, 37}}, type, 2, [&](const std::string& name, const Case& c) {
      const Tensor mean = at::randn({c.x.size(1)}), variance = at::rand({c.x.size(1)}) + 0.1;
      for (const bool affine : {false, true}) {
        const auto ours = [&](const Tensor& x, const Tensor& gamma, const Tensor& beta,
                              const std::optional<Tensor>& residual, bool relu, const Tensor&, const Tensor&) {
          return affine ? byol::affine_norm(x, gamma, beta, residual, relu)
                        : byol::batch_norm_inference(x, gamma, beta, residual, relu, kEps, mean, variance);
        };
        const auto theirs = [&](const Tensor& x, const Tensor& gamma, const Tensor& beta,
                                const std::optional<Tensor>& residual, bool relu, const Tensor&, const Tensor&) {
          const auto wide = [](const Tensor& t) { return t.to(at::kDouble); };
          return finish(at::batch_norm(x, gamma, beta, affine ? at::zeros_like(wide(mean)) : wide(mean),
                                       affine ? at::ones_like(wide(mean)) : wide(variance), false, 0.1,
                                       affine ? 0.0 : kEps, false),
                        residual, relu);
        };
        check_close(name, without_statistics(differentiate(ours, c)),
                    without_statistics(differentiate(theirs, c, at::kDouble)), tolerance(type).map, 1e-5);
      }
    });
  }
  // Constants: nothing is summed, where only the input's gradient is wanted.
  device.launches.clear();
  const Tensor x = channels_last(at::randn({4, 8, 3, 3})).requires_grad_();
  const Tensor gamma = at::randn({8}), beta = at::randn({8}), dy = channels_last(at::randn({4, 8, 3, 3}));
  byol::affine_norm(x, gamma, beta, {}, true).backward(dy);
  CHECK(device.launches.at("norm_backward_second_float32") == 1);
  const Tensor g = dy * (x.detach() * gamma.view({1, 8, 1, 1}) + beta.view({1, 8, 1, 1}) > 0);
  CHECK(distance(x.grad(), g * gamma.view({1, 8, 1, 1})) < 1e-6);
}

TEST(device_norm_mean_much_larger_than_deviation) {
  StandIn device;
  for_each_case({{33, 16, 9, 11}, {6, 64, 64, 64}, {256, 512}}, at::kFloat, 1e4,
                [](const std::string& name, const Case& c) { check_close(name, fused(c), aten(c), 1e-5, 2e-5); });
  const Tensor x = channels_last(at::randn({4, 4, 128, 128}) * 0.25 + 300);
  const Tensor mean = at::zeros({4}), variance = at::zeros({4}), one = at::ones({4});
  byol::batch_norm(x, one, one, {}, false, kEps, mean, variance);
  const Tensor exact = x.to(at::kDouble).var(at::IntArrayRef{0, 2, 3}, false);
  CHECK(((variance - exact).abs() / exact).max().item<double>() < 2e-6);
  byol::batch_norm(at::full_like(x, 1000.1), one, one, {}, false, kEps, mean, variance);
  CHECK(variance.max().item<double>() < 1e-8 && variance.min().item<double>() >= 0);
}

// A map amid memory that nobody may write to, filled with what nobody can compute with.
class Guarded {
 public:
  Guarded(const Shape& shape, at::ScalarType type) : memory_(at::full({2 * kGuard + at::zeros(shape).numel()}, kBad)) {
    memory_ = memory_.to(type);
    const Tensor middle = memory_.narrow(0, kGuard, memory_.numel() - 2 * kGuard);
    map = shape.size() == 4 ? middle.view({shape[0], shape[2], shape[3], shape[1]}).permute({0, 3, 1, 2})
                            : middle.view(shape);
  }
  Tensor map;
  bool well_written() const {
    const Tensor wide = memory_.to(at::kDouble);
    const double bad = at::full({1}, kBad).to(memory_.scalar_type()).item<double>();
    const auto all_bad = [&](int64_t start) { return wide.narrow(0, start, kGuard).eq(bad).all().item<bool>(); };
    return all_bad(0) && all_bad(-kGuard) && wide.narrow(0, kGuard, map.numel()).ne(bad).all().item<bool>();
  }

 private:
  static constexpr int64_t kGuard = 64;
  static constexpr double kBad = 3e30;
  Tensor memory_;
};

TEST(device_norm_writes_every_element_and_no_other) {
  StandIn device;
  for (const at::ScalarType type : {at::kFloat, at::kBFloat16}) {
    for (const Shape& shape : {Shape{1, 3}, {5, 10, 3, 3}, {7, 72, 5, 3}, {4, 64, 37, 41}, {4, 20, 67, 41}}) {
      const Case c = make_case(shape, type, true, true, 1);
      const byol::DeviceNorm norm(device, c.x, 1, shape[1]);
      const Guarded y(shape, type), g(shape, type), dx(shape, type);
      const Guarded mean({shape[1]}, at::kFloat), variance({shape[1]}, at::kFloat);
      const Tensor kept = norm.normalise(c.x, c.residual, y.map, {c.gamma, c.beta, kEps, true}, mean.map, variance.map);
      norm.gradients({c.x, c.dy, y.map, g.map, dx.map, kept, true, false, true});
      for (const Guarded* each : {&y, &g, &dx, &mean, &variance}) CHECK(each->well_written());
    }
  }
}

TEST(device_norm_gives_the_same_bits_each_time) {
  StandIn device;
  for (const Shape& shape : {Shape{4, 64, 37, 41}, {4, 16, 5, 3}}) {
    const Case c = make_case(shape, at::kBFloat16, true, true, 1);
    const Outcome first = fused(c), again = fused(c);
    CHECK(at::equal(first.y, again.y) && at::equal(first.dx, again.dx) && at::equal(first.dgamma, again.dgamma));
    CHECK(at::equal(first.dbeta, again.dbeta) && at::equal(first.variance, again.variance));
  }
}

// One launch writes over its input, and a view without alignment is copied first.
TEST(device_norm_of_maps_given_away_and_of_views) {
  StandIn device;
  const Tensor source = channels_last(at::randn({4, 64, 37, 41})), gamma = at::randn({64}), beta = at::randn({64});
  Tensor mean = at::empty({64}), variance = at::empty({64});
  const auto run = [&](Tensor x) {
    return byol::batch_norm(std::move(x), gamma, beta, {}, true, kEps, mean, variance);
  };
  const Tensor expected = run(source);
  Tensor own = source.clone();
  const void* const memory = own.data_ptr();
  const Tensor reused = run(std::move(own));
  CHECK(reused.data_ptr() == memory && at::equal(reused, expected));
  const Tensor rows = source.permute({0, 2, 3, 1}).reshape({-1, 64});
  const Tensor odd = at::cat({at::zeros({1}), rows.reshape({-1})}).narrow(0, 1, rows.numel()).view(rows.sizes());
  CHECK(at::equal(run(odd), run(rows)));
}

}  // namespace

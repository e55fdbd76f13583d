// LARS and SGD against scalar float64 code written from byol-facts 2.1 and the definition of torch.optim.SGD.
#include "core/optim/optimizer.h"

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

#include <cmath>
#include <limits>
#include <vector>

#include "check.h"

namespace {

using byol::Optimizer;
using byol::OptimizerKind;
using byol::OptimizerSpec;
using byol::ParameterRole;
using byol::ParameterStore;
using byol::Precision;
using Values = std::vector<double>;

struct Tensor64 {
  Values p, m;
  bool adapted;
};

void lars(Tensor64& t, Values g, double lr, double decay, double momentum, double eta) {
  if (t.adapted) {
    double pp = 0, gg = 0;
    for (size_t i = 0; i < g.size(); ++i) {
      g[i] += decay * t.p[i];
      pp += t.p[i] * t.p[i];
      gg += g[i] * g[i];
    }
    const double ratio = pp > 0 && gg > 0 ? eta * std::sqrt(pp) / std::sqrt(gg) : 1.0;
    for (double& x : g) x *= ratio;
  }
  for (size_t i = 0; i < g.size(); ++i) {
    t.m[i] = momentum * t.m[i] + g[i];
    t.p[i] -= lr * t.m[i];
  }
}

void sgd(Tensor64& t, Values g, double lr, double decay, double momentum, bool nesterov, bool all) {
  for (size_t i = 0; i < g.size(); ++i) {
    if (all || t.adapted) g[i] += decay * t.p[i];
    t.m[i] = momentum * t.m[i] + g[i];
    t.p[i] -= lr * (nesterov ? g[i] + momentum * t.m[i] : t.m[i]);
  }
}

struct Fixture {
  ParameterStore store;
  std::vector<Tensor64> expected;

  Fixture() {
    store.add("conv", {4, 3, 3, 3}, ParameterRole::Weight);
    store.add("gamma", {4}, ParameterRole::Excluded);
    store.add("linear", {5, 4}, ParameterRole::Weight);
    store.add("zero", {2, 4}, ParameterRole::Weight);  // |p| = 0: ratio 1
    store.add("bias", {5}, ParameterRole::Excluded);
    store.add("classifier", {3, 4}, ParameterRole::FullPrecisionWeight);
    store.allocate(at::kCPU, Precision::Float32, true);
    at::manual_seed(3);
    for (size_t i = 0; i < store.count(); ++i) {
      at::Tensor p = store.master(i);
      if (store.name(i) != "zero") p.copy_(at::randn(p.sizes()));
      expected.push_back({values(p), Values(static_cast<size_t>(p.numel()), 0.0), i != 1 && i != 4});
    }
  }

  static Values values(const at::Tensor& t) {
    const at::Tensor flat = t.contiguous().to(at::kDouble).flatten();
    return Values(flat.data_ptr<double>(), flat.data_ptr<double>() + flat.numel());
  }

  // Sets a new random gradient and returns it. Step 2 has a zero gradient for "linear".
  std::vector<Values> draw_gradient(int step) {
    std::vector<Values> out;
    for (size_t i = 0; i < store.count(); ++i) {
      at::Tensor g = store.view_of(store.gradient(), i);
      g.copy_(at::randn(g.sizes()) * (step == 2 && store.name(i) == "linear" ? 0.0 : 0.3));
      out.push_back(values(g));
    }
    return out;
  }

  void check() {
    for (size_t i = 0; i < store.count(); ++i) {
      const Values actual = values(store.master(i));
      for (size_t j = 0; j < actual.size(); ++j) CHECK_CLOSE(actual[j], expected[i].p[j], 2e-6);
    }
  }
};

at::Tensor scalar(double value) { return at::full({}, value, at::kFloat); }
at::Tensor flag(bool value) { return at::full({}, value, at::kBool); }

void check_lars(double decay) {
  Fixture f;
  OptimizerSpec spec;
  spec.weight_decay = decay;
  spec.trust_coefficient = 0.01;
  Optimizer optimizer(spec, f.store);
  const double rates[] = {0.0, 0.5, 1.0, 0.7, 0.1};
  for (int step = 0; step < 5; ++step) {
    const auto gradient = f.draw_gradient(step);
    optimizer.step(scalar(rates[step]), flag(true));
    for (size_t i = 0; i < gradient.size(); ++i) {
      lars(f.expected[i], gradient[i], static_cast<float>(rates[step]), decay, 0.9, 0.01);
    }
    f.check();
  }
}

}  // namespace

TEST(lars_over_several_steps) { check_lars(0.05); }

TEST(lars_without_weight_decay_and_with_zero_gradient) { check_lars(0.0); }

TEST(lars_is_invariant_to_the_gradients_scale_for_adapted_parameters_only) {
  Fixture a, b;
  OptimizerSpec spec;
  Optimizer first(spec, a.store), second(spec, b.store);
  a.draw_gradient(0);
  b.store.gradient().copy_(a.store.gradient()).mul_(8.0);
  first.step(scalar(1.0), flag(true));
  second.step(scalar(1.0), flag(true));
  CHECK(at::allclose(a.store.master(0), b.store.master(0), 1e-6, 1e-7));
  CHECK(!at::allclose(a.store.master(1), b.store.master(1), 1e-3, 1e-3));
}

TEST(sgd_over_several_steps) {
  for (bool nesterov : {false, true}) {
    for (bool all : {false, true}) {
      Fixture f;
      OptimizerSpec spec;
      spec.kind = OptimizerKind::Sgd;
      spec.weight_decay = 0.02;
      spec.nesterov = nesterov;
      spec.decay_norm_and_bias = all;
      Optimizer optimizer(spec, f.store);
      for (int step = 0; step < 4; ++step) {
        const auto gradient = f.draw_gradient(step);
        optimizer.step(scalar(0.25), flag(true));
        for (size_t i = 0; i < gradient.size(); ++i) sgd(f.expected[i], gradient[i], 0.25, 0.02, 0.9, nesterov, all);
        f.check();
      }
    }
  }
}

TEST(a_step_that_is_not_alive_changes_nothing) {
  Fixture f;
  OptimizerSpec spec;
  spec.weight_decay = 0.1;
  Optimizer optimizer(spec, f.store);
  f.draw_gradient(0);
  optimizer.step(scalar(0.5), flag(true));
  const at::Tensor parameters = f.store.master().clone(), momentum = optimizer.momentum().clone();
  f.store.gradient().fill_(std::numeric_limits<float>::quiet_NaN());
  optimizer.step(scalar(0.5), flag(false));
  CHECK(at::equal(parameters, f.store.master()));
  CHECK(at::equal(momentum, optimizer.momentum()));
  CHECK(f.store.gradient().eq(0).all().item<bool>());
}

TEST(the_low_precision_mirror_follows_the_master_and_its_gradient_is_collected) {
  ParameterStore store;
  const size_t weight = store.add("w", {8, 4}, ParameterRole::Weight);
  const size_t bias = store.add("b", {8}, ParameterRole::Excluded);
  store.allocate(at::kCPU, Precision::BFloat16, true);
  store.master(weight).normal_();
  store.refresh();
  CHECK(store[weight].scalar_type() == at::kBFloat16);
  CHECK(store[bias].scalar_type() == at::kFloat);
  CHECK(at::equal(store[weight].detach(), store.master(weight).to(at::kBFloat16)));
  {
    at::AutoGradMode grad(true);
    for (int i = 0; i < 2; ++i) {
      (at::linear(at::ones({1, 4}, at::kBFloat16), store[weight]).to(at::kFloat).sum() + store[bias].sum()).backward();
    }
  }
  store.collect_gradient();
  CHECK(store.view_of(store.gradient(), weight).eq(2).all().item<bool>());
  CHECK(store.view_of(store.gradient(), bias).eq(2).all().item<bool>());
}

// LARS, SGD and the moving average against scalar float64 code written from byol-facts 2.1, the definition of
// torch.optim.SGD and the paper's Equation 1: the kernels, those of devices, and the same by ATen operations.
#include "core/optim/optimizer.h"

#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <ATen/core/grad_mode.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <memory>
#include <vector>

#include "check.h"
#include "stand_in.h"

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

void declare(ParameterStore& store) {
  store.add("conv", {4, 3, 3, 3}, ParameterRole::Weight);
  store.add("gamma", {4}, ParameterRole::Excluded);
  store.add("linear", {5, 4}, ParameterRole::Weight);
  store.add("zero", {2, 4}, ParameterRole::Weight);  // |p| = 0: ratio 1
  store.add("bias", {5}, ParameterRole::Excluded);
  store.add("classifier", {3, 4}, ParameterRole::FullPrecisionWeight);
  store.add("projector.weight", {300, 300}, ParameterRole::Weight);  // more than one block
  store.add("predictor.bias", {21}, ParameterRole::Excluded);
}

struct Fixture {
  ParameterStore store;
  std::vector<Tensor64> expected;

  Fixture() {
    declare(store);
    store.allocate(at::kCPU, Precision::Float32, true);
    at::manual_seed(3);
    for (size_t i = 0; i < store.count(); ++i) {
      at::Tensor p = store.master(i);
      if (store.name(i) != "zero") p.copy_(at::randn(p.sizes()));
      expected.push_back({values(p), Values(static_cast<size_t>(p.numel()), 0.0), i != 1 && i != 4 && i != 7});
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
      for (size_t j = 0; j < actual.size(); ++j)
        CHECK_CLOSE(actual[j], expected[i].p[j], 2e-6 * std::max(1.0, std::abs(expected[i].p[j])));
    }
  }
};

at::Tensor scalar(double value) { return at::full({}, value, at::kFloat); }
at::Tensor flag(bool value) { return at::full({}, value, at::kBool); }

enum class Way { kReference, kKernels, kDevice };
constexpr Way kWays[] = {Way::kReference, Way::kKernels, Way::kDevice};

/// One implementation of a step; returns whether it was done.
class Stepper {
 public:
  Stepper(Way way, const OptimizerSpec& spec, ParameterStore& store, ParameterStore* target = nullptr)
      : way_(way),
        device_(way == Way::kDevice ? std::make_unique<byol::shim::StandIn>() : nullptr),
        spec_(spec),
        store_(store),
        target_(target),
        optimizer_(spec, store, target),
        segments_(byol::segment_table(store, spec)) {}

  bool step(const at::Tensor& rates, double target_weight = 0.0, bool healthy = true) {
    at::Tensor alive = flag(healthy);
    if (way_ != Way::kReference) {
      optimizer_.inspect(alive);
      optimizer_.apply(rates, scalar(target_weight), alive);
    } else {
      alive.logical_and_(at::isfinite(store_.gradient().sum()));
      byol::reference_update(spec_, segments_, store_, optimizer_.momentum(), target_, rates, scalar(target_weight),
                             alive);
    }
    return alive.item<bool>();
  }
  bool step(double rate, double target_weight = 0.0, bool healthy = true) {
    return step(at::full({byol::kRateSlots}, rate, at::kFloat), target_weight, healthy);
  }
  const at::Tensor& momentum() const { return optimizer_.momentum(); }

 private:
  Way way_;
  std::unique_ptr<byol::shim::StandIn> device_;
  OptimizerSpec spec_;
  ParameterStore& store_;
  ParameterStore* target_;
  Optimizer optimizer_;
  std::vector<byol::Segment> segments_;
};

void check_lars(double decay) {
  for (const Way way : kWays) {
    Fixture f;
    OptimizerSpec spec;
    spec.weight_decay = decay;
    spec.trust_coefficient = 0.01;
    Stepper stepper(way, spec, f.store);
    const float rates[] = {0.0F, 0.5F, 1.0F, 0.7F, 0.1F};
    for (int step = 0; step < 5; ++step) {
      const auto gradient = f.draw_gradient(step);
      CHECK(stepper.step(at::tensor({rates[step], 2 * rates[step], 10 * rates[step]})));
      for (size_t i = 0; i < gradient.size(); ++i) {
        const double factor = i == 6 ? 2.0 : i == 7 ? 10.0 : 1.0;  // the heads' own rates
        lars(f.expected[i], gradient[i], rates[step] * factor, decay, 0.9, 0.01);
      }
      f.check();
    }
  }
}

}  // namespace

TEST(lars_over_several_steps) { check_lars(0.05); }

TEST(lars_without_weight_decay_and_with_zero_gradient) { check_lars(0.0); }

TEST(lars_is_invariant_to_the_gradients_scale_for_adapted_parameters_only) {
  for (const Way way : kWays) {
    Fixture a, b;
    OptimizerSpec spec;
    Stepper first(way, spec, a.store), second(way, spec, b.store);
    a.draw_gradient(0);
    b.store.gradient().copy_(a.store.gradient()).mul_(8.0);
    first.step(1.0);
    second.step(1.0);
    CHECK(at::allclose(a.store.master(0), b.store.master(0), 1e-6, 1e-7));
    CHECK(!at::allclose(a.store.master(1), b.store.master(1), 1e-3, 1e-3));
  }
}

TEST(sgd_over_several_steps) {
  for (const int variant : {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11}) {
    const Way way = kWays[variant / 4];
    const bool nesterov = variant & 1, all = variant & 2;
    Fixture f;
    OptimizerSpec spec;
    spec.kind = OptimizerKind::Sgd;
    spec.weight_decay = 0.02;
    spec.nesterov = nesterov;
    spec.decay_norm_and_bias = all;
    Stepper stepper(way, spec, f.store);
    for (int step = 0; step < 4; ++step) {
      const auto gradient = f.draw_gradient(step);
      CHECK(stepper.step(0.25));
      for (size_t i = 0; i < gradient.size(); ++i) sgd(f.expected[i], gradient[i], 0.25, 0.02, 0.9, nesterov, all);
      f.check();
    }
  }
}

TEST(the_target_follows_the_updated_parameters) {
  for (const Way way : kWays) {
    Fixture f;
    ParameterStore target;
    declare(target);
    target.allocate(at::kCPU, Precision::Float32, false);
    target.master().copy_(f.store.master() * 0.5 + 0.1);
    const auto parameters = [](const ParameterStore& store) {
      Values out;
      for (size_t i = 0; i < store.count(); ++i) {
        const Values each = Fixture::values(store.master(i));
        out.insert(out.end(), each.begin(), each.end());
      }
      return out;
    };
    Values expected = parameters(target);
    OptimizerSpec spec;
    spec.kind = OptimizerKind::Sgd;
    Stepper stepper(way, spec, f.store, &target);
    for (const float weight : {0.0F, 0.01F, 0.3F, 0.7F}) {
      f.draw_gradient(0);
      CHECK(stepper.step(0.25, weight));
      const Values online = parameters(f.store), actual = parameters(target);
      for (size_t i = 0; i < expected.size(); ++i) {
        expected[i] += weight * (online[i] - expected[i]);
        CHECK_CLOSE(actual[i], expected[i], 1e-6);
      }
    }
    const at::Tensor kept = target.master().clone();
    f.draw_gradient(0);
    stepper.step(0.25, 0.0);
    CHECK(at::equal(target.master(), kept));
    f.draw_gradient(0);
    stepper.step(0.25, 1.0);
    for (size_t i = 0; i < target.count(); ++i) CHECK(at::equal(target.master(i), f.store.master(i)));
  }
}

TEST(a_step_that_is_not_alive_changes_nothing) {
  for (const int variant : {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11}) {
    const Way way = kWays[variant / 4];
    const bool lars = variant & 1, earlier = variant & 2;
    Fixture f;
    ParameterStore target;
    declare(target);
    target.allocate(at::kCPU, Precision::Float32, false);
    OptimizerSpec spec;
    spec.kind = lars ? OptimizerKind::Lars : OptimizerKind::Sgd;
    spec.weight_decay = 0.1;
    Stepper stepper(way, spec, f.store, &target);
    f.draw_gradient(0);
    CHECK(stepper.step(0.5, 0.1));
    const at::Tensor parameters = f.store.master().clone(), momentum = stepper.momentum().clone();
    const at::Tensor followed = target.master().clone();
    f.draw_gradient(1);
    // Or by an earlier micro-batch's loss.
    if (!earlier) f.store.view_of(f.store.gradient(), 6)[299][299] = std::numeric_limits<float>::infinity();
    CHECK(!stepper.step(0.5, 0.1, !earlier));
    CHECK(at::equal(parameters, f.store.master()));
    CHECK(at::equal(momentum, stepper.momentum()));
    CHECK(at::equal(followed, target.master()));
    CHECK(f.store.gradient().eq(0).all().item<bool>());
  }
}

TEST(a_gradient_that_is_not_finite_is_found_wherever_it_lies) {
  for (const int variant : {0, 1, 2, 3}) {
    const Way way = variant & 1 ? Way::kDevice : Way::kKernels;
    const OptimizerKind kind = variant & 2 ? OptimizerKind::Sgd : OptimizerKind::Lars;
    for (const float bad : {std::numeric_limits<float>::quiet_NaN(), -std::numeric_limits<float>::infinity()}) {
      for (size_t i : {0, 1, 3, 6, 7}) {
        Fixture f;
        OptimizerSpec spec;
        spec.kind = kind;
        Stepper stepper(way, spec, f.store);
        f.draw_gradient(0);
        at::Tensor gradient = f.store.view_of(f.store.gradient(), i);
        gradient.flatten()[gradient.numel() - 1] = bad;
        if (gradient.is_contiguous()) CHECK(!stepper.step(0.5));
      }
    }
  }
  // Large is not infinite, though its square is.
  for (const Way way : {Way::kKernels, Way::kDevice}) {
    Fixture f;
    Stepper stepper(way, {}, f.store);
    f.draw_gradient(0);
    f.store.view_of(f.store.gradient(), 2)[0][0] = 1e30F;
    CHECK(stepper.step(0.5));
  }
}

TEST(updates_in_low_precision_keep_the_mirrors_and_use_both_gradients) {
  for (const int variant : {0, 1, 2, 3}) {
    const bool collected = variant & 1;
    const Way way = variant & 2 ? Way::kDevice : Way::kKernels;
    ParameterStore store, target;
    for (ParameterStore* each : {&store, &target}) {
      declare(*each);
      each->allocate(at::kCPU, Precision::BFloat16, each == &store);
      at::manual_seed(4);
      each->master().normal_();
      each->refresh();
    }
    // A step in float32 with the same gradients.
    Fixture f;
    for (size_t i = 0; i < store.count(); ++i) {
      const at::Tensor p = store.master(i);
      f.store.master(i).copy_(p);
      at::Tensor g = f.store.view_of(f.store.gradient(), i);
      g.normal_();
      if (store.mirrored(i)) {
        const at::Tensor low = store.view_of(store.mirror_gradient(), i).copy_(g);
        g.copy_(low);
        if (collected) store.view_of(store.mirror_gradient(), i).mul_(0.5);
        if (collected) g.copy_(store.view_of(store.mirror_gradient(), i).to(at::kFloat) * 2);
      } else {
        store.view_of(store.gradient(), i).copy_(g);
      }
    }
    if (collected) {  // an earlier micro-batch of the same gradients
      const at::Tensor earlier = store.mirror_gradient().clone();
      store.collect_gradient();
      store.mirror_gradient().copy_(earlier);
    }
    OptimizerSpec spec;
    spec.weight_decay = 0.01;
    Stepper low(way, spec, store, &target), full(way, spec, f.store);
    CHECK(low.step(0.5, 0.2) && full.step(0.5));
    for (size_t i = 0; i < store.count(); ++i) {
      CHECK(at::equal(store.master(i), f.store.master(i)));
      if (!store.mirrored(i)) continue;
      CHECK(at::equal(store[i].detach(), store.master(i).to(at::kBFloat16)));
      CHECK(at::equal(target[i].detach(), target.master(i).to(at::kBFloat16)));
    }
    CHECK(store.gradient().eq(0).all().item<bool>() && store.mirror_gradient().eq(0).all().item<bool>());
    CHECK(!store.collected());
  }
}

TEST(updates_do_not_depend_on_threads) {
  const int before = at::get_num_threads();
  std::vector<at::Tensor> results;
  for (const int threads : {1, 4}) {
    at::set_num_threads(threads);
    Fixture f;
    Stepper stepper(Way::kKernels, {}, f.store);
    for (int step = 0; step < 3; ++step) f.draw_gradient(step), stepper.step(0.5);
    results.push_back(f.store.master().clone());
  }
  at::set_num_threads(before);
  CHECK(at::equal(results[0], results[1]));
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

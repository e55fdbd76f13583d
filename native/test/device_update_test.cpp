// What optimizer_test.cpp does not ask of the update's kernels for devices: tails, memory between parameters, launches.
#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

#include <limits>
#include <string>
#include <vector>

#include "core/optim/optimizer.h"

#include "check.h"
#include "stand_in.h"

namespace {

using byol::ParameterStore;

// One element, fewer than are taken at once, one more, a block and its neighbours.
const std::vector<int64_t> kSizes = {1, 3, 4, 5, 31, 8191, 8192, 8193, 20011};

struct Networks {
  ParameterStore online, target;
  at::Tensor padding;  // bool: elements that belong to no parameter

  explicit Networks(byol::Precision precision) {
    at::manual_seed(5);
    for (ParameterStore* store : {&online, &target}) {
      for (const int64_t size : kSizes) {
        const bool weight = size != 31;
        store->add(std::to_string(size), weight ? std::vector<int64_t>{1, size} : std::vector<int64_t>{size},
                   weight ? byol::ParameterRole::Weight : byol::ParameterRole::Excluded);
      }
      store->allocate(at::kCPU, precision, store == &online);
      store->master().normal_();
      store->refresh();
    }
    padding = at::ones_like(online.master(), at::kBool);
    for (size_t i = 0; i < online.count(); ++i) padding.narrow(0, online.offset(i), online.numel(i)).fill_(false);
  }

  void draw_gradient() {
    online.gradient().normal_();
    if (!online.mirror_gradient().defined()) return;
    online.mirror_gradient().normal_();
    online.gradient().narrow(0, 0, online.mirror_gradient().numel()).zero_();
  }
};

byol::OptimizerSpec lars() {
  byol::OptimizerSpec spec;
  spec.weight_decay = 0.01;
  spec.trust_coefficient = 0.02;
  return spec;
}

void step(byol::Optimizer& optimizer) {
  const at::Tensor alive = at::ones({}, at::kBool);
  optimizer.inspect(alive);
  optimizer.apply(at::full({byol::kRateSlots}, 0.5, at::kFloat), at::full({}, 0.1, at::kFloat), alive);
  CHECK(alive.item<bool>());
}

TEST(device_update_agrees_with_the_reference_and_takes_three_launches) {
  for (const byol::Precision precision : {byol::Precision::Float32, byol::Precision::BFloat16}) {
    byol::shim::StandIn device;
    Networks ours(precision), theirs(precision);
    byol::Optimizer optimizer(lars(), ours.online, &ours.target);
    at::Tensor momentum = at::zeros_like(theirs.online.master());
    const at::NoGradGuard no_grad;
    for (int i = 0; i < 3; ++i) {
      ours.draw_gradient();
      theirs.online.gradient().copy_(ours.online.gradient());
      if (ours.online.mirror_gradient().defined()) {
        theirs.online.mirror_gradient().copy_(ours.online.mirror_gradient());
      }
      device.launches.clear();
      step(optimizer);
      CHECK(device.launches.size() == 3);
      for (const auto& [kernel, count] : device.launches) CHECK(count == 1);
      byol::reference_update(lars(), byol::segment_table(theirs.online, lars()), theirs.online, momentum,
                             &theirs.target, at::full({byol::kRateSlots}, 0.5, at::kFloat),
                             at::full({}, 0.1, at::kFloat), at::ones({}, at::kBool));
    }
    for (size_t i = 0; i < ours.online.count(); ++i) {
      const auto agree = [&](const at::Tensor& a, const at::Tensor& b) { CHECK(at::allclose(a, b, 2e-6, 2e-6)); };
      agree(ours.online.master(i), theirs.online.master(i));
      agree(ours.target.master(i), theirs.target.master(i));
      agree(ours.online.view_of(optimizer.momentum(), i), theirs.online.view_of(momentum, i));
      CHECK(ours.online.view_of(ours.online.gradient(), i).eq(0).all().item<bool>());
    }
  }
}

// NaN in the memory between parameters is neither read nor overwritten.
TEST(device_update_keeps_to_the_parameters) {
  byol::shim::StandIn device;
  Networks networks(byol::Precision::BFloat16);
  byol::Optimizer optimizer(lars(), networks.online, &networks.target);
  const at::NoGradGuard no_grad;
  networks.draw_gradient();
  const at::Tensor low_padding = networks.padding.narrow(0, 0, networks.online.mirror().numel());
  const std::vector<at::Tensor> full = {networks.online.master(), networks.online.gradient(), optimizer.momentum(),
                                        networks.target.master()};
  const std::vector<at::Tensor> low = {networks.online.mirror(), networks.online.mirror_gradient(),
                                       networks.target.mirror()};
  const double nan = std::numeric_limits<double>::quiet_NaN();
  for (const at::Tensor& buffer : full) at::Tensor(buffer).masked_fill_(networks.padding, nan);
  for (const at::Tensor& buffer : low) at::Tensor(buffer).masked_fill_(low_padding, nan);
  step(optimizer);
  for (const at::Tensor& buffer : full) CHECK(at::equal(buffer.isnan(), networks.padding));
  for (const at::Tensor& buffer : low) CHECK(at::equal(buffer.isnan(), low_padding));
}

TEST(device_update_gives_the_same_bits_each_time) {
  byol::shim::StandIn device;
  std::vector<at::Tensor> results;
  for (int i = 0; i < 2; ++i) {
    Networks networks(byol::Precision::Float32);
    byol::Optimizer optimizer(lars(), networks.online, &networks.target);
    at::manual_seed(6);
    networks.draw_gradient();
    step(optimizer);
    results.push_back(networks.online.master().masked_fill(networks.padding, 0));
  }
  CHECK(at::equal(results[0], results[1]));
}

}  // namespace

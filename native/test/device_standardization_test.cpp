// Weight standardisation of a whole network on a device, whose kernels run on the CPU here, against float64.
#include "core/model/device_standardization.h"

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>
#include <torch/csrc/autograd/autograd.h>

#include <cmath>
#include <limits>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "core/model/standardized_weights.h"
#include "kernels/standardize_arguments.h"

#include "check.h"
#include "stand_in.h"

namespace {

using at::Tensor;
using byol::ParameterRole;
using byol::ParameterStore;
using byol::Precision;
using byol::StandardizedWeights;
using byol::shim::StandIn;

using Shape = std::vector<int64_t>;

// A fan-in of one; that no vector divides; fewer than a warp takes at once; many turns of it, with a rest; fewer units
// than a block has, one, as many, one more.
const std::vector<Shape> kShapes = {{5, 1},        {5, 7},        {4, 3, 3, 3}, {6, 8, 1, 1}, {1, 64, 3, 3},
                                    {8, 36, 3, 3}, {9, 130},      {17, 33},     {3, 2500},    {16, 3, 7, 7}};

constexpr double kEpsilon = 1e-4;

/// Standardised weights between others; NaN in the memory that is nobody's.
struct Network {
  explicit Network(Precision precision, const std::vector<Shape>& shapes = kShapes, bool trainable = true) {
    at::manual_seed(11);
    store.add("first", {3, 5}, ParameterRole::Weight);
    for (const Shape& shape : shapes) {
      indices.push_back(store.add(std::to_string(indices.size()), shape, ParameterRole::StandardizedWeight));
    }
    store.add("classifier", {4, 7}, ParameterRole::FullPrecisionWeight);
    store.add("bias", {9}, ParameterRole::Excluded);
    store.allocate(at::kCPU, precision, trainable);
    const at::NoGradGuard no_grad;
    store.master().fill_(std::numeric_limits<float>::quiet_NaN());
    for (size_t i = 0; i < store.count(); ++i) {
      const Tensor weight = store.master(i);
      // As small as initial weights are, so that the 1e-4 is felt.
      const double fan_in = static_cast<double>(weight.numel() / weight.size(0));
      weight.copy_(at::randn(weight.sizes()) / std::sqrt(fan_in) + 0.1);
    }
    store.refresh();
    device = byol::DeviceStandardization::make(store);
    CHECK(device != nullptr && device->indices() == indices);
  }

  std::vector<Tensor> standardize() {
    StandardizedWeights weights(store, device);
    std::vector<Tensor> all;
    for (const size_t index : indices) all.push_back(weights.of(index));
    return all;
  }
  /// Like the standardised weights, the same each time.
  std::vector<Tensor> gradients() const {
    at::manual_seed(12);
    std::vector<Tensor> all;
    for (const size_t index : indices) {
      all.push_back(at::randn(store[index].sizes()).to(store.compute_dtype()));
    }
    return all;
  }
  Tensor gradient(size_t index) { return store.view_of(store.gradient(), index); }

  ParameterStore store;
  std::vector<size_t> indices;
  std::shared_ptr<const byol::DeviceStandardization> device;
};

struct Expected {
  Tensor weight, gradient;
};
Expected expected(const Tensor& raw, const Tensor& gradient) {
  const at::AutoGradMode grad_mode(true);
  const Tensor w = raw.detach().to(at::kDouble).clone().requires_grad_();
  const Tensor rows = w.reshape({w.size(0), -1});
  const Tensor centred = rows - rows.mean(1, true);
  const Tensor made = (centred / (centred.square().mean(1, true) + kEpsilon).sqrt()).view(w.sizes());
  made.backward(gradient.to(at::kDouble));
  return {made.detach(), w.grad()};
}

double distance(const Tensor& actual, const Tensor& expected) {
  const Tensor most = (actual.detach().to(at::kDouble) - expected).abs().max();
  return (most / expected.abs().max().clamp_min(1.0)).item<double>();
}

TEST(device_standardization_of_all_weights_in_one_launch_each_way) {
  for (const Precision precision : {Precision::Float32, Precision::BFloat16}) {
    StandIn device;
    const bool low = precision == Precision::BFloat16;
    const std::string type = low ? "bfloat16" : "float32";
    Network network(precision);
    const at::AutoGradMode grad_mode(true);
    const std::vector<Tensor> weights = network.standardize(), gradients = network.gradients();
    CHECK((device.launches == std::map<std::string, int>{{"standardize_forward_" + type, 1}}));
    for (int pass = 1; pass <= 2; ++pass) {  // as passes of two micro-batches
      torch::autograd::backward(weights, gradients, /*retain_graph=*/true);
      CHECK(device.launches.size() == 2 && device.launches.at("standardize_backward_" + type) == pass);
      for (size_t i = 0; i < weights.size(); ++i) {
        const Tensor& raw = network.store[network.indices[i]];
        CHECK(weights[i].sizes() == raw.sizes() && weights[i].strides() == raw.strides());
        CHECK(weights[i].scalar_type() == network.store.compute_dtype());
        const Expected right = expected(raw, gradients[i]);
        const double bound = low ? 1.0 / 256 : 2e-6;
        if (!(distance(weights[i], right.weight) < bound)) {
          check::fail(__FILE__, __LINE__, "weight " + std::to_string(i));
        }
        if (!(distance(network.gradient(network.indices[i]), pass * right.gradient) < 1e-5)) {
          check::fail(__FILE__, __LINE__, "gradient " + std::to_string(i));
        }
      }
    }
    // Nobody else's gradient, and none between.
    Tensor own = at::zeros_like(network.store.gradient(), at::kBool);
    for (const size_t index : network.indices) network.store.view_of(own, index).fill_(true);
    CHECK(network.store.gradient().masked_select(own.logical_not()).eq(0).all().item<bool>());
  }
}

TEST(device_standardization_of_gradients_that_are_missing_or_lie_otherwise) {
  StandIn device;
  for (const Precision precision : {Precision::Float32, Precision::BFloat16}) {
    Network network(precision);
    const at::AutoGradMode grad_mode(true);
    const std::vector<Tensor> gradients = network.gradients();
    constexpr size_t kOf = 5;  // of 8 x 36 x 3 x 3
    const auto run = [&](const Tensor& gradient) {
      network.store.clear_gradient();
      network.standardize()[kOf].backward(gradient);
      return network.gradient(network.indices[kOf]).clone();
    };
    const Tensor dense = gradients[kOf].contiguous(at::MemoryFormat::ChannelsLast);
    const Tensor right = run(dense);
    CHECK(distance(right, expected(network.store[network.indices[kOf]], dense).gradient) < 1e-5);
    CHECK(network.store.gradient().ne(0).sum().item<int64_t>() <= right.numel());
    CHECK(at::equal(run(gradients[kOf].contiguous()), right));
    const Tensor odd = at::cat({at::zeros({1}, dense.options()), dense.permute({0, 2, 3, 1}).reshape({-1})});
    CHECK(at::equal(run(odd.narrow(0, 1, dense.numel()).as_strided(dense.sizes(), dense.strides())), right));
  }
}

TEST(device_standardization_gives_the_same_bits_each_time) {
  StandIn device;
  for (const Precision precision : {Precision::Float32, Precision::BFloat16}) {
    std::vector<Tensor> results;
    for (int i = 0; i < 2; ++i) {
      Network network(precision);
      const at::AutoGradMode grad_mode(true);
      const std::vector<Tensor> weights = network.standardize();
      torch::autograd::backward(weights, network.gradients());
      std::vector<Tensor> flat{network.store.gradient()};
      for (const Tensor& weight : weights) flat.push_back(weight.detach().reshape({-1}).to(at::kFloat));
      results.push_back(at::cat(flat));
    }
    CHECK(at::equal(results[0], results[1]));
  }
}

TEST(device_standardization_of_more_weights_than_a_launch_is_told_of) {
  StandIn device;
  constexpr size_t kMany = byol::kernels::kMostStandardizedWeights + 3;
  Network network(Precision::Float32, std::vector<Shape>(kMany, Shape{2, 3}));
  const at::AutoGradMode grad_mode(true);
  const std::vector<Tensor> weights = network.standardize(), gradients = network.gradients();
  torch::autograd::backward(weights, gradients);
  CHECK(device.launches.at("standardize_backward_float32") == 2);
  for (size_t i = 0; i < kMany; ++i) {
    const Expected right = expected(network.store[network.indices[i]], gradients[i]);
    CHECK(distance(network.gradient(network.indices[i]), right.gradient) < 1e-5);
  }
}

TEST(device_standardization_without_gradients_keeps_nothing) {
  StandIn device;
  for (const bool trainable : {true, false}) {
    Network network(Precision::BFloat16, kShapes, trainable);
    const at::AutoGradMode grad_mode(!trainable);
    for (const Tensor& weight : network.standardize()) CHECK(!weight.requires_grad());
  }
}

TEST(device_standardization_refuses_weights_that_changed_under_it) {
  StandIn device;
  Network network(Precision::Float32);
  const at::AutoGradMode grad_mode(true);
  const std::vector<Tensor> weights = network.standardize();
  {
    const at::NoGradGuard no_grad;
    network.store.master().add_(1);
  }
  bool refused = false;
  try {
    torch::autograd::backward(weights, network.gradients());
  } catch (const c10::Error& error) {
    refused = std::string(error.what()).find("modified by an inplace operation") != std::string::npos;
  }
  CHECK(refused);
}

}  // namespace

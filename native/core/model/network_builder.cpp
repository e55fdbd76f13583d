#include "core/model/network_builder.h"

#include <ATen/CPUGeneratorImpl.h>

#include <cmath>

#include "core/error.h"
#include "core/interrupt.h"

namespace byol {
namespace {

// Haiku's default (byol-facts 1.4): standard deviation parameter 1/sqrt(fan_in), cut at two of them, not corrected.
// By inverse transform: a uniform between Phi(-2) and Phi(2) through the normal quantile.
void truncated_normal(at::Tensor& out, double stddev, at::Generator& generator) {
  const double bound = std::erf(2.0 / std::sqrt(2.0));
  out.copy_(
      at::empty(out.sizes(), at::kDouble).uniform_(-bound, bound, generator).erfinv_().mul_(std::sqrt(2.0) * stddev));
}

void uniform(at::Tensor& out, double bound, at::Generator& generator) {
  out.copy_(at::empty(out.sizes(), at::kDouble).uniform_(-bound, bound, generator));
}

}  // namespace

size_t NetworkBuilder::add(const std::string& name, std::vector<int64_t> shape, ParameterRole role, Filler fill) {
  fillers_.push_back(std::move(fill));
  return parameters_.add(name, std::move(shape), role);
}

size_t NetworkBuilder::convolution(const std::string& name, int64_t in, int64_t out, int64_t kernel,
                                   ParameterRole role) {
  Filler fill;
  if (initialization_ == Initialization::Official) {
    const double stddev = 1.0 / std::sqrt(static_cast<double>(in * kernel * kernel));
    fill = [stddev](at::Tensor& p, at::Generator& g) { truncated_normal(p, stddev, g); };
  } else {  // torchvision: Kaiming normal, fan_out, gain of ReLU
    const double stddev = std::sqrt(2.0 / static_cast<double>(out * kernel * kernel));
    fill = [stddev](at::Tensor& p, at::Generator& g) {
      p.copy_(at::empty(p.sizes(), at::kDouble).normal_(0.0, stddev, g));
    };
  }
  return add(name, {out, in, kernel, kernel}, role, std::move(fill));
}

size_t NetworkBuilder::linear_weight(const std::string& name, int64_t in, int64_t out, ParameterRole role) {
  const double scale = 1.0 / std::sqrt(static_cast<double>(in));
  const bool official = initialization_ == Initialization::Official;
  return add(name, {out, in}, role, [=](at::Tensor& p, at::Generator& g) {
    official ? truncated_normal(p, scale, g) : uniform(p, scale, g);  // torch.nn.Linear: kaiming_uniform(a = sqrt(5))
  });
}

size_t NetworkBuilder::linear_bias(const std::string& name, int64_t in, int64_t out) {
  const double bound = 1.0 / std::sqrt(static_cast<double>(in));
  const bool official = initialization_ == Initialization::Official;
  return add(name, {out}, ParameterRole::Excluded, [=](at::Tensor& p, at::Generator& g) {
    if (official) {
      p.zero_();
    } else {
      uniform(p, bound, g);
    }
  });
}

NormSlot NetworkBuilder::norm(const std::string& name, int64_t channels, const NormLayerSpec& layer, double scale) {
  const auto constant = [](double value) { return [value](at::Tensor& p, at::Generator&) { p.fill_(value); }; };
  NormSlot slot;
  slot.name = name;
  slot.channels = channels;
  slot.kind = layer.kind;
  if (layer.kind == NormKind::Group) {
    slot.groups = layer.groups;
    // Not the next smaller divisor: that would be another network than the one that was asked for.
    if (layer.groups < 1 || channels % layer.groups != 0) {
      throw Error("ERR_BYOL_SHAPE", "Group normalisation '" + name + "' has " + std::to_string(channels) +
                                        " channels, which cannot be divided into " + std::to_string(layer.groups) +
                                        " groups of equal size.");
    }
  }
  if (layer.kind != NormKind::None) {
    slot.scale = add(name + ".weight", {channels}, ParameterRole::Excluded, constant(scale));
    slot.shift = add(name + ".bias", {channels}, ParameterRole::Excluded, constant(0.0));
  }
  if (layer.kind == NormKind::Batch) {
    slot.offset = norm_channels_;
    norm_channels_ += channels;
  } else if (layer.kind == NormKind::Affine) {
    slot.offset = affine_channels_;
    slot.affine = affine_layers_++;
    affine_channels_ += channels;
  }
  norms_.push_back(slot);
  return slot;
}

void NetworkBuilder::initialize(ParameterStore& store, uint64_t seed) const {
  at::NoGradGuard no_grad;
  at::Generator generator = at::make_generator<at::CPUGeneratorImpl>(seed);
  for (size_t i = 0; i < fillers_.size(); ++i) {
    throw_if_interrupted();
    at::Tensor parameter = store.master(i);
    at::Tensor drawn = at::empty(parameter.sizes(), at::kFloat);
    fillers_[i](drawn, generator);
    parameter.copy_(drawn);
  }
  store.refresh();
}

}  // namespace byol

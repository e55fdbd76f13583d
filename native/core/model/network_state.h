#pragma once

#include <memory>
#include <utility>

#include "core/model/forward_context.h"
#include "core/model/network_builder.h"

namespace byol {

/// One instance of the structure that a builder described: parameters, running statistics, what its affine layers wait
/// for, and forward contexts over them.
class NetworkState {
 public:
  NetworkState(NetworkBuilder& builder, const NormSpec& norm, Precision precision, at::Device device, bool trainable,
               uint64_t seed)
      : parameters(builder.parameters()),
        running(builder.norm_channels(), norm.decay, device),
        affine(builder.norms(), device),
        epsilon_(norm.epsilon) {
    parameters.allocate(device, precision, trainable);
    builder.initialize(parameters, seed);
    standardization_ = DeviceStandardization::make(parameters);
  }

  /// For the passes of one graph.
  std::shared_ptr<StandardizedWeights> standardized_weights() const {
    return std::make_shared<StandardizedWeights>(parameters, standardization_);
  }
  /// With buffers that receive this pass's batch statistics, for each of `groups` equal runs of samples its own.
  /// `weights`: those of the passes of the same graph before.
  ForwardContext training(int64_t groups = 1, std::shared_ptr<StandardizedWeights> weights = nullptr) const {
    const auto flat = [](at::IntArrayRef shape, const at::Tensor& like) {
      return BatchStatistics{at::empty(shape, like.options()), at::empty(shape, like.options())};
    };
    return {parameters,
            true,
            flat({groups, running.mean.size(0)}, running.mean),
            epsilon_,
            affine,
            affine.any_waits() ? flat({affine.channels()}, running.mean) : BatchStatistics{},
            weights ? std::move(weights) : standardized_weights(),
            convolutions};
  }
  ForwardContext inference() const {
    return {parameters, false, running.average(), epsilon_, affine, {}, standardized_weights(), convolutions};
  }
  /// From a pass in a training context.
  void initialize_affine(const ForwardContext& pass) {
    affine.initialize(parameters, pass.affine_statistics, epsilon_);
  }

  ParameterStore parameters;
  RunningStatistics running;
  AffineLayers affine;
  ConvolutionChoices* convolutions = nullptr;  // of whoever trains it

 private:
  double epsilon_;
  std::shared_ptr<const DeviceStandardization> standardization_;  // null: each weight by itself
};

}  // namespace byol

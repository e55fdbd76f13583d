#pragma once

#include "core/model/forward_context.h"
#include "core/model/network_builder.h"

namespace byol {

/// One instance of the structure that a builder described: parameters, running statistics, and forward contexts over
/// them.
class NetworkState {
 public:
  NetworkState(NetworkBuilder& builder, const NormSpec& norm, Precision precision, at::Device device, bool trainable,
               uint64_t seed)
      : parameters(builder.parameters()), running(builder.norm_channels(), norm.decay, device), epsilon_(norm.epsilon) {
    parameters.allocate(device, precision, trainable);
    builder.initialize(parameters, seed);
  }

  /// With buffers that receive this pass's batch statistics.
  ForwardContext training() const {
    return {parameters, true, {at::empty_like(running.mean), at::empty_like(running.variance)}, epsilon_};
  }
  ForwardContext inference() const { return {parameters, false, running.average(), epsilon_}; }

  ParameterStore parameters;
  RunningStatistics running;

 private:
  double epsilon_;
};

}  // namespace byol

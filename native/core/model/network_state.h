#pragma once

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
  }

  /// With buffers that receive this pass's batch statistics.
  ForwardContext training() const {
    ForwardContext context{parameters, true,   {at::empty_like(running.mean), at::empty_like(running.variance)},
                           epsilon_,   affine, {}};
    if (affine.any_waits()) {
      const at::Tensor like = at::empty({affine.channels()}, running.mean.options());
      context.affine_statistics = {like, at::empty_like(like)};
    }
    return context;
  }
  ForwardContext inference() const { return {parameters, false, running.average(), epsilon_, affine, {}}; }
  /// From a pass in a training context.
  void initialize_affine(const ForwardContext& pass) {
    affine.initialize(parameters, pass.affine_statistics, epsilon_);
  }

  ParameterStore parameters;
  RunningStatistics running;
  AffineLayers affine;

 private:
  double epsilon_;
};

}  // namespace byol

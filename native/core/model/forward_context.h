#pragma once

#include <ATen/ATen.h>

#include <optional>

#include "core/model/running_statistics.h"
#include "core/optim/parameter_store.h"

namespace byol {

/// What a forward pass needs besides its input. Encoder and heads are pure structure: with the online network's context
/// they are the online network, with the target's the target.
struct ForwardContext {
  const ParameterStore& parameters;
  bool training;               // true: batch statistics, written to `statistics`; false: `statistics` are used
  BatchStatistics statistics;  // flat, over all norms of the network
  double epsilon;

  /// act(norm(x) [+ residual]) with layer `slot`.
  at::Tensor norm(const NormSlot& slot, at::Tensor x, const std::optional<at::Tensor>& residual, bool relu) const;
};

}  // namespace byol

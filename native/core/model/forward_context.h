#pragma once

#include <ATen/ATen.h>

#include <memory>
#include <optional>

#include "core/model/affine_layers.h"
#include "core/model/norm_slot.h"
#include "core/model/running_statistics.h"
#include "core/model/standardized_weights.h"
#include "core/parameters/parameter_store.h"

namespace byol {

class ConvolutionChoices;

/// What a forward pass needs besides its input. Encoder and heads are pure structure: with the online network's context
/// they are the online network, with the target's the target.
struct ForwardContext {
  const ParameterStore& parameters;
  bool training;  // true: batch statistics, written to `statistics`; false: `statistics` are used
  /// Flat, over all batch normalisations of the network: in training [G, channels], where each of G equal runs of the
  /// batch's samples has statistics of its own; else [channels].
  BatchStatistics statistics;
  double epsilon;
  const AffineLayers& affine;
  BatchStatistics
      affine_statistics;  // in training, of the affine layers that wait for their initialisation; [channels]
  std::shared_ptr<StandardizedWeights> standardized_weights;
  ConvolutionChoices* convolutions = nullptr;  // null: all in the library's form

  /// A weight as layers compute with it, standardised if that is its role.
  const at::Tensor& weight(size_t index) const {
    return parameters.role(index) == ParameterRole::StandardizedWeight ? standardized_weights->of(index)
                                                                       : parameters[index];
  }
  /// act(norm(x) [+ residual]) with layer `slot`. Throws ERR_BYOL_VALUE in inference where the layer has no statistics
  /// yet.
  at::Tensor norm(const NormSlot& slot, at::Tensor x, const std::optional<at::Tensor>& residual, bool relu) const;

 private:
  at::Tensor batch_norm(const NormSlot& slot, const BatchStatistics& flat, at::Tensor x,
                        const std::optional<at::Tensor>& residual, bool relu) const;
};

}  // namespace byol

#pragma once

#include "core/model/convolution_choices.h"
#include "core/model/encoder_state.h"

namespace byol {

struct EncoderNetworkSpec {
  EncoderSpec encoder;
  NormSpec norm;  // what it says of projector and predictor is not used
  Precision precision = Precision::Float32;
  uint64_t seed = 0;
};

/// What is known of an encoder before it is made.
struct EncoderFacts {
  int64_t features, parameters;
  double bytes;  // of its tensors, about
};
/// Throws ERR_BYOL_SHAPE for a network that cannot be. Touches no tensor: any thread may ask.
EncoderFacts facts_of(const EncoderNetworkSpec& spec);

/// An encoder alone, to compute representations with: no heads, no target, no gradient, no optimiser. Its random
/// initialisation is that of the online encoder of a learner with the same seed.
class EncoderNetwork {
 public:
  EncoderNetwork(const EncoderNetworkSpec& spec, at::Device device);
  EncoderNetwork(const EncoderNetwork&) = delete;
  EncoderNetwork& operator=(const EncoderNetwork&) = delete;

  /// See represent().
  at::Tensor embed(const at::Tensor& images, EmbedStatistics statistics) const;
  /// From an encoder file (torchvision's names, under one prefix if need be) or the online encoder of a learner's
  /// training state. Throws ERR_BYOL_CHECKPOINT for another network's; what is refused changes nothing.
  void load_weights(const NamedTensors& tensors);
  /// What load_weights() takes. Throws ERR_BYOL_VALUE for an encoder that was never trained.
  NamedTensors encoder_state() const;

  at::ScalarType compute_dtype() const { return state_.parameters.compute_dtype(); }
  at::Device device() const { return device_; }

 private:
  void require_whole() const;

  double decay_;
  at::Device device_;
  NetworkBuilder builder_;
  Encoder encoder_;
  NetworkState state_;
  ConvolutionChoices convolutions_;  // of the training state that the weights are from
  bool whole_ = true;  // false: a load failed half-way
};

}  // namespace byol

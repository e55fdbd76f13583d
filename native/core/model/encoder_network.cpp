#include "core/model/encoder_network.h"

#include <ATen/core/grad_mode.h>

#include "core/device/device_mode.h"
#include "core/device/runtime.h"
#include "core/error.h"
#include "core/model/seed_stream.h"

namespace byol {

EncoderFacts facts_of(const EncoderNetworkSpec& spec) {
  NetworkBuilder builder(spec.encoder.initialization);
  const Encoder encoder(builder, spec.encoder, spec.norm.layers(spec.norm.encoder), kEncoderPrefix);
  const int64_t parameters = builder.parameters().numel();
  const double each = sizeof(float) + (spec.precision == Precision::BFloat16 ? 2 : 0);
  return {spec.encoder.features(), parameters, each * static_cast<double>(parameters)};
}

EncoderNetwork::EncoderNetwork(const EncoderNetworkSpec& spec, at::Device device)
    : decay_(spec.norm.decay),
      device_(use_device(device)),
      builder_(spec.encoder.initialization),
      encoder_(builder_, spec.encoder, spec.norm.layers(spec.norm.encoder), kEncoderPrefix),
      state_(builder_, spec.norm, spec.precision, device, /*trainable=*/false,
             stream_seed(spec.seed, SeedStream::Online)) {
  state_.convolutions = &convolutions_;
}

void EncoderNetwork::require_whole() const {
  if (whole_) return;
  throw Error("ERR_BYOL_NATIVE",
              "Loading this encoder's weights failed half-way, so that they are of no use. Load them again.");
}

NamedTensors EncoderNetwork::encoder_state() const {
  require_whole();
  use_device(device_);
  return encoder_tensors(state_, builder_.norms());
}

at::Tensor EncoderNetwork::embed(const at::Tensor& images, EmbedStatistics statistics) const {
  require_whole();
  use_device(device_);
  const DeviceMode mode(/*deterministic=*/false);
  return represent(encoder_, state_, images, statistics);
}

void EncoderNetwork::load_weights(const NamedTensors& tensors) {
  const at::NoGradGuard no_grad;
  StateChanges changes;
  ConvolutionChoices convolutions;
  const TensorsByName named = by_name(tensors);
  if (is_training_state(named)) {
    convolutions = ConvolutionChoices::from_state(named);
    note_online_encoder(changes, state_, builder_.norms(), named);
  } else {
    note_encoder_file(changes, {&state_}, builder_.norms(), decay_, tensors);
  }
  whole_ = false;
  changes.make();
  convolutions_ = std::move(convolutions);
  state_.parameters.refresh();
  state_.running.restage();
  state_.affine.refresh();
  whole_ = true;
}

}  // namespace byol

#pragma once

#include <string>
#include <vector>

#include "core/model/encoder.h"
#include "core/model/network_state.h"
#include "core/model/state_changes.h"

namespace byol {

/// Where the encoder's parameters and norms begin in the names of a network that has one.
constexpr const char* kEncoderPrefix = "encoder.";

/// Representations of the images, float32 [B, features]. Running: in inference mode. Batch: batch normalisation uses
/// the statistics of these images, and so do affine layers before their initialisation, which this is not; nothing is
/// kept.
at::Tensor represent(const Encoder& encoder, const NetworkState& network, const at::Tensor& images,
                     EmbedStatistics statistics);

/// Visits every tensor of a network's state under its name, as (name, view).
template <typename Network, typename Visit>
void visit_network(const std::string& prefix, Network& network, const Visit& visit) {
  for (size_t i = 0; i < network.parameters.count(); ++i) {
    visit(prefix + network.parameters.name(i), network.parameters.master(i));
  }
  for (const NormSlot& slot : network.affine.slots()) {
    visit(prefix + "initialized." + slot.name, network.affine.initialized[static_cast<int64_t>(slot.affine)]);
  }
  if (network.running.mean.numel() == 0) return;
  visit(prefix + "statistics.mean", network.running.mean);
  visit(prefix + "statistics.variance", network.running.variance);
  visit(prefix + "statistics.updates", network.running.updates);
}

// A network's own layers are `norms`; `decay` is that of its running statistics. Each of these throws
// ERR_BYOL_CHECKPOINT where the tensors are another network's.

/// The encoder's tensors with torchvision's names, float32, with the running statistics of its batch normalisations.
/// Throws ERR_BYOL_VALUE for a network that was never trained.
NamedTensors encoder_tensors(const NetworkState& network, const std::vector<NormSlot>& norms);

/// Notes what gives the encoders of these networks, of one structure, the weights of a file with torchvision's names.
void note_encoder_file(StateChanges& changes, const std::vector<NetworkState*>& networks,
                       const std::vector<NormSlot>& norms, double decay, const NamedTensors& file);

/// Whether these are the tensors of a learner's training state.
bool is_training_state(const TensorsByName& tensors);
/// Before anything else of a training state is compared: refuses a layer of its online encoder that the network lacks.
void refuse_other_layers(const NetworkState& network, const std::vector<NormSlot>& norms, const TensorsByName& state);
/// Notes what gives a network that is an encoder alone the weights of a training state's online encoder.
void note_online_encoder(StateChanges& changes, NetworkState& network, const std::vector<NormSlot>& norms,
                         const TensorsByName& state);

}  // namespace byol

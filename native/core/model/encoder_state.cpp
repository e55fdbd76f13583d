#include "core/model/encoder_state.h"

#include <ATen/core/grad_mode.h>

#include <cmath>
#include <set>

#include "core/error.h"
#include "core/model/encoder_weights.h"

namespace byol {
namespace {

// torchvision's name of a part of the encoder; empty: of something else.
std::string encoder_name(const std::string& name) {
  const std::string prefix = kEncoderPrefix;
  return name.rfind(prefix, 0) == 0 ? name.substr(prefix.size()) : "";
}

// Gammas and betas that weights with norms have and this network, of kind None, computes without.
std::set<std::string> unused_names(const std::vector<NormSlot>& norms) {
  std::set<std::string> unused;
  for (const NormSlot& norm : norms) {
    if (norm.kind != NormKind::None || encoder_name(norm.name).empty()) continue;
    unused.insert({encoder_name(norm.name) + ".weight", encoder_name(norm.name) + ".bias"});
  }
  return unused;
}

// So many that an average over them no longer leans towards its start (running_statistics.h), to the last bit of a
// double.
double updates_without_bias(double decay) {
  return decay > 0.0 && decay < 1.0 ? std::ceil(std::log(0x1p-54) / std::log(decay)) : 1.0;
}

}  // namespace

at::Tensor represent(const Encoder& encoder, const NetworkState& network, const at::Tensor& images,
                     EmbedStatistics statistics) {
  const at::NoGradGuard no_grad;
  const ForwardContext context = statistics == EmbedStatistics::Batch ? network.training() : network.inference();
  return encoder.forward(context, images);
}

NamedTensors encoder_tensors(const NetworkState& network, const std::vector<NormSlot>& norms) {
  const BatchStatistics average = network.running.average();
  const at::Tensor updates = network.running.updates.to(at::kLong);
  NamedTensors out;
  for (size_t i = 0; i < network.parameters.count(); ++i) {
    const std::string name = encoder_name(network.parameters.name(i));
    if (!name.empty()) out.emplace_back(name, network.parameters.master(i));
  }
  for (const NormSlot& norm : norms) {
    const std::string name = encoder_name(norm.name);
    if (name.empty()) continue;
    if (norm.kind == NormKind::Affine && network.affine.waits(norm)) {
      throw Error("ERR_BYOL_VALUE", "An encoder that was never trained has no scale and offset to export.");
    }
    if (norm.kind != NormKind::Batch) continue;
    if (!average.mean.defined()) {
      throw Error("ERR_BYOL_VALUE", "An encoder that was never trained has no running statistics to export.");
    }
    out.emplace_back(name + ".running_mean", average.mean.narrow(0, norm.offset, norm.channels));
    out.emplace_back(name + ".running_var", average.variance.narrow(0, norm.offset, norm.channels));
    out.emplace_back(name + ".num_batches_tracked", updates);
  }
  return out;
}

void note_encoder_file(StateChanges& changes, const std::vector<NetworkState*>& networks,
                       const std::vector<NormSlot>& norms, double decay, const NamedTensors& file) {
  std::set<std::string> parameters;
  const ParameterStore& first = networks.front()->parameters;
  for (size_t i = 0; i < first.count(); ++i) parameters.insert(encoder_name(first.name(i)));
  parameters.erase("");
  const EncoderWeights weights = find_encoder_weights(file, parameters, unused_names(norms));
  const double updates = weights.updates.value_or(updates_without_bias(decay));
  const double debias = 1.0 - std::pow(decay, updates);
  for (NetworkState* network : networks) {
    for (size_t i = 0; i < network->parameters.count(); ++i) {
      const std::string name = encoder_name(network->parameters.name(i));
      if (!name.empty()) changes.copy(name, network->parameters.master(i), weights.need(name));
    }
    bool batch = false;
    for (const NormSlot& norm : norms) {
      const std::string name = encoder_name(norm.name);
      if (name.empty()) continue;
      if (norm.kind == NormKind::Affine) {
        // Gamma and beta of a batch normalisation still have statistics to take in; others are used as they are.
        const bool initialized = weights.tensors.count(name + ".running_mean") == 0;
        changes.fill(network->affine.initialized[static_cast<int64_t>(norm.affine)], initialized ? 1 : 0);
      }
      if (norm.kind != NormKind::Batch) continue;
      batch = true;
      const auto fill = [&](const at::Tensor& flat, const std::string& statistic) {
        const at::Tensor slot = flat.narrow(0, norm.offset, norm.channels);
        changes.copy(name + statistic, slot, weights.need(name + statistic), debias);
      };
      fill(network->running.mean, ".running_mean");
      fill(network->running.variance, ".running_var");
    }
    if (batch) changes.fill(network->running.updates, updates);
  }
}

bool is_training_state(const TensorsByName& tensors) { return tensors.count("online.encoder.conv1.weight") > 0; }

void refuse_other_layers(const NetworkState& network, const std::vector<NormSlot>& norms, const TensorsByName& state) {
  const std::string online = std::string("online.") + kEncoderPrefix;
  std::set<std::string> known;
  for (size_t i = 0; i < network.parameters.count(); ++i) known.insert("online." + network.parameters.name(i));
  const std::set<std::string> unused = unused_names(norms);
  for (const auto& [name, tensor] : state) {
    if (name.rfind(online, 0) != 0 || known.count(name) || unused.count(name.substr(online.size()))) continue;
    throw Error("ERR_BYOL_CHECKPOINT", "The checkpoint has a tensor '" + name +
                                           "' that this network does not: it was made with another architecture.");
  }
}

void note_online_encoder(StateChanges& changes, NetworkState& network, const std::vector<NormSlot>& norms,
                         const TensorsByName& state) {
  refuse_other_layers(network, norms, state);
  visit_network("online.", network, [&](const std::string& name, const at::Tensor& destination) {
    at::Tensor source = need(state, name);
    // The online network's flat statistics begin with its encoder's and go on with its projector's.
    if (source.dim() == 1 && destination.dim() == 1 && name.rfind("online.statistics.", 0) == 0 &&
        source.size(0) > destination.size(0)) {
      source = source.narrow(0, 0, destination.size(0));
    }
    changes.copy(name, destination, source);
  });
}

}  // namespace byol

#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>

#include "core/io/tensor_file.h"

namespace byol {

/// The weights of a ResNet with torchvision's names, as a file of whatever program holds them.
struct EncoderWeights {
  std::map<std::string, at::Tensor> tensors;  // by torchvision's names, with what else the file has beside them
  /// Batches that the running statistics are an average over, num_batches_tracked; nothing where the file does not say.
  std::optional<double> updates;

  /// Throws ERR_BYOL_CHECKPOINT for a name that is missing.
  const at::Tensor& need(const std::string& name) const;
};

/// Finds the weights of a network with these parameters ("conv1.weight", "layer1.0.bn1.bias") among `tensors`: under
/// their own names, or all under one prefix ("module.", "backbone.", "model.encoder."). Throws ERR_BYOL_CHECKPOINT
/// where they are not there, naming what is; where several prefixes fit; where the file has a layer that the network
/// does not; and for statistics that cannot be any. Tensors outside the network (a classifier, a head) are passed over,
/// and so are those in it whose names are in `unused` (of norms that this network computes without).
EncoderWeights find_encoder_weights(const NamedTensors& tensors, const std::set<std::string>& parameters,
                                    const std::set<std::string>& unused = {});

}  // namespace byol

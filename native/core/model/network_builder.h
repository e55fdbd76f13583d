#pragma once

#include <functional>
#include <string>
#include <vector>

#include "core/model/norm_slot.h"
#include "core/parameters/parameter_store.h"

namespace byol {

/// Collects the parameters and norms of a network while its modules are built, and how each parameter is initialised.
class NetworkBuilder {
 public:
  explicit NetworkBuilder(Initialization initialization) : initialization_(initialization) {}

  size_t convolution(const std::string& name, int64_t in, int64_t out, int64_t kernel,
                     ParameterRole role = ParameterRole::Weight);
  size_t linear_weight(const std::string& name, int64_t in, int64_t out, ParameterRole role = ParameterRole::Weight);
  size_t linear_bias(const std::string& name, int64_t in, int64_t out);
  /// `scale`: the initial gamma, 1 or 0. Throws ERR_BYOL_SHAPE for groups that do not divide the channels.
  NormSlot norm(const std::string& name, int64_t channels, const NormLayerSpec& layer, double scale = 1.0);

  /// Of all batch normalisations.
  int64_t norm_channels() const { return norm_channels_; }
  const std::vector<NormSlot>& norms() const { return norms_; }
  ParameterStore& parameters() { return parameters_; }
  /// Fills an allocated store of this layout with new draws.
  void initialize(ParameterStore& store, uint64_t seed) const;

 private:
  using Filler = std::function<void(at::Tensor&, at::Generator&)>;
  size_t add(const std::string& name, std::vector<int64_t> shape, ParameterRole role, Filler fill);

  Initialization initialization_;
  ParameterStore parameters_;
  std::vector<Filler> fillers_;
  std::vector<NormSlot> norms_;
  int64_t norm_channels_ = 0, affine_channels_ = 0;
  size_t affine_layers_ = 0;
};

}  // namespace byol

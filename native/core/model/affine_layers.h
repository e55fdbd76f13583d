#pragma once

#include <ATen/ATen.h>

#include <vector>

#include "core/model/norm_slot.h"
#include "core/model/running_statistics.h"
#include "core/parameters/parameter_store.h"

namespace byol {

/// The affine layers of a network and which of them still wait for their data-dependent initialisation (arXiv
/// 2010.10241, byol-facts 5.11). Such a layer holds the gamma and beta of a batch normalisation, and computes one in
/// training passes; initialize() then folds the statistics of such a pass into them, and from there on the layer never
/// looks at a batch again.
class AffineLayers {
 public:
  /// All of them wait.
  AffineLayers(const std::vector<NormSlot>& norms, at::Device device);

  int64_t channels() const { return channels_; }
  bool any_waits() const;
  bool waits(const NormSlot& slot) const { return waits_[slot.affine]; }

  /// scale = gamma / sqrt(variance + eps), shift = beta - mean * scale, for every layer that waits. Where any of these
  /// is not finite, all of them keep what they have, for a step that is refused anyway; no value is read back.
  void initialize(ParameterStore& parameters, const BatchStatistics& statistics, double eps);

  const std::vector<NormSlot>& slots() const { return slots_; }
  /// int64 [layers], 1 where a layer is initialised: a part of the training state, by slot.affine.
  at::Tensor initialized;
  /// After `initialized` was changed.
  void refresh();

 private:
  std::vector<NormSlot> slots_;
  std::vector<bool> waits_;
  int64_t channels_ = 0;
};

}  // namespace byol

#pragma once

#include <cstdint>
#include <string>

#include "core/model/spec.h"

namespace byol {

/// One normalisation layer: what it is and where its parameters and statistics lie.
struct NormSlot {
  std::string name;  // "encoder.layer1.0.bn1"
  int64_t channels = 0;
  NormKind kind = NormKind::Batch;
  int64_t groups = 1;  // Group and Layer
  size_t scale = 0;    // parameter indices; not of None
  size_t shift = 0;
  int64_t offset = 0;  // Batch and Affine: of its channels in the flat statistics of its kind
  size_t affine = 0;   // Affine: its number among those of the network
};

}  // namespace byol

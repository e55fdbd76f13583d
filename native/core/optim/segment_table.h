#pragma once

#include <cstdint>
#include <vector>

#include "core/optim/optimizer_spec.h"
#include "core/parameters/parameter_store.h"

namespace byol {

/// Which of a step's learning rates: the heads have their own (paper Tables 21 and 22).
enum RateSlot : int { kBaseRate, kProjectorRate, kPredictorRate, kRateSlots };

/// One parameter in the flat buffers of its store, and how it is updated.
struct Segment {
  int64_t offset, size;  // elements
  RateSlot rate;
  bool decay;     // by weight decay
  bool adapt;     // by LARS
  bool mirrored;  // used in low precision
};

/// In the order of the store's entries.
std::vector<Segment> segment_table(const ParameterStore& store, const OptimizerSpec& spec);

}  // namespace byol

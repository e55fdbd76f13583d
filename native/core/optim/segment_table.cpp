#include "core/optim/segment_table.h"

namespace byol {
namespace {

RateSlot rate_of(const std::string& name) {
  if (name.rfind("projector.", 0) == 0) return kProjectorRate;
  if (name.rfind("predictor.", 0) == 0) return kPredictorRate;
  return kBaseRate;
}

}  // namespace

std::vector<Segment> segment_table(const ParameterStore& store, const OptimizerSpec& spec) {
  std::vector<Segment> table;
  for (size_t i = 0; i < store.count(); ++i) {
    const bool weight = store.role(i) != ParameterRole::Excluded;
    table.push_back({.offset = store.offset(i),
                     .size = store.numel(i),
                     .rate = rate_of(store.name(i)),
                     .decay = weight || spec.decay_norm_and_bias,
                     .adapt = weight && spec.kind == OptimizerKind::Lars,
                     .mirrored = store.mirrored(i)});
  }
  return table;
}

}  // namespace byol

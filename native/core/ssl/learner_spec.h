#pragma once

#include <cstdint>
#include <optional>

#include "core/model/spec.h"
#include "core/optim/optimizer_spec.h"
#include "core/ssl/objective_spec.h"

namespace byol {

enum class TargetInit { Independent, Copy };  // official: an independent draw
struct LearnerSpec {
  EncoderSpec encoder;
  NormSpec norm;
  HeadSpec projector;
  std::optional<HeadSpec> predictor;
  std::optional<double> optimal_predictor;  // the batch's least-squares predictor with this ridge, instead of an MLP
  ObjectiveSpec objective;
  std::optional<SupervisionSpec> supervision;
  TargetInit target_init = TargetInit::Independent;
  OptimizerSpec optimizer;
  int64_t classes = 0;  // online linear classifier; 0: none
  Precision precision = Precision::Float32;
  bool deterministic = false;  // on a device, see DeviceMode; a processor always is
  uint64_t seed = 0;
};

}  // namespace byol

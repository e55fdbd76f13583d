#pragma once

// Learners of every method, as small as they can be: what holds for a step must hold for each of them.

#include <vector>

#include "core/ssl/learner_spec.h"

namespace learner_variants {

using namespace byol;

inline LearnerSpec tiny() {
  LearnerSpec spec;
  spec.encoder.blocks = {1, 1};
  spec.encoder.width = 8;
  spec.projector = {{16}, 8, true, false};
  spec.predictor = HeadSpec{{16}, 8, true, false};
  spec.classes = 3;
  spec.optimizer.weight_decay = 1e-4;
  spec.seed = 5;
  return spec;
}

inline std::vector<LearnerSpec> variants() {
  LearnerSpec low = tiny();
  low.precision = Precision::BFloat16;
  LearnerSpec moco = tiny();
  moco.predictor.reset();
  moco.optimizer.kind = OptimizerKind::Sgd;
  moco.objective.symmetric = false;
  moco.objective.statistics_groups = 2;
  moco.objective.negatives = NegativesSpec{NegativesKind::Queue, 1.0, 0.2, 24};
  LearnerSpec grouped = low;
  grouped.objective.statistics_groups = 2;
  LearnerSpec simclr = tiny();
  simclr.predictor.reset();
  simclr.objective.target = TargetMode::Gradient;
  simclr.objective.joint_statistics = true;
  simclr.objective.negatives = NegativesSpec{NegativesKind::Batch, 1.0, 0.2};
  LearnerSpec simsiam = tiny();
  simsiam.objective.target = TargetMode::StopGradient;
  LearnerSpec affine = tiny();
  affine.norm.encoder = affine.norm.projector = affine.norm.predictor = NormKind::Affine;
  LearnerSpec standardized = low;
  standardized.norm.encoder = standardized.norm.projector = NormKind::Group;
  standardized.norm.groups = 4;
  standardized.norm.weight_standardization = true;
  LearnerSpec teacher = tiny();
  teacher.projector = {{}, 3, true, true};
  teacher.predictor.reset();
  teacher.objective.symmetric = false;
  teacher.objective.similarity = Similarity::Softmax;
  teacher.supervision = SupervisionSpec{0.1, true};
  LearnerSpec tuned = tiny();
  tuned.projector = {{}, 3, true, true};
  tuned.predictor.reset();
  tuned.objective.symmetric = false;
  tuned.objective.target = TargetMode::StopGradient;
  tuned.optimizer.kind = OptimizerKind::Sgd;
  tuned.optimizer.nesterov = true;
  tuned.supervision = SupervisionSpec{0.0, false, true};
  return {tiny(), low, moco, grouped, simclr, simsiam, affine, standardized, teacher, tuned};
}

}  // namespace learner_variants

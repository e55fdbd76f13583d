#include "core/ssl/learner_flops.h"

#include "core/ssl/learner_parts.h"
#include "core/ssl/step_passes.h"

namespace byol {

LearnerFlops learner_flops(const LearnerSpec& spec, int64_t height, int64_t width) {
  const LearnerStructure structure(spec);
  const std::vector<ConvolutionShape> convolutions = structure.encoder.convolutions(height, width);
  double shared = structure.projector.flops();
  for (const ConvolutionShape& each : convolutions) shared += each.flops();
  const double predictor = structure.predictor ? structure.predictor->flops() : 0.0;
  const double classifier = structure.classifier ? structure.classifier->flops() : 0.0;
  // Backward, each product has one for its weight and one for its input, which images do not need.
  const double shared_backward = 2 * shared - convolutions.front().flops();

  const StepPasses passes(spec);
  const auto times = [](int count, double flops) { return static_cast<double>(count) * flops; };
  const double step = times(passes.online, shared + predictor) + times(passes.target, shared) +
                      times(passes.online_backward, shared_backward) + times(passes.predictions, 2 * predictor) +
                      2 * classifier;
  return {shared + predictor, passes.target > 0 ? shared : 0.0, step};
}

}  // namespace byol

// The modified initialisation of BYOL without batch statistics (arXiv 2010.10241, byol-facts 5.11): one pass with batch
// normalisation, whose statistics become the scales and offsets that training then starts from.
#include "core/ssl/learner_parts.h"

namespace byol {

bool Learner::Impl::initialize_affine(const at::Tensor& view) {
  if (!affine_waits()) return false;
  const at::NoGradGuard no_grad;
  const auto project = [&](NetworkState& network) {
    const ForwardContext pass = network.training();
    const at::Tensor projection = projector.forward(pass, encoder.forward(pass, view));
    network.initialize_affine(pass);
    return projection;
  };
  const at::Tensor projection = project(online);
  if (predictor) {
    const ForwardContext pass = own.training();
    predictor->forward(pass, projection);
    own.initialize_affine(pass);
  }
  project(target);
  return true;
}

}  // namespace byol

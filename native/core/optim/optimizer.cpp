#include "core/optim/optimizer.h"

namespace byol {

Optimizer::Optimizer(const OptimizerSpec& spec, ParameterStore& store)
    : spec_(spec),
      store_(store),
      momentum_(at::zeros_like(store.master())),
      parameter_views_(store.adapted_views(store.master())),
      gradient_views_(store.adapted_views(store.gradient())) {}

// r = eta * |p| / |g| where both are positive, else 1; g already holds the weight decay and there is no epsilon.
void Optimizer::adapt_layerwise() {
  if (parameter_views_.empty()) return;
  const at::Tensor p = at::stack(at::_foreach_norm(parameter_views_));
  const at::Tensor g = at::stack(at::_foreach_norm(gradient_views_));
  const at::Tensor positive = at::logical_and(p.gt(0), g.gt(0));
  const at::Tensor ratio = at::where(positive, spec_.trust_coefficient * p / g, at::ones_like(p));
  at::_foreach_mul_(gradient_views_, ratio.unbind());
}

void Optimizer::step(const at::Tensor& learning_rate, const at::Tensor& alive) {
  at::NoGradGuard no_grad;
  at::Tensor& gradient = store_.gradient();
  at::Tensor& parameters = store_.master();
  if (spec_.decay_norm_and_bias) {
    gradient.add_(parameters, spec_.weight_decay);
  } else {
    store_.adapted_part(gradient).add_(store_.adapted_part(parameters), spec_.weight_decay);
  }
  if (spec_.kind == OptimizerKind::Lars) adapt_layerwise();

  // Not alive: u = 0, momentum kept, rate 0. Zeroed by masking, since 0 * NaN is NaN.
  gradient.masked_fill_(alive.logical_not(), 0.0);
  const at::Tensor one = at::ones({}, learning_rate.options());
  momentum_.mul_(at::where(alive, one * spec_.momentum, one)).add_(gradient);
  const at::Tensor rate = at::where(alive, learning_rate, at::zeros_like(learning_rate)).neg();
  if (spec_.nesterov) {
    parameters.addcmul_(gradient.add_(momentum_, spec_.momentum), rate);
  } else {
    parameters.addcmul_(momentum_, rate);
  }
  gradient.zero_();
  store_.refresh();
}

}  // namespace byol

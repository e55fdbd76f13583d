#include "core/ssl/update.h"

#include <ATen/core/grad_mode.h>

namespace byol {

Update::Update(const LearnerSpec& spec, NetworkState& online, NetworkState& own, NetworkState& target,
               TargetQueue* queue, at::Device device)
    // The target follows the updated online parameters; its statistics are not averaged (byol-facts 0.1, item 7).
    : online_optimizer(spec.optimizer, online.parameters,
                       spec.objective.target == TargetMode::Ema ? &target.parameters : nullptr),
      own_optimizer(spec.optimizer, own.parameters, nullptr),
      online_(online),
      own_(own),
      target_(target),
      queue_(queue) {
  const auto options = at::TensorOptions().device(device);
  alive = at::ones({}, options.dtype(at::kBool));
  bad_step = at::full({}, -1, options.dtype(at::kLong));
  step_ = at::zeros_like(bad_step);
}

void Update::judge(const at::Tensor& loss) { alive.logical_and_(at::isfinite(loss)); }

void Update::apply(const at::Tensor& rates, const at::Tensor& target_weight) {
  const at::NoGradGuard no_grad;
  online_optimizer.inspect(alive);
  own_optimizer.inspect(alive);
  bad_step.copy_(at::where(bad_step.lt(0).logical_and_(alive.logical_not()), step_, bad_step));
  step_.add_(1);
  online_optimizer.apply(rates, target_weight, alive);
  own_optimizer.apply(rates, target_weight, alive);
  if (queue_ != nullptr) queue_->commit(alive);
  for (NetworkState* network : {&online_, &own_, &target_}) network->running.commit(alive);
}

void Update::restart(int64_t step) {
  alive.fill_(true);
  bad_step.fill_(-1);
  step_.fill_(step);
}

}  // namespace byol

#include "core/eval/descent.h"

#include <ATen/Parallel.h>

#include <algorithm>
#include <cstdint>

#include "core/device/runtime.h"

namespace byol {
namespace {

// Parameters that are worth a thread.
constexpr int64_t kGrain = 32768;

void descend_row(float* p, float* v, const float* g, const float* rates, int64_t columns, float momentum, float decay,
                 bool nesterov) {
  // v once by momentum is v; the second time is what Nesterov looks ahead.
  const float ahead = nesterov ? momentum : 1.0F, own = nesterov ? 1.0F : 0.0F;
  for (int64_t i = 0; i < columns; ++i) {
    const float gradient = g[i] + decay * p[i];
    const float velocity = momentum * v[i] + gradient;
    v[i] = velocity;
    p[i] -= rates[i] * (own * gradient + ahead * velocity);
  }
}

void descend_in_one_pass(at::Tensor& parameters, at::Tensor& velocity, const at::Tensor& gradient,
                         const at::Tensor& rates, const Descent& descent) {
  const int64_t columns = rates.numel(), rows = parameters.numel() / columns;
  float* const p = parameters.mutable_data_ptr<float>();
  float* const v = velocity.mutable_data_ptr<float>();
  const float* const g = gradient.const_data_ptr<float>();
  const float* const r = rates.const_data_ptr<float>();
  const auto momentum = static_cast<float>(descent.momentum), decay = static_cast<float>(descent.weight_decay);
  at::parallel_for(0, rows, std::max<int64_t>(1, kGrain / columns), [&](int64_t begin, int64_t end) {
    for (int64_t row = begin; row < end; ++row) {
      const int64_t at = row * columns;
      descend_row(p + at, v + at, g + at, r, columns, momentum, decay, descent.nesterov);
    }
  });
}

}  // namespace

void descend(at::Tensor& parameters, at::Tensor& velocity, at::Tensor& gradient, const Descent& descent) {
  const at::Tensor rates = descent.rates * descent.scale;
  if (parameters.is_cpu() && device_runtime(parameters.device()) == nullptr) {
    descend_in_one_pass(parameters, velocity, gradient, rates, descent);
    return;
  }
  if (descent.weight_decay != 0.0) gradient.add_(parameters, descent.weight_decay);
  velocity.mul_(descent.momentum).add_(gradient);
  parameters.addcmul_(descent.nesterov ? gradient.add_(velocity, descent.momentum) : velocity, rates, -1.0);
}

}  // namespace byol

#include "core/ssl/target_queue.h"

#include <ATen/CPUGeneratorImpl.h>

#include <string>

#include "core/error.h"
#include "core/row_norms.h"

namespace byol {

TargetQueue::TargetQueue(int64_t size, int64_t dimension, uint64_t seed, at::Device device)
    : position(at::zeros({}, at::TensorOptions().device(device).dtype(at::kLong))) {
  at::Generator generator = at::make_generator<at::CPUGeneratorImpl>(seed);
  rows = l2_normalize(at::empty({size, dimension}, at::kFloat).normal_(0.0, 1.0, generator)).to(device);
}

void TargetQueue::check_rows(int64_t targets) const {
  if (rows.size(0) % targets == 0) return;
  throw Error("ERR_BYOL_SHAPE", "The queue's size must be a multiple of the " + std::to_string(targets) +
                                    " targets that a forward pass adds, not " + std::to_string(rows.size(0)) + ".");
}

void TargetQueue::stage(const at::Tensor& targets) { staged_.push_back(targets.detach().to(at::kFloat)); }

void TargetQueue::commit(const at::Tensor& alive) {
  at::NoGradGuard no_grad;
  for (const at::Tensor& targets : staged_) {
    const int64_t count = targets.size(0);
    const at::Tensor places = (at::arange(count, position.options()) + position).remainder_(rows.size(0));
    rows.index_copy_(0, places, at::where(alive, targets, rows.index_select(0, places)));
    position.add_(alive, count).remainder_(rows.size(0));
  }
  staged_.clear();
}

}  // namespace byol

#include "core/ssl/target_queue.h"

#include <ATen/CPUGeneratorImpl.h>

#include <string>

#include "core/error.h"
#include "core/ssl/loss.h"

namespace byol {

TargetQueue::TargetQueue(int64_t size, int64_t dimension, uint64_t seed, at::Device device)
    : position(at::zeros({}, at::kLong)) {
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
  int64_t next = position.item<int64_t>();
  for (const at::Tensor& targets : staged_) {
    at::Tensor slot = rows.narrow(0, next, targets.size(0));
    slot.copy_(at::where(alive, targets, slot));
    next = (next + targets.size(0)) % rows.size(0);
  }
  position.fill_(next);
  staged_.clear();
}

}  // namespace byol

#include "core/optim/optimizer.h"

#include <ATen/Parallel.h>
#include <ATen/core/grad_mode.h>

#include <algorithm>
#include <atomic>
#include <cmath>

#include "core/instruction_set.h"
#include "core/optim/update_arithmetic.h"

namespace byol {
namespace {

// Bounds the rounding error of float32 sums, and is the unit of work of a thread. Depends on the parameters' shapes
// only: results are the same for any number of threads.
constexpr int64_t kBlockElements = 65536;
// Below this, waking other threads costs more than it saves.
constexpr int64_t kSerialElements = 32768;

const UpdateKernels& kernels_of_this_cpu() {
#if defined(__x86_64__)
  if (instruction_set() == InstructionSet::Avx512) return kUpdateKernelsAvx512;
  if (instruction_set() == InstructionSet::Avx2) return kUpdateKernelsAvx2;
#endif
  return kUpdateKernelsBaseline;
}

template <typename T, typename Stored>
T* pointer(const at::Tensor& buffer, int64_t offset) {
  return buffer.defined() ? reinterpret_cast<T*>(buffer.data_ptr<Stored>() + offset) : nullptr;
}

}  // namespace

Optimizer::Optimizer(const OptimizerSpec& spec, ParameterStore& store, ParameterStore* target)
    : spec_(spec),
      store_(store),
      target_(target),
      momentum_(at::zeros_like(store.master())),
      segments_(segment_table(store, spec)) {
  for (size_t i = 0; i < segments_.size(); ++i) {
    for (int64_t begin = 0; begin < segments_[i].size; begin += kBlockElements) {
      blocks_.push_back({i, begin, std::min(kBlockElements, segments_[i].size - begin)});
    }
  }
  norms_.resize(blocks_.size());
  if (DeviceRuntime* const device = device_runtime(momentum_.device())) {
    device_ = std::make_unique<DeviceUpdate>(*device, spec, segments_, store, momentum_, target);
  }
}

UpdateSpan Optimizer::span_of(const Block& block) const {
  const Segment& segment = segments_[block.segment];
  const int64_t at = segment.offset + block.begin;
  const auto floats = [&](const at::Tensor& buffer) { return pointer<float, float>(buffer, at); };
  const auto halves = [&](const at::Tensor& buffer) {
    return segment.mirrored ? pointer<uint16_t, at::BFloat16>(buffer, at) : nullptr;
  };
  const bool in_mirror_only = segment.mirrored && !store_.collected();
  return {.count = block.count,
          .parameters = floats(store_.master()),
          .momentum = floats(momentum_),
          .gradient = in_mirror_only ? nullptr : floats(store_.gradient()),
          .low_gradient = halves(store_.mirror_gradient()),
          .mirror = halves(store_.mirror()),
          .target = target_ == nullptr ? nullptr : floats(target_->master()),
          .target_mirror = target_ == nullptr ? nullptr : halves(target_->mirror())};
}

template <class Work>
void Optimizer::for_each_block(const Work& work) const {
  const auto blocks = static_cast<int64_t>(blocks_.size());
  const int64_t grain = momentum_.numel() < kSerialElements ? blocks : 1;
  at::parallel_for(0, blocks, grain, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i)
      work(static_cast<size_t>(i), segments_[blocks_[static_cast<size_t>(i)].segment]);
  });
}

void Optimizer::inspect(const at::Tensor& alive) {
  const at::NoGradGuard no_grad;
  if (device_ != nullptr) {
    device_->inspect(alive);
    return;
  }
  if (!momentum_.is_cpu()) {
    store_.collect_gradient();
    alive.logical_and_(at::isfinite(store_.gradient().sum()));
    return;
  }
  static const UpdateKernels& kernels = kernels_of_this_cpu();
  std::atomic<bool> finite = true;
  for_each_block([&](size_t i, const Segment& segment) {
    const UpdateSpan span = span_of(blocks_[i]);
    norms_[i] = {};
    const float decay = segment.decay ? static_cast<float>(spec_.weight_decay) : 0.0F;
    if (!(segment.adapt ? kernels.square(span, decay, norms_[i]) : kernels.finite(span))) finite = false;
  });
  bool& flag = *alive.data_ptr<bool>();
  flag = flag && finite;
}

void Optimizer::apply(const at::Tensor& rates, const at::Tensor& target_weight, const at::Tensor& alive) {
  const at::NoGradGuard no_grad;
  if (device_ != nullptr) {
    device_->apply(rates, target_weight, alive);
    return;
  }
  if (!momentum_.is_cpu()) {
    reference_update(spec_, segments_, store_, momentum_, target_, rates, target_weight, alive);
    return;
  }
  static const UpdateKernels& kernels = kernels_of_this_cpu();
  if (!*alive.const_data_ptr<bool>()) {
    store_.clear_gradient();
    return;
  }
  std::vector<SquaredNorms> squares(segments_.size());
  for (size_t i = 0; i < blocks_.size(); ++i) {
    squares[blocks_[i].segment].parameters += norms_[i].parameters;
    squares[blocks_[i].segment].gradient += norms_[i].gradient;
  }
  const float* const rate = rates.const_data_ptr<float>();
  for_each_block([&](size_t i, const Segment& segment) {
    const SquaredNorms& sum = squares[blocks_[i].segment];
    const double ratio = segment.adapt ? arithmetic::trust_ratio(std::sqrt(sum.parameters), std::sqrt(sum.gradient),
                                                                 spec_.trust_coefficient)
                                       : 1.0;
    kernels.apply(span_of(blocks_[i]), {.rate = rate[segment.rate],
                                        .decay = segment.decay ? static_cast<float>(spec_.weight_decay) : 0.0F,
                                        .ratio = static_cast<float>(ratio),
                                        .momentum = static_cast<float>(spec_.momentum),
                                        .target_weight = *target_weight.const_data_ptr<float>(),
                                        .nesterov = spec_.nesterov});
  });
  store_.gradient_used_up();
}

void reference_update(const OptimizerSpec& spec, const std::vector<Segment>& segments, ParameterStore& store,
                      at::Tensor& momentum, ParameterStore* target, const at::Tensor& rates,
                      const at::Tensor& target_weight, const at::Tensor& alive) {
  const at::NoGradGuard no_grad;
  store.collect_gradient();
  const at::Tensor none = at::zeros({}, rates.options()), one = at::ones({}, rates.options());
  const at::Tensor kept = at::where(alive, one * spec.momentum, one);
  for (const Segment& segment : segments) {
    const auto part = [&](const at::Tensor& buffer) { return buffer.narrow(0, segment.offset, segment.size); };
    const at::Tensor p = part(store.master()), g = part(store.gradient()), m = part(momentum);
    if (segment.decay) g.add_(p, spec.weight_decay);
    if (segment.adapt) {
      const at::Tensor size = p.norm(), gradient = g.norm();
      g.mul_(at::where(size.gt(0).logical_and(gradient.gt(0)), spec.trust_coefficient * size / gradient, one));
    }
    // Zeroed by masking, since 0 * NaN is NaN.
    g.masked_fill_(alive.logical_not(), 0.0);
    m.mul_(kept).add_(g);
    p.addcmul_(spec.nesterov ? g + m * spec.momentum : m, at::where(alive, rates[segment.rate], none).neg());
    if (target != nullptr) part(target->master()).lerp_(p, at::where(alive, target_weight, none));
  }
  store.clear_gradient();
  store.refresh();
  if (target != nullptr) target->refresh();
}

}  // namespace byol

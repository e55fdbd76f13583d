#include "core/model/device_standardization.h"

#include <ATen/core/grad_mode.h>
#include <ATen/core/ivalue.h>
#include <ATen/record_function.h>
#include <torch/csrc/autograd/custom_function.h>

#include <algorithm>
#include <cstdint>
#include <string>
#include <utility>

#include "core/interrupt.h"
#include "core/model/weight_standardization.h"
#include "kernels/standardize_arguments.h"

namespace byol {
namespace {

using kernels::kMostStandardizedWeights;
using kernels::kStandardizeUnits;
using kernels::StandardizeBlock;
using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

// Kernels' arguments have at most so many bytes on all devices.
static_assert(sizeof(kernels::StandardizeBackwardArguments) <= 4096);

/// As the weight lies in memory, which kernels load 16 bytes of at once.
at::Tensor dense_like_weight(const at::Tensor& gradient) {
  const at::Tensor dense =
      gradient.dim() == 4 ? gradient.contiguous(at::MemoryFormat::ChannelsLast) : gradient.contiguous();
  constexpr std::uintptr_t kAlignment = 16;
  return reinterpret_cast<std::uintptr_t>(dense.const_data_ptr()) % kAlignment == 0 ? dense : dense.clone();
}

}  // namespace

/// What autograd keeps of it for a backward pass.
struct DeviceStandardization::Holder : torch::CustomClassHolder {
  explicit Holder(std::shared_ptr<const DeviceStandardization> held) : of(std::move(held)) {}
  std::shared_ptr<const DeviceStandardization> of;
};

/// All weights at once: the raw ones in, the standardised ones out.
struct DeviceStandardization::Function : torch::autograd::Function<DeviceStandardization::Function> {
  static variable_list forward(AutogradContext* ctx, const at::TensorList&,
                               const std::shared_ptr<const DeviceStandardization>& of) {
    Forward made = of->forward(/*kept=*/true);
    ctx->save_for_backward({of->master_, made.statistics});
    ctx->saved_data["of"] = c10::IValue::make_capsule(c10::make_intrusive<Holder>(of));
    ctx->set_materialize_grads(false);
    return std::move(made.weights);
  }

  static variable_list backward(AutogradContext* ctx, const variable_list& gradients) {
    RECORD_USER_SCOPE("byol::weight_standardization_backward");
    throw_if_interrupted();
    // Says it if the weights have changed in between.
    const at::Tensor statistics = ctx->get_saved_variables()[1];
    const auto holder = ctx->saved_data["of"].toCapsule();
    static_cast<const Holder&>(*holder).of->backward(statistics, gradients);
    return variable_list(gradients.size() + 1);
  }
};

std::shared_ptr<const DeviceStandardization> DeviceStandardization::make(const ParameterStore& store) {
  DeviceRuntime* const device = device_runtime(store.master().device());
  std::vector<size_t> indices;
  for (size_t i = 0; i < store.count(); ++i) {
    if (store.role(i) == ParameterRole::StandardizedWeight) indices.push_back(i);
  }
  if (device == nullptr || indices.empty()) return {};
  return std::shared_ptr<const DeviceStandardization>(new DeviceStandardization(*device, store, std::move(indices)));
}

DeviceStandardization::DeviceStandardization(DeviceRuntime& device, const ParameterStore& store,
                                             std::vector<size_t> indices)
    : device_(device),
      indices_(std::move(indices)),
      master_(store.master()),
      gradient_(store.gradient()),
      made_(store.master().options().dtype(store.compute_dtype())),
      begin_(store.offset(indices_.front())),
      end_(begin_) {
  std::vector<StandardizeBlock> blocks;
  for (const size_t index : indices_) {
    const at::Tensor& raw = raw_.emplace_back(store[index]);
    const int64_t units = raw.size(0), fan_in = raw.numel() / units, offset = store.offset(index);
    Weight& weight = weights_.emplace_back();
    weight = {raw.sizes().vec(), raw.strides().vec(), offset, static_cast<int64_t>(blocks.size()), 0};
    for (int64_t unit = 0; unit < units; unit += kStandardizeUnits, ++weight.blocks) {
      blocks.push_back({.offset = offset + unit * fan_in,
                        .first_unit = static_cast<int>(units_ + unit),
                        .units = static_cast<int>(std::min<int64_t>(kStandardizeUnits, units - unit)),
                        .fan_in = static_cast<int>(fan_in),
                        .weight = static_cast<int>(weights_.size()) - 1,
                        .unit_offset = unit * fan_in});
    }
    units_ += units;
    begin_ = std::min(begin_, offset);
    end_ = std::max(end_, offset + raw.numel());
  }
  const auto bytes = static_cast<int64_t>(blocks.size() * sizeof(StandardizeBlock));
  blocks_ = at::from_blob(blocks.data(), {bytes}, at::kByte).clone().to(master_.device());
}

std::vector<at::Tensor> DeviceStandardization::standardize() const {
  RECORD_USER_SCOPE("byol::weight_standardization");
  if (!at::GradMode::is_enabled() || !gradient_.defined()) return forward(/*kept=*/false).weights;
  return Function::apply(at::TensorList(raw_), shared_from_this());
}

template <class Arguments>
void DeviceStandardization::launch(const char* direction, const Arguments& arguments, int64_t blocks) const {
  const std::string name = std::string("standardize_") + direction +
                           (made_.dtype() == at::kBFloat16 ? "_bfloat16" : "_float32");
  device_.launch(name.c_str(), {.x = static_cast<unsigned>(blocks)}, arguments);
}

DeviceStandardization::Forward DeviceStandardization::forward(bool kept) const {
  const at::Tensor flat = at::empty({end_ - begin_}, made_);
  Forward result;
  if (kept) result.statistics = at::empty({2, units_}, master_.options());
  const kernels::StandardizeForwardArguments arguments{
      .blocks = static_cast<const StandardizeBlock*>(blocks_.const_data_ptr()),
      .weights = master_.const_data_ptr<float>(),
      .out = flat.data_ptr(),
      .begin = begin_,
      .statistics = kept ? result.statistics.data_ptr<float>() : nullptr,
      .units = static_cast<int>(units_),
      .eps = static_cast<float>(kStandardizationEpsilon)};
  launch("forward", arguments, blocks_.numel() / static_cast<int64_t>(sizeof(StandardizeBlock)));
  for (const Weight& weight : weights_) {
    // No views, which autograd would take as one tensor.
    at::Tensor made = at::empty({0}, made_);
    made.set_(flat.storage(), weight.offset - begin_, weight.sizes, weight.strides);
    result.weights.push_back(std::move(made));
  }
  return result;
}

void DeviceStandardization::backward(const at::Tensor& statistics, const std::vector<at::Tensor>& gradients) const {
  const auto* const blocks = static_cast<const StandardizeBlock*>(blocks_.const_data_ptr());
  const auto count = static_cast<int64_t>(weights_.size());
  for (int64_t first = 0; first < count; first += kMostStandardizedWeights) {
    const int64_t last = std::min<int64_t>(count, first + kMostStandardizedWeights) - 1;
    const Weight &begin = weights_[static_cast<size_t>(first)], &end = weights_[static_cast<size_t>(last)];
    kernels::StandardizeBackwardArguments arguments{.blocks = blocks + begin.first_block,
                                                    .first_weight = static_cast<int>(first),
                                                    .units = static_cast<int>(units_),
                                                    .weights = master_.const_data_ptr<float>(),
                                                    .statistics = statistics.const_data_ptr<float>(),
                                                    .gradient = gradient_.data_ptr<float>(),
                                                    .gradients = {}};
    std::vector<at::Tensor> held;
    for (int64_t i = first; i <= last; ++i) {
      const at::Tensor& gradient = gradients[static_cast<size_t>(i)];
      if (!gradient.defined()) continue;
      arguments.gradients[i - first] = held.emplace_back(dense_like_weight(gradient)).const_data_ptr();
    }
    launch("backward", arguments, end.first_block + end.blocks - begin.first_block);
  }
}

}  // namespace byol

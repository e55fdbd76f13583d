#include "core/optim/device_update.h"

#include <algorithm>

namespace byol {
namespace {

using kernels::kUpdateElements;
using kernels::UpdateBlock;
using kernels::UpdateSegment;
using kernels::UpdateSums;

template <class T>
at::Tensor table(const std::vector<T>& rows, at::Device device) {
  const at::Tensor bytes = at::empty({static_cast<std::int64_t>(rows.size() * sizeof(T))}, at::kByte);
  std::copy_n(reinterpret_cast<const std::uint8_t*>(rows.data()), bytes.numel(), bytes.data_ptr<std::uint8_t>());
  return bytes.to(device);
}

template <class T>
T* rows(const at::Tensor& table) {
  return static_cast<T*>(table.data_ptr());
}

void* memory(const at::Tensor& t) { return t.defined() ? t.data_ptr() : nullptr; }

}  // namespace

DeviceUpdate::DeviceUpdate(DeviceRuntime& device, const OptimizerSpec& spec, const std::vector<Segment>& segments,
                           ParameterStore& store, const at::Tensor& momentum, ParameterStore* target)
    : device_(device), spec_(spec), store_(store), momentum_(momentum), target_(target) {
  std::vector<UpdateSegment> table_of_segments;
  std::vector<UpdateBlock> table_of_blocks;
  for (const Segment& segment : segments) {
    UpdateSegment& row = table_of_segments.emplace_back();
    row = {.first_block = static_cast<int>(table_of_blocks.size()),
           .blocks = 0,
           .rate = segment.rate,
           .decay = segment.decay,
           .adapt = segment.adapt,
           .mirrored = segment.mirrored};
    for (std::int64_t begin = 0; begin < segment.size; begin += kUpdateElements, ++row.blocks) {
      const auto count = std::min<std::int64_t>(kUpdateElements, segment.size - begin);
      table_of_blocks.push_back({.offset = segment.offset + begin,
                                 .count = static_cast<int>(count),
                                 .segment = static_cast<int>(table_of_segments.size()) - 1});
    }
  }
  segment_count_ = static_cast<std::int64_t>(table_of_segments.size());
  block_count_ = static_cast<std::int64_t>(table_of_blocks.size());
  segments_ = table(table_of_segments, momentum.device());
  blocks_ = table(table_of_blocks, momentum.device());
  sums_ = at::empty({block_count_ * static_cast<std::int64_t>(sizeof(UpdateSums))}, segments_.options());
  ratios_ = at::empty({segment_count_}, momentum.options());
}

kernels::UpdateBuffers DeviceUpdate::buffers() const {
  return {.parameters = store_.master().data_ptr<float>(),
          .momentum = momentum_.data_ptr<float>(),
          .gradient = store_.gradient().data_ptr<float>(),
          .low_gradient = memory(store_.mirror_gradient()),
          .mirror = memory(store_.mirror()),
          .target = target_ == nullptr ? nullptr : target_->master().data_ptr<float>(),
          .target_mirror = target_ == nullptr ? nullptr : memory(target_->mirror()),
          .collected = store_.collected()};
}

void DeviceUpdate::inspect(const at::Tensor& alive) const {
  if (block_count_ == 0) return;
  const kernels::UpdateInspectArguments inspect{.buffers = buffers(),
                                                .segments = rows<UpdateSegment>(segments_),
                                                .blocks = rows<UpdateBlock>(blocks_),
                                                .sums = rows<UpdateSums>(sums_),
                                                .weight_decay = static_cast<float>(spec_.weight_decay)};
  device_.launch("update_inspect", {.x = static_cast<unsigned>(block_count_)}, inspect);
  const kernels::UpdateJudgeArguments judge{.segments = inspect.segments,
                                            .sums = inspect.sums,
                                            .segment_count = static_cast<int>(segment_count_),
                                            .block_count = static_cast<int>(block_count_),
                                            .trust_coefficient = spec_.trust_coefficient,
                                            .ratios = ratios_.data_ptr<float>(),
                                            .alive = alive.data_ptr<bool>()};
  device_.launch("update_judge", {.x = static_cast<unsigned>(segment_count_ + 1)}, judge);
}

void DeviceUpdate::apply(const at::Tensor& rates, const at::Tensor& target_weight, const at::Tensor& alive) const {
  if (block_count_ == 0) return;
  const kernels::UpdateApplyArguments apply{.buffers = buffers(),
                                            .segments = rows<UpdateSegment>(segments_),
                                            .blocks = rows<UpdateBlock>(blocks_),
                                            .ratios = ratios_.data_ptr<float>(),
                                            .rates = rates.const_data_ptr<float>(),
                                            .target_weight = target_weight.const_data_ptr<float>(),
                                            .alive = alive.const_data_ptr<bool>(),
                                            .weight_decay = static_cast<float>(spec_.weight_decay),
                                            .momentum = static_cast<float>(spec_.momentum),
                                            .nesterov = spec_.nesterov};
  device_.launch("update_apply", {.x = static_cast<unsigned>(block_count_)}, apply);
  store_.gradient_used_up();
}

}  // namespace byol

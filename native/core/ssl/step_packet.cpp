#include "core/ssl/step_packet.h"

#include "core/augment/plan.h"

namespace byol {

StepPacket::StepPacket(int64_t rows, int64_t views, bool supervised)
    : rows_(rows), views_(views), supervised_(supervised ? 1 : 0) {
  constexpr auto kIndex = static_cast<int64_t>(sizeof(int64_t)), kNumber = static_cast<int64_t>(sizeof(float));
  labels_ = rows * kIndex;
  scalars_ = labels_ + supervised_ * rows * kIndex;
  plans_ = scalars_ + kScalarSlots * kNumber;
  size_ = static_cast<size_t>(plans_ + views * rows * kPlanColumns * kNumber);
  memory_.reset(new std::byte[size_]);
}

std::span<float> StepPacket::plan(int64_t view) const {
  const auto numbers = static_cast<size_t>(rows_) * kPlanColumns;
  return {at<float>(plans_) + static_cast<size_t>(view) * numbers, numbers};
}

at::Tensor StepPacket::scalar_tensor() const {
  return at::from_blob(at<float>(scalars_), {kScalarSlots}, [keep = memory_](void*) {}, at::kFloat);
}

at::Tensor StepPacket::supervised_label_tensor(int64_t first, int64_t rows) const {
  return at::from_blob(at<int64_t>(labels_) + first, {rows}, [keep = memory_](void*) {}, at::kLong);
}

StepPacket::Tensors StepPacket::tensors_in(const at::Tensor& copy) const {
  const auto part = [&](int64_t begin, int64_t end, at::ScalarType type) {
    return copy.narrow(0, begin, end - begin).view(type);
  };
  Tensors out;
  out.indices = part(0, labels_, at::kLong);
  if (supervised_ == 1) out.supervised_labels = part(labels_, scalars_, at::kLong);
  out.scalars = part(scalars_, plans_, at::kFloat);
  out.plans = part(plans_, static_cast<int64_t>(size_), at::kFloat).view({views_, rows_, kPlanColumns});
  return out;
}

}  // namespace byol

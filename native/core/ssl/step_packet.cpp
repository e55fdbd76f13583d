#include "core/ssl/step_packet.h"

#include "core/augment/plan.h"

namespace byol {

namespace {

at::IntArrayRef label_shape(const int64_t (&shape)[2]) { return {shape, shape[1] == 1 ? size_t{1} : size_t{2}}; }

}  // namespace

StepPacket::StepPacket(int64_t rows, int64_t views, int64_t label_columns)
    : rows_(rows), views_(views), label_columns_(label_columns) {
  constexpr auto kIndex = static_cast<int64_t>(sizeof(int64_t)), kNumber = static_cast<int64_t>(sizeof(float));
  labels_ = rows * kIndex;
  scalars_ = labels_ + label_columns_ * rows * kIndex;
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
  return at::from_blob(at<int64_t>(labels_) + first * label_columns_, label_shape({rows, label_columns_}),
                       [keep = memory_](void*) {}, at::kLong);
}

StepPacket::Tensors StepPacket::tensors_in(const at::Tensor& copy) const {
  const auto part = [&](int64_t begin, int64_t end, at::ScalarType type) {
    return copy.narrow(0, begin, end - begin).view(type);
  };
  Tensors out;
  out.indices = part(0, labels_, at::kLong);
  if (label_columns_ > 0) {
    out.supervised_labels = part(labels_, scalars_, at::kLong).view(label_shape({rows_, label_columns_}));
  }
  out.scalars = part(scalars_, plans_, at::kFloat);
  out.plans = part(plans_, static_cast<int64_t>(size_), at::kFloat).view({views_, rows_, kPlanColumns});
  return out;
}

}  // namespace byol

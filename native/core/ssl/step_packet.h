#pragma once

#include <ATen/ATen.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>

#include "core/ssl/step_scalars.h"

namespace byol {

/// What one optimiser step is told beside its images, in one contiguous piece of memory: which of them, their plans,
/// their labels, the scalars. Filled once, where the step is asked for, and from then on never changed: what was
/// checked is what is used, and a device takes it in one copy. Copies share the memory.
class StepPacket {
 public:
  /// Touches no tensor: any thread may make one. `label_columns`: numbers that supervision is told of each row: 0
  /// without it, 1 (its class), or one for each class.
  StepPacket(int64_t rows, int64_t views, int64_t label_columns);

  int64_t rows() const { return rows_; }
  int64_t views() const { return views_; }

  /// Of each row, the number of its image.
  std::span<int64_t> indices() const { return {at<int64_t>(0), static_cast<size_t>(rows_)}; }
  /// Of each row, the label that supervision may use, -1: none; or for each class 1, where the row is of it,
  /// 0, or -1: not known. Empty without supervision.
  std::span<int64_t> supervised_labels() const {
    return {at<int64_t>(labels_), static_cast<size_t>(label_columns_ * rows_)};
  }
  /// In the order of ScalarSlot.
  std::span<float> scalars() const { return {at<float>(scalars_), kScalarSlots}; }
  /// Rows x kPlanColumns.
  std::span<float> plan(int64_t view) const;

  /// The scalars, and the labels of some rows, as tensors on the CPU: views of this memory, which they keep.
  at::Tensor scalar_tensor() const;
  at::Tensor supervised_label_tensor(int64_t first, int64_t rows) const;

  /// All of it, for one copy. It begins with the indices.
  std::span<const std::byte> bytes() const { return {memory_.get(), size_}; }
  /// The parts of such a copy, uint8 [bytes], as views of it.
  struct Tensors {
    at::Tensor indices;            // int64 [rows]
    at::Tensor supervised_labels;  // int64 [rows] or [rows, label_columns]; undefined without supervision
    at::Tensor scalars;            // float32 [kScalarSlots]
    at::Tensor plans;              // float32 [views, rows, kPlanColumns]
  };
  Tensors tensors_in(const at::Tensor& copy) const;

 private:
  template <typename T>
  T* at(int64_t offset) const {
    return reinterpret_cast<T*>(memory_.get() + offset);
  }

  int64_t rows_, views_, label_columns_;
  int64_t labels_, scalars_, plans_;  // bytes from the beginning
  size_t size_;
  std::shared_ptr<std::byte[]> memory_;
};

}  // namespace byol

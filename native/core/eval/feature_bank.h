#pragma once

#include <ATen/ATen.h>

#include <cstdint>
#include <vector>

namespace byol {

/// Frozen features with labels: float32 [N, D] and int64 [N], -1 for those without.
class FeatureBank {
 public:
  FeatureBank(int64_t count, int64_t features, at::Device device);
  int64_t size() const { return features_.size(0); }
  int64_t dimension() const { return features_.size(1); }
  /// Writes rows [offset, offset + B); `labels`: on the CPU. Waits for the device. Throws ERR_BYOL_SHAPE outside the bank, ERR_BYOL_NOT_FINITE for features that
  /// are NaN or infinite; nothing is written then.
  void write(int64_t offset, const at::Tensor& features, const at::Tensor& labels);
  const at::Tensor& features() const { return features_; }
  /// On the device since they were first asked for.
  const at::Tensor& labels() const;
  /// The same for the host, which so need not wait for the device to know them.
  const std::vector<int64_t>& host_labels() const { return host_labels_; }

 private:
  at::Tensor features_;
  std::vector<int64_t> host_labels_;
  mutable at::Tensor labels_;  // undefined: not there as they are now
};

/// Rows of the bank with a label, int64 on the bank's device. Throws ERR_BYOL_VALUE if there is none, or if a label is not
/// below `classes`.
at::Tensor labelled_rows(const FeatureBank& bank, int64_t classes);
/// Those of `rows`, which lie in the bank.
at::Tensor labelled_rows(const FeatureBank& bank, at::IntArrayRef rows, int64_t classes);

}  // namespace byol

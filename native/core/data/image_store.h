#pragma once

#include <ATen/ATen.h>

#include <cstdint>
#include <memory>
#include <vector>

namespace byol {

/// Equally sized RGB images in memory: one uint8 tensor [N, H, W, 3] and one int64 label per image (-1: no label).
class ImageStore {
 public:
  /// `pixels`: N*H*W*3 bytes, row-major NHWC, used as they are; `labels`: N values, or none for unlabelled images.
  /// Throws ERR_BYOL_SHAPE for a size below 1 or another number of labels.
  ImageStore(std::shared_ptr<uint8_t[]> pixels, int64_t count, int64_t height, int64_t width,
             const std::vector<int64_t>& labels);

  int64_t size() const { return pixels_.size(0); }
  int64_t height() const { return pixels_.size(1); }
  int64_t width() const { return pixels_.size(2); }
  const at::Tensor& pixels() const { return pixels_; }
  const at::Tensor& labels() const { return labels_; }

  /// Labels of the given images, int64 [B]. Throws ERR_BYOL_SHAPE for an index outside the store.
  at::Tensor labels_of(const std::vector<int64_t>& indices) const;

 private:
  at::Tensor pixels_;
  at::Tensor labels_;
};

}  // namespace byol

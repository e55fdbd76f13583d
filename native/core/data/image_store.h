#pragma once

#include <ATen/ATen.h>

#include <cstdint>
#include <memory>
#include <vector>

namespace byol {

/// The most pixels that a side of an image or a view may have.
constexpr int64_t kLargestSide = 1 << 14;

class DeviceImages;   // device_images.h
class DeviceRuntime;  // core/device/runtime.h

/// RGB images of any sizes in memory, one after the other, and one int64 label per image (-1: no label).
class ImageStore {
 public:
  /// `pixels`: of image i heights[i] x widths[i] x 3 bytes, row-major, used as they are; `labels`: one per image, or
  /// none for unlabelled images. Throws ERR_BYOL_SHAPE for no image, a side below 1, or lists of different lengths.
  ImageStore(std::shared_ptr<uint8_t[]> pixels, const std::vector<int64_t>& heights, const std::vector<int64_t>& widths,
             const std::vector<int64_t>& labels);

  int64_t size() const { return static_cast<int64_t>(places_.size()); }
  /// Of image `index`, in pixels. Whether there is such an image is for the caller to know, here and below.
  int64_t height(int64_t index) const { return place(index).height; }
  int64_t width(int64_t index) const { return place(index).width; }
  /// Its bytes, [height, width, 3].
  const uint8_t* pixels(int64_t index) const { return pixels_.get() + place(index).offset; }
  /// The same as a tensor, which refers to the store.
  at::Tensor image(int64_t index) const;
  const at::Tensor& labels() const { return labels_; }

  /// These images where a device's kernels find them, for batches of at most `rows` rows: made at the first use, kept as
  /// long as the store. For the thread that uses the device.
  DeviceImages& on(DeviceRuntime& runtime, at::Device device, int64_t rows) const;

  /// Labels of the given images, int64 [B]. Throws ERR_BYOL_SHAPE for an index outside the store.
  at::Tensor labels_of(at::IntArrayRef indices) const;

 private:
  struct Place {
    int64_t offset;
    int32_t height, width;
  };
  const Place& place(int64_t index) const { return places_[static_cast<size_t>(index)]; }

  std::shared_ptr<uint8_t[]> pixels_;
  std::vector<Place> places_;
  at::Tensor labels_;

  struct OnDevice {
    at::Device device;
    int64_t rows;
    std::shared_ptr<DeviceImages> images;
  };
  std::shared_ptr<std::vector<OnDevice>> on_devices_ = std::make_shared<std::vector<OnDevice>>();
};

}  // namespace byol

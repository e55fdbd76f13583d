#pragma once

#include <ATen/ATen.h>

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "core/data/image_store.h"
#include "core/device/runtime.h"
#include "kernels/augment_arguments.h"

namespace byol {

using kernels::ImagePlace;

/// A batch as kernels read it: addresses on the device. Of row i, the image at places[numbers[i]], in `pixels`.
struct DeviceBatch {
  const std::uint8_t* pixels;
  const ImagePlace* places;
  const std::int64_t* numbers;  ///< [rows]
  std::int64_t rows;
};

/// Where the kernels find the images of a batch. The addresses are the same for every batch, so a graph may hold them:
/// what changes from batch to batch is only the numbers.
///
/// For each batch, in this order: stage(), join() before the first kernel that reads it is launched, release() after
/// the last one. At most kSlots batches are between stage() and release().
class DeviceImages {
 public:
  static constexpr std::size_t kSlots = 3;  // one is written by the host, one copied, one read by the device

  virtual ~DeviceImages() = default;

  /// Makes these images of `store` available, and writes of each row the number that its image has on the device. The
  /// result is for release().
  virtual std::size_t stage(const ImageStore& store, at::IntArrayRef indices, std::span<std::int64_t> numbers) = 0;
  /// What the thread's stream is given from now on may read the batches staged so far.
  virtual void join() = 0;
  /// What the thread's stream was given so far holds all readers of that batch.
  virtual void release(std::size_t slot) = 0;

  const std::uint8_t* pixels() const { return pixels_.data_ptr<std::uint8_t>(); }
  const ImagePlace* places() const { return static_cast<const ImagePlace*>(places_.data_ptr()); }
  /// int64, on the device, by number; -1: none.
  const at::Tensor& labels() const { return labels_; }

 protected:
  at::Tensor pixels_;  // uint8
  at::Tensor places_;  // uint8, of ImagePlace
  at::Tensor labels_;
};

/// All images of a store in the device's memory: their numbers are their indices.
class ResidentImages : public DeviceImages {
 public:
  /// Copies the store, and waits for that.
  ResidentImages(at::Device device, const ImageStore& store);

  std::size_t stage(const ImageStore& store, at::IntArrayRef indices, std::span<std::int64_t> numbers) override;
  void join() override {}
  void release(std::size_t) override {}
};

/// Memory for a few batches, which take turns: one is written to and copied while the device works on those before it.
class StagedImages : public DeviceImages {
 public:
  /// `rows`, `bytes`: the most that a batch has, of images that differ and of their pixels.
  StagedImages(DeviceRuntime& runtime, at::Device device, std::int64_t rows, std::int64_t bytes);
  /// Waits for the device, which may still copy from here and read what was copied.
  ~StagedImages() override;
  StagedImages(const StagedImages&) = delete;

  std::size_t stage(const ImageStore& store, at::IntArrayRef indices, std::span<std::int64_t> numbers) override;

  /// The same for images that are made where they are copied from, as decoders do: begin() tells where each image's
  /// pixels belong, [height, width, 3], waiting until the device no longer reads what was there; end() copies them. Of
  /// image i, the number on the device is `first_number` + i.
  struct Places {
    std::size_t slot;
    std::int64_t first_number;
    std::vector<std::uint8_t*> pixels;
    std::int64_t bytes;  // of all pixels
  };
  Places begin(std::span<const std::int64_t> heights, std::span<const std::int64_t> widths);
  /// `labels`: of each image, -1: none.
  void end(const Places& places, std::span<const std::int64_t> labels);

  void join() override { runtime_.join_copies(); }
  void release(std::size_t slot) override;

 private:
  struct Slot {
    at::Tensor host;  // places, labels, pixels
    std::unique_ptr<DeviceEvent> read;
    bool released = true;
  };

  DeviceRuntime& runtime_;
  std::int64_t rows_, bytes_;
  at::Tensor label_bytes_;
  std::vector<Slot> slots_;
  std::size_t next_ = 0;
};

/// How many bytes a store takes on a device.
std::int64_t resident_bytes(const ImageStore& store);

/// Whether a store should be resident where so much memory is free. A quarter of it, no more: networks' activations
/// take the most of a device's memory, and they are made after this is decided.
bool fits_resident(const ImageStore& store, const DeviceMemory& memory);

/// The images of `store` for batches of at most `rows` rows: resident where they fit, else staged.
std::unique_ptr<DeviceImages> device_images(DeviceRuntime& runtime, at::Device device, const ImageStore& store,
                                            std::int64_t rows);

}  // namespace byol

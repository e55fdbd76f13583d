#include "core/data/image_store.h"

#include <c10/util/StringUtil.h>

#include <algorithm>
#include <iterator>
#include <utility>

#include "core/data/device_images.h"
#include "core/error.h"

namespace byol {

ImageStore::ImageStore(std::shared_ptr<uint8_t[]> pixels, const std::vector<int64_t>& heights,
                       const std::vector<int64_t>& widths, const std::vector<int64_t>& labels)
    : pixels_(std::move(pixels)) {
  const int64_t count = std::ssize(heights);
  if (count < 1 || std::ssize(widths) != count || (!labels.empty() && std::ssize(labels) != count)) {
    throw Error("ERR_BYOL_SHAPE",
                c10::str("an image store needs a height, a width and a label (or none at all) of each ",
                         "of at least one image, not ", count, ", ", widths.size(), " and ", labels.size(), "."));
  }
  places_.reserve(heights.size());
  int64_t offset = 0;
  for (size_t i = 0; i < heights.size(); ++i) {
    if (heights[i] < 1 || widths[i] < 1) {
      throw Error("ERR_BYOL_SHAPE",
                  c10::str("image ", i, " needs sides of at least 1 pixel, not ", heights[i], " x ", widths[i], "."));
    }
    places_.push_back({offset, static_cast<int32_t>(heights[i]), static_cast<int32_t>(widths[i])});
    offset += heights[i] * widths[i] * 3;
  }
  labels_ = labels.empty() ? at::full({count}, -1, at::kLong) : at::tensor(labels, at::kLong);
}

at::Tensor ImageStore::image(int64_t index) const {
  const auto [offset, height, width] = place(index);
  return at::from_blob(pixels_.get() + offset, {height, width, 3}, [keep = pixels_](void*) {}, at::kByte);
}

DeviceImages& ImageStore::on(DeviceRuntime& runtime, at::Device device, int64_t rows) const {
  const auto found = std::ranges::find(*on_devices_, device, &OnDevice::device);
  if (found != on_devices_->end()) {
    if (found->rows >= rows) return *found->images;
    runtime.synchronize();  // which may still copy from there
    on_devices_->erase(found);
  }
  on_devices_->push_back({device, rows, device_images(runtime, device, *this, rows)});
  return *on_devices_->back().images;
}

at::Tensor ImageStore::labels_of(at::IntArrayRef indices) const {
  at::Tensor result = at::empty({static_cast<int64_t>(indices.size())}, at::kLong);
  const auto* from = labels_.data_ptr<int64_t>();
  auto* to = result.data_ptr<int64_t>();
  for (const int64_t index : indices) {
    if (index < 0 || index >= size()) {
      throw Error("ERR_BYOL_SHAPE", c10::str("there is no image ", index, " in a store of ", size(), "."));
    }
    *to++ = from[index];
  }
  return result;
}

}  // namespace byol

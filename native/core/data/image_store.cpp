#include "core/data/image_store.h"

#include <c10/util/StringUtil.h>

#include <iterator>
#include <utility>

#include "core/error.h"

namespace byol {

ImageStore::ImageStore(std::shared_ptr<uint8_t[]> pixels, int64_t count, int64_t height, int64_t width,
                       const std::vector<int64_t>& labels) {
  if (count < 1 || height < 1 || width < 1) {
    throw Error("ERR_BYOL_SHAPE", c10::str("an image store needs at least one image of at least one pixel, not ", count,
                                           " of ", height, " x ", width, "."));
  }
  if (!labels.empty() && std::ssize(labels) != count) {
    throw Error("ERR_BYOL_SHAPE", c10::str(labels.size(), " labels are not one for each of ", count, " images."));
  }
  void* const data = pixels.get();
  pixels_ = at::from_blob(data, {count, height, width, 3}, [pixels = std::move(pixels)](void*) {}, at::kByte);
  labels_ = labels.empty() ? at::full({count}, -1, at::kLong) : at::tensor(labels, at::kLong);
}

at::Tensor ImageStore::labels_of(const std::vector<int64_t>& indices) const {
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

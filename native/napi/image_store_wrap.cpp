#include "napi/image_store_wrap.h"

#include <algorithm>

#include "napi/convert.h"

namespace byol::napi {
namespace {

constexpr int64_t kMostPixels = 1 << 14;  // of a side

void require_size(int64_t bytes, int64_t count, int64_t height, int64_t width) {
  if (bytes == count * height * width * 3) return;
  throw Error("ERR_BYOL_SHAPE", "pixels must have " + std::to_string(count) + " x " + std::to_string(height) + " x " +
                                    std::to_string(width) + " x 3 bytes, got " + std::to_string(bytes) + ".");
}

std::vector<int64_t> read_labels(const Napi::Value& value, int64_t count) {
  std::vector<int64_t> labels = to_int32s(value, "labels");
  if (static_cast<int64_t>(labels.size()) != count) {
    throw Error("ERR_BYOL_SHAPE", "labels must have one number for each of the " + std::to_string(count) +
                                      " images, got " + std::to_string(labels.size()) + ".");
  }
  const auto bad = std::find_if(labels.begin(), labels.end(), [](int64_t label) { return label < -1; });
  if (bad != labels.end()) {
    throw Error("ERR_BYOL_VALUE", "labels[" + std::to_string(bad - labels.begin()) +
                                      "] must be a class, or -1 for none, got " + std::to_string(*bad) + ".");
  }
  return labels;
}

}  // namespace

Napi::Function ImageStoreWrap::define(Napi::Env env) {
  return define_class(
      env,
      {InstanceAccessor<&ImageStoreWrap::size>("size"), InstanceAccessor<&ImageStoreWrap::height>("height"),
       InstanceAccessor<&ImageStoreWrap::width>("width"), InstanceAccessor<&ImageStoreWrap::labelled>("labelled")});
}

ImageStoreWrap::ImageStoreWrap(const Napi::CallbackInfo& call) : Wrap(call) {
  guard(call.Env(), [&] {
    const Napi::Uint8Array pixels = to_bytes(call[0], "pixels");
    size_ = to_integer(call[1], "count", 1, kLargestIndex);
    height_ = to_integer(call[2], "height", 1, kMostPixels);
    width_ = to_integer(call[3], "width", 1, kMostPixels);
    const auto bytes = static_cast<int64_t>(pixels.ElementLength());
    require_size(bytes, size_, height_, width_);
    labelled_ = !call[4].IsNull();
    std::vector<int64_t> labels;
    if (labelled_) {
      labels = read_labels(call[4], size_);
      largest_label_ = *std::max_element(labels.begin(), labels.end());
    }
    // Copied here and now, because the bytes are JavaScript's, and into plain memory: an operation of LibTorch on this
    // thread could start a second team of OpenMP threads, which would live as long as the process.
    std::shared_ptr<uint8_t[]> copy(new uint8_t[pixels.ElementLength()]);
    std::copy_n(pixels.Data(), pixels.ElementLength(), copy.get());
    make(call, at::kCPU, static_cast<double>(bytes) + sizeof(int64_t) * static_cast<double>(size_),
         [count = size_, height = height_, width = width_, copy = std::move(copy), labels = std::move(labels)] {
           return std::make_shared<ImageStore>(copy, count, height, width, labels);
         });
  });
}

void ImageStoreWrap::require_labels_below(const Napi::Value& store, const std::string& path, int64_t classes) {
  const int64_t largest = self(store, path).largest_label_;
  if (largest < classes) return;
  throw Error("ERR_BYOL_VALUE", path + " has labels up to " + std::to_string(largest) +
                                    ", but the learner was made for " + std::to_string(classes) + " classes.");
}

}  // namespace byol::napi

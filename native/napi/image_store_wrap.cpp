#include "napi/image_store_wrap.h"

#include <algorithm>

#include "napi/arena.h"
#include "napi/convert.h"

namespace byol::napi {
namespace {

std::vector<int64_t> read_sides(const Napi::Value& value, const std::string& path) {
  std::vector<int64_t> sides = to_int32s(value, path);
  const auto bad =
      std::find_if(sides.begin(), sides.end(), [](int64_t side) { return side < 1 || side > kLargestSide; });
  if (bad != sides.end()) {
    throw Error("ERR_BYOL_VALUE", path + "[" + std::to_string(bad - sides.begin()) +
                                      "] must be a whole number of pixels from 1 to " + std::to_string(kLargestSide) +
                                      ", got " + std::to_string(*bad) + ".");
  }
  return sides;
}

void require_sizes(int64_t bytes, const std::vector<int64_t>& heights, const std::vector<int64_t>& widths) {
  if (widths.size() != heights.size()) {
    throw Error("ERR_BYOL_SHAPE", "widths must have one number for each of the " + std::to_string(heights.size()) +
                                      " heights, got " + std::to_string(widths.size()) + ".");
  }
  int64_t needed = 0;
  for (size_t i = 0; i < heights.size(); ++i) needed += heights[i] * widths[i] * 3;
  if (bytes == needed) return;
  throw Error("ERR_BYOL_SHAPE", "pixels must have the " + std::to_string(needed) + " bytes of " +
                                    std::to_string(heights.size()) + " RGB images of these sizes, got " +
                                    std::to_string(bytes) + ".");
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

// Here and now, because the bytes are JavaScript's, and into plain memory: an operation of LibTorch on this thread could
// start a second team of OpenMP threads, which would live as long as the process.
std::shared_ptr<uint8_t[]> copy_of(const Napi::Uint8Array& pixels) {
  std::shared_ptr<uint8_t[]> copy(new uint8_t[pixels.ElementLength()]);
  std::copy_n(pixels.Data(), pixels.ElementLength(), copy.get());
  return copy;
}

}  // namespace

Napi::Function ImageStoreWrap::define(Napi::Env env) {
  return define_class(
      env, {InstanceAccessor<&ImageStoreWrap::size>("size"), InstanceAccessor<&ImageStoreWrap::labelled>("labelled"),
            StaticMethod<&ImageStoreWrap::adopt>("adopt")});
}

Napi::Value ImageStoreWrap::adopt(const Napi::CallbackInfo& call) {
  return guard(call.Env(), [&]() -> Napi::Value {
    if (!call.This().IsFunction()) refuse(call.This(), "this", "the class ImageStore");
    // No value of JavaScript's is an external one: only from here the constructor gets it.
    const auto taking_over = Napi::External<void>::New(call.Env(), nullptr);
    return call.This().As<Napi::Function>().New({call[0], call[1], call[2], call[3], taking_over});
  });
}

ImageStoreWrap::ImageStoreWrap(const Napi::CallbackInfo& call) : Wrap(call) {
  guard(call.Env(), [&] {
    const Napi::Uint8Array pixels = to_bytes(call[0], "pixels");
    std::vector<int64_t> heights = read_sides(call[1], "heights"), widths = read_sides(call[2], "widths");
    if (heights.empty()) refuse(call[1], "heights", "at least one number");
    const auto bytes = static_cast<int64_t>(pixels.ElementLength());
    require_sizes(bytes, heights, widths);
    size_ = static_cast<int64_t>(heights.size());
    labelled_ = !call[3].IsNull();
    std::vector<int64_t> labels;
    if (labelled_) {
      labels = read_labels(call[3], size_);
      largest_label_ = *std::max_element(labels.begin(), labels.end());
    }
    const bool adopted = call[4].IsExternal();
    std::shared_ptr<uint8_t[]> own = adopted ? take_arena(pixels, "pixels") : copy_of(pixels);
    // An image's place, and its label.
    constexpr double kBytesPerImage = 3 * sizeof(int64_t);
    // V8 hears nothing of what is taken over for one step and let go of after it: it would mark its heap again and again.
    const double told = adopted ? 0.0 : static_cast<double>(bytes);
    make(call, at::kCPU, told + kBytesPerImage * static_cast<double>(size_),
         [heights = std::move(heights), widths = std::move(widths), own = std::move(own),
          labels = std::move(labels)] { return std::make_shared<ImageStore>(own, heights, widths, labels); });
  });
}

void ImageStoreWrap::require_labels_below(const Napi::Value& store, const std::string& path, int64_t classes) {
  const int64_t largest = self(store, path).largest_label_;
  if (largest < classes) return;
  throw Error("ERR_BYOL_VALUE", path + " has labels up to " + std::to_string(largest) +
                                    ", but the learner was made for " + std::to_string(classes) + " classes.");
}

}  // namespace byol::napi

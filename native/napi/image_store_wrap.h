#pragma once

#include "core/data/image_store.h"
#include "napi/wrap.h"

namespace byol::napi {

class ImageStoreWrap : public Wrap<ImageStoreWrap, ImageStore> {
 public:
  static constexpr const char* kName = "ImageStore";
  static constexpr napi_type_tag kTag = {0x5161a80ac9a7259cULL, 0x6f245b12af6392faULL};

  static Napi::Function define(Napi::Env env);
  /// ImageStore(pixels, heights, widths, labels)
  explicit ImageStoreWrap(const Napi::CallbackInfo& call);
  /// The same, with the pixels taken over.
  static Napi::Value adopt(const Napi::CallbackInfo& call);

  /// Throws ERR_BYOL_VALUE where an image has a label that is not below `classes`: no kernel would check it.
  static void require_labels_below(const Napi::Value& store, const std::string& path, int64_t classes);

 private:
  Napi::Value size(const Napi::CallbackInfo& call) { return fact(call, &ImageStoreWrap::size_); }
  Napi::Value labelled(const Napi::CallbackInfo& call) { return fact(call, &ImageStoreWrap::labelled_); }

  int64_t size_ = 0;
  bool labelled_ = false;
  int64_t largest_label_ = -1;
};

}  // namespace byol::napi

#pragma once

#include "core/data/image_store.h"
#include "napi/handle.h"

namespace byol::napi {

class ImageStoreWrap : public Napi::ObjectWrap<ImageStoreWrap> {
 public:
  static Napi::Function define(Napi::Env env);
  explicit ImageStoreWrap(const Napi::CallbackInfo& call);
  static std::shared_ptr<ImageStore> get(const Napi::Value& value);

 private:
  Napi::Value size(const Napi::CallbackInfo& call);
  Napi::Value height(const Napi::CallbackInfo& call);
  Napi::Value width(const Napi::CallbackInfo& call);
  Napi::Value labelled(const Napi::CallbackInfo& call);
  void dispose(const Napi::CallbackInfo&) { images_.release(); }

  Handle<ImageStore> images_;
  bool labelled_ = false;
};

}  // namespace byol::napi

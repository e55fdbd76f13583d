#include "napi/image_store_wrap.h"

#include "napi/convert.h"

namespace byol::napi {

Napi::Function ImageStoreWrap::define(Napi::Env env) {
  return DefineClass(
      env, "ImageStore",
      {InstanceAccessor<&ImageStoreWrap::size>("size"), InstanceAccessor<&ImageStoreWrap::height>("height"),
       InstanceAccessor<&ImageStoreWrap::width>("width"), InstanceAccessor<&ImageStoreWrap::labelled>("labelled"),
       InstanceMethod<&ImageStoreWrap::dispose>("dispose")});
}

ImageStoreWrap::ImageStoreWrap(const Napi::CallbackInfo& call)
    : Napi::ObjectWrap<ImageStoreWrap>(call),
      images_("ImageStore", guard(call.Env(), [&] { return thread_of(call.Env()); })) {
  guard(call.Env(), [&] {
    const auto whole = [&](size_t i, const char* name) {
      const double v = call[i].IsNumber() ? call[i].As<Napi::Number>().DoubleValue() : -1;
      if (!(v >= 1 && v <= 9e15 && v == std::floor(v))) {
        throw Error("ERR_BYOL_VALUE", std::string(name) + " must be a whole number of at least 1.");
      }
      return static_cast<int64_t>(v);
    };
    if (!call[0].IsTypedArray() || call[0].As<Napi::TypedArray>().TypedArrayType() != napi_uint8_array) {
      throw Error("ERR_BYOL_VALUE", "pixels must be a Uint8Array.");
    }
    const auto pixels = call[0].As<Napi::Uint8Array>();
    const int64_t count = whole(1, "count"), height = whole(2, "height"), width = whole(3, "width");
    // Divided rather than multiplied, so that absurd sizes cannot overflow.
    const auto bytes = static_cast<int64_t>(pixels.ElementLength());
    if (height > 1 << 20 || width > 1 << 20 || bytes % (height * width * 3) != 0 ||
        bytes / (height * width * 3) != count) {
      throw Error("ERR_BYOL_SHAPE", std::to_string(count) + " images of " + std::to_string(height) + " x " +
                                        std::to_string(width) + " x 3 do not have " + std::to_string(bytes) +
                                        " bytes.");
    }
    std::vector<int64_t> labels;
    if (!call[4].IsNull()) {
      labels = to_indices(call[4], "labels");
      if (static_cast<int64_t>(labels.size()) != count) {
        throw Error("ERR_BYOL_SHAPE",
                    std::to_string(labels.size()) + " labels for " + std::to_string(count) + " images.");
      }
      labelled_ = true;
    }
    images_.build([&] {
      return std::make_shared<ImageStore>(pixels.Data(), count, height, width, labelled_ ? labels.data() : nullptr);
    });
  });
}

std::shared_ptr<ImageStore> ImageStoreWrap::get(const Napi::Value& value) {
  return unwrap<ImageStoreWrap>(value, Environment::of(value.Env()).image_store, "An ImageStore").images_.get();
}

Napi::Value ImageStoreWrap::size(const Napi::CallbackInfo& call) {
  return guard(call.Env(), [&] { return Napi::Number::New(call.Env(), static_cast<double>(images_.get()->size())); });
}
Napi::Value ImageStoreWrap::height(const Napi::CallbackInfo& call) {
  return guard(call.Env(), [&] { return Napi::Number::New(call.Env(), static_cast<double>(images_.get()->height())); });
}
Napi::Value ImageStoreWrap::width(const Napi::CallbackInfo& call) {
  return guard(call.Env(), [&] { return Napi::Number::New(call.Env(), static_cast<double>(images_.get()->width())); });
}
Napi::Value ImageStoreWrap::labelled(const Napi::CallbackInfo& call) {
  return Napi::Boolean::New(call.Env(), labelled_);
}

}  // namespace byol::napi

#include "napi/metadata.h"

#include "napi/convert.h"

namespace byol::napi {
namespace {

Napi::Array own_names(const Napi::Object& object) {
  napi_value names = nullptr;
  const auto filter = static_cast<napi_key_filter>(napi_key_enumerable | napi_key_skip_symbols);
  if (napi_get_all_property_names(object.Env(), object, napi_key_own_only, filter, napi_key_numbers_to_strings,
                                  &names) != napi_ok) {
    throw Napi::Error::New(object.Env());
  }
  return Napi::Array(object.Env(), names);
}

}  // namespace

Metadata to_metadata(const Napi::Value& value, const std::string& path) {
  if (!value.IsObject() || value.IsArray()) refuse(value, path, "an object of strings");
  const auto object = value.As<Napi::Object>();
  const Napi::Array names = own_names(object);
  Metadata out;
  for (uint32_t i = 0; i < names.Length(); ++i) {
    const Napi::Value name = names.Get(i);
    const std::string key = name.As<Napi::String>();
    out[key] = to_text(object.Get(name), path + "." + key);
  }
  return out;
}

Napi::Value from_metadata(Napi::Env env, const Metadata& metadata) {
  Napi::Object out = Napi::Object::New(env);
  // Defined rather than set: a file's "__proto__" is a name like any other.
  for (const auto& [name, text] : metadata) {
    out.DefineProperty(Napi::PropertyDescriptor::Value(name, Napi::String::New(env, text), napi_default_jsproperty));
  }
  return out;
}

}  // namespace byol::napi

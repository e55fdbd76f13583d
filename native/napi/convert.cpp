#include "napi/convert.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstring>

#include "core/error.h"

namespace byol::napi {
namespace {

constexpr size_t kShownCharacters = 60;

std::string show(double number) {
  char text[32];
  const auto end = std::to_chars(text, text + sizeof text, number).ptr;
  return {text, end};
}

// What was given, without running any of its own code.
std::string show(const Napi::Value& value) {
  switch (value.Type()) {
    case napi_undefined:
      return "undefined";
    case napi_null:
      return "null";
    case napi_boolean:
      return value.As<Napi::Boolean>() ? "true" : "false";
    case napi_number:
      return show(value.As<Napi::Number>().DoubleValue());
    case napi_string: {
      const std::string text = value.As<Napi::String>();
      if (text.size() <= kShownCharacters) return "'" + text + "'";
      return "a string of " + std::to_string(text.size()) + " bytes";
    }
    case napi_function:
      return "a function";
    case napi_symbol:
      return "a symbol";
    case napi_bigint:
      return "a bigint";
    default:
      if (value.IsArray()) return "an array of " + std::to_string(value.As<Napi::Array>().Length());
      if (value.IsTypedArray()) {
        return "a typed array of " + std::to_string(value.As<Napi::TypedArray>().ElementLength());
      }
      return "an object";
  }
}

bool is_typed(const Napi::Value& value, napi_typedarray_type type) {
  return value.IsTypedArray() && value.As<Napi::TypedArray>().TypedArrayType() == type;
}

std::string count_text(size_t least, size_t most) {
  if (least == most) return std::to_string(least);
  return std::to_string(least) + " to " + std::to_string(most);
}

}  // namespace

bool Range::has(double value) const {
  return std::isfinite(value) && (without_least ? value > least : value >= least) &&
         (without_most ? value < most : value <= most);
}

std::string Range::text() const {
  if (std::isinf(least)) return "a finite number";
  if (std::isinf(most))
    return "a finite number " + std::string(without_least ? "above " : "of at least ") + show(least);
  return "a number from " + show(least) + " to " + (without_most ? "below " : "") + show(most);
}

void refuse(const Napi::Value& value, const std::string& path, const std::string& expected) {
  throw Error("ERR_BYOL_VALUE", path + " must be " + expected + ", got " + show(value) + ".");
}

double to_number(const Napi::Value& value, const std::string& path, const Range& range) {
  const double number = value.IsNumber() ? value.As<Napi::Number>().DoubleValue() : std::nan("");
  if (!range.has(number)) refuse(value, path, range.text());
  return number;
}

int64_t to_integer(const Napi::Value& value, const std::string& path, int64_t least, int64_t most) {
  const double number = value.IsNumber() ? value.As<Napi::Number>().DoubleValue() : std::nan("");
  if (!(number >= static_cast<double>(least) && number <= static_cast<double>(most) && number == std::floor(number))) {
    refuse(value, path, "a whole number from " + std::to_string(least) + " to " + std::to_string(most));
  }
  return static_cast<int64_t>(number);
}

std::string to_text(const Napi::Value& value, const std::string& path) {
  if (!value.IsString()) refuse(value, path, "a string");
  return value.As<Napi::String>();
}

std::string to_path(const Napi::Value& value, const std::string& path) {
  if (!value.IsString()) refuse(value, path, "a file's path");
  std::string text = value.As<Napi::String>();
  if (text.empty() || text.find('\0') != std::string::npos) refuse(value, path, "a file's path");
  return text;
}

std::vector<int64_t> to_int32s(const Napi::Value& value, const std::string& path) {
  if (!is_typed(value, napi_int32_array)) refuse(value, path, "an Int32Array");
  const auto array = value.As<Napi::Int32Array>();
  return {array.Data(), array.Data() + array.ElementLength()};
}

Napi::Uint8Array to_bytes(const Napi::Value& value, const std::string& path) {
  if (!is_typed(value, napi_uint8_array)) refuse(value, path, "a Uint8Array");
  return value.As<Napi::Uint8Array>();
}

std::vector<float> to_floats(const Napi::Value& value, const std::string& path, size_t rows, size_t columns) {
  if (!is_typed(value, napi_float32_array)) refuse(value, path, "a Float32Array");
  const auto array = value.As<Napi::Float32Array>();
  if (array.ElementLength() != rows * columns) {
    throw Error("ERR_BYOL_SHAPE", path + " must have " + std::to_string(rows) + " rows of " + std::to_string(columns) +
                                      " numbers, got " + std::to_string(array.ElementLength()) + " numbers.");
  }
  return {array.Data(), array.Data() + array.ElementLength()};
}

Napi::Float32Array from_floats(Napi::Env env, const std::vector<float>& values) {
  Napi::Float32Array out = Napi::Float32Array::New(env, values.size());
  if (!values.empty()) std::memcpy(out.Data(), values.data(), values.size() * sizeof(float));
  return out;
}

Fields::Fields(const Napi::Value& value, std::string path) : path_(std::move(path)) {
  if (!value.IsObject()) refuse(value, path_, "an object");
  object_ = value.As<Napi::Object>();
}

bool Fields::boolean(const char* name) const {
  const Napi::Value v = value(name);
  if (!v.IsBoolean()) refuse(v, path_of(name), "true or false");
  return v.As<Napi::Boolean>();
}

std::vector<Napi::Value> Fields::items(const char* name, const std::string& expected, size_t least_count,
                                       size_t most_count) const {
  const Napi::Value v = value(name);
  const size_t count = v.IsArray() ? v.As<Napi::Array>().Length() : 0;
  if (!v.IsArray() || count < least_count || count > most_count) refuse(v, path_of(name), expected);
  std::vector<Napi::Value> out;
  for (uint32_t i = 0; i < count; ++i) out.push_back(v.As<Napi::Array>().Get(i));
  return out;
}

std::vector<double> Fields::numbers(const char* name, size_t least_count, size_t most_count, const Range& range) const {
  std::vector<double> out;
  for (const Napi::Value& item :
       items(name, "an array of " + count_text(least_count, most_count) + " numbers", least_count, most_count)) {
    out.push_back(to_number(item, path_of(name) + "[" + std::to_string(out.size()) + "]", range));
  }
  return out;
}

std::vector<int64_t> Fields::integers(const char* name, size_t least_count, size_t most_count, int64_t least,
                                      int64_t most) const {
  std::vector<int64_t> out;
  for (const Napi::Value& item :
       items(name, "an array of " + count_text(least_count, most_count) + " whole numbers", least_count, most_count)) {
    out.push_back(to_integer(item, path_of(name) + "[" + std::to_string(out.size()) + "]", least, most));
  }
  return out;
}

std::vector<int64_t> Fields::indices(const char* name) const {
  const Napi::Value v = value(name);
  std::vector<int64_t> out = to_int32s(v, path_of(name));
  if (out.empty()) refuse(v, path_of(name), "at least one index");
  return out;
}

std::vector<Napi::Value> Fields::list(const char* name) const {
  return items(name, "an array", 0, std::numeric_limits<uint32_t>::max());
}

}  // namespace byol::napi

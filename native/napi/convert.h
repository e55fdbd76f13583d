#pragma once

#include <algorithm>
#include <cstdint>
#include <limits>
#include <string>
#include <utility>
#include <vector>

#include "napi/setup.h"

namespace byol::napi {

// Readers of JavaScript values: what is not as expected is ERR_BYOL_VALUE, naming the value by its path ("step.tau").

/// The numbers that are allowed, both ends included unless said otherwise.
struct Range {
  double least = -std::numeric_limits<double>::infinity();
  double most = std::numeric_limits<double>::infinity();
  bool without_least = false, without_most = false;

  static Range at_least(double least) { return {.least = least}; }
  static Range above(double least) { return {.least = least, .without_least = true}; }
  static Range between(double least, double most) { return {.least = least, .most = most}; }
  static Range up_to_below(double least, double most) { return {.least = least, .most = most, .without_most = true}; }

  bool has(double value) const;
  std::string text() const;
};

constexpr int64_t kLargestInteger = (int64_t{1} << 53) - 1;
/// Images, rows and classes are numbered by int32.
constexpr int64_t kLargestIndex = std::numeric_limits<int32_t>::max();

[[noreturn]] void refuse(const Napi::Value& value, const std::string& path, const std::string& expected);

/// Finite and within the range.
double to_number(const Napi::Value& value, const std::string& path, const Range& range = {});
int64_t to_integer(const Napi::Value& value, const std::string& path, int64_t least, int64_t most);
std::string to_text(const Napi::Value& value, const std::string& path);
/// A file's path: not empty, without zero bytes.
std::string to_path(const Napi::Value& value, const std::string& path);
/// A copy of an Int32Array.
std::vector<int64_t> to_int32s(const Napi::Value& value, const std::string& path);
/// Not a copy: valid until any JavaScript runs.
Napi::Uint8Array to_bytes(const Napi::Value& value, const std::string& path);
/// A copy of a Float32Array [rows, columns]; ERR_BYOL_SHAPE for another length.
std::vector<float> to_floats(const Napi::Value& value, const std::string& path, size_t rows, size_t columns);
/// A copy of float32 values.
Napi::Float32Array from_floats(Napi::Env env, const std::vector<float>& values);

/// One of the given words.
template <typename Enum, size_t N>
Enum to_choice(const Napi::Value& word, const std::string& path, const std::pair<const char*, Enum> (&choices)[N]) {
  std::string expected;
  for (const auto& [key, meaning] : choices) {
    if (word.IsString() && word.As<Napi::String>().Utf8Value() == key) return meaning;
    expected += (expected.empty() ? "'" : ", '") + std::string(key) + "'";
  }
  refuse(word, path, "one of " + expected);
}

/// The word of a meaning that the table has.
template <typename Enum, size_t N>
const char* word_of(Enum meaning, const std::pair<const char*, Enum> (&choices)[N]) {
  return std::find_if(choices, choices + N, [&](const auto& each) { return each.second == meaning; })->first;
}

/// The properties of a plain object.
class Fields {
 public:
  Fields(const Napi::Value& value, std::string path);

  const std::string& path() const { return path_; }
  std::string path_of(const std::string& name) const { return path_ + "." + name; }
  Napi::Value value(const char* name) const { return object_.Get(name); }

  bool is_null(const char* name) const { return value(name).IsNull(); }
  bool is_given(const char* name) const { return !value(name).IsUndefined(); }
  Fields object(const char* name) const { return Fields(value(name), path_of(name)); }
  double number(const char* name, const Range& range = {}) const {
    return to_number(value(name), path_of(name), range);
  }
  int64_t integer(const char* name, int64_t least, int64_t most) const {
    return to_integer(value(name), path_of(name), least, most);
  }
  bool boolean(const char* name) const;
  std::string text(const char* name) const { return to_text(value(name), path_of(name)); }
  std::vector<double> numbers(const char* name, size_t least_count, size_t most_count, const Range& range = {}) const;
  std::vector<int64_t> integers(const char* name, size_t least_count, size_t most_count, int64_t least,
                                int64_t most) const;
  /// At least one index of an image or a row; whether they exist is for the core to say.
  std::vector<int64_t> indices(const char* name) const;
  /// A list of anything.
  std::vector<Napi::Value> list(const char* name) const;

  /// One of the given words.
  template <typename Enum, size_t N>
  Enum choice(const char* name, const std::pair<const char*, Enum> (&choices)[N]) const {
    return to_choice(value(name), path_of(name), choices);
  }

 private:
  std::vector<Napi::Value> items(const char* name, const std::string& expected, size_t least_count,
                                 size_t most_count) const;

  Napi::Object object_;
  std::string path_;
};

}  // namespace byol::napi

#pragma once

#include <array>
#include <cmath>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/augment/plan.h"
#include "core/error.h"
#include "core/ssl/learner_spec.h"
#include "napi/setup.h"

namespace byol::napi {

/// Reads a plain object's properties with their types checked: ERR_BYOL_VALUE names the property.
class Fields {
 public:
  Fields(const Napi::Value& value, std::string path);

  double number(const char* name) const;
  /// A whole number in [least, 2^53).
  int64_t integer(const char* name, int64_t least) const;
  bool boolean(const char* name) const;
  std::string text(const char* name) const;
  Fields object(const char* name) const;
  Napi::Value value(const char* name) const;
  bool is_null(const char* name) const { return value(name).IsNull(); }
  std::vector<int64_t> integers(const char* name, int64_t least) const;
  std::vector<double> numbers(const char* name) const;
  std::array<float, 3> triple(const char* name) const;
  Napi::Float32Array floats(const char* name) const;
  /// int32 array of image or row indices.
  std::vector<int64_t> indices(const char* name) const;

  /// One of the given words.
  template <typename Enum, size_t N>
  Enum choice(const char* name, const std::pair<const char*, Enum> (&choices)[N]) const {
    const std::string word = text(name);
    std::string expected;
    for (const auto& [key, value] : choices) {
      if (word == key) return value;
      expected += (expected.empty() ? "'" : ", '") + std::string(key) + "'";
    }
    fail(name, "one of " + expected);
  }
  [[noreturn]] void fail(const std::string& name, const std::string& expected) const;

 private:
  Napi::Object object_;
  std::string path_;
};

std::vector<int64_t> to_indices(const Napi::Value& value, const std::string& path);
LearnerSpec read_learner_spec(const Fields& fields);
ViewSpec read_view_spec(const Fields& fields);
/// 'cpu' or 'cuda:N'. Throws ERR_BYOL_CUDA_UNAVAILABLE with the reason.
at::Device read_device(const std::string& name);

}  // namespace byol::napi

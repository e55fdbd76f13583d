#pragma once

#include <ATen/ATen.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/io/tensor_file.h"

namespace byol {

/// One tensor of a safetensors header. Offsets are bytes from the start of the data, [begin, end).
struct TensorEntry {
  std::string name;
  at::ScalarType type;
  std::vector<int64_t> shape;
  int64_t begin;
  int64_t end;
};

struct SafetensorsHeader {
  std::vector<TensorEntry> entries;  // in the order of the header
  Metadata metadata;

  int64_t data_size() const;
};

/// The name of a type in the format ("F32"). Throws ERR_BYOL_VALUE for one that it does not have or that nothing here
/// writes.
const char* safetensors_type(at::ScalarType type);

/// JSON, padded with spaces so that the data after it starts on 8 bytes.
std::string format_header(const SafetensorsHeader& header);

/// Checks everything that can be checked without the data: unique names, known types, sizes that agree with shapes, and
/// offsets that cover the data without holes or overlaps. Throws std::invalid_argument with the problem.
SafetensorsHeader parse_header(std::string_view text);

}  // namespace byol

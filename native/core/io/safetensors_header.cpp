#include "core/io/safetensors_header.h"

#include <algorithm>
#include <array>
#include <limits>
#include <optional>
#include <set>
#include <stdexcept>

#include "core/error.h"
#include "core/io/json_cursor.h"

namespace byol {
namespace {

constexpr const char* kMetadataKey = "__metadata__";
constexpr size_t kAlignment = 8;

struct TypeName {
  at::ScalarType type;
  const char* name;
};

constexpr std::array<TypeName, 8> kTypes = {{{at::kDouble, "F64"},
                                             {at::kFloat, "F32"},
                                             {at::kHalf, "F16"},
                                             {at::kBFloat16, "BF16"},
                                             {at::kLong, "I64"},
                                             {at::kInt, "I32"},
                                             {at::kByte, "U8"},
                                             {at::kBool, "BOOL"}}};

[[noreturn]] void malformed(const std::string& name, const std::string& problem) {
  throw std::invalid_argument("tensor '" + name + "' " + problem);
}

int64_t checked_size(const TensorEntry& entry) {
  int64_t bytes = static_cast<int64_t>(c10::elementSize(entry.type));
  bool empty = false;
  for (const int64_t length : entry.shape) {
    empty = empty || length == 0;
    // Strides of empty tensors are products of the other sizes, so these must not overflow either.
    const int64_t factor = std::max<int64_t>(length, 1);
    if (bytes > std::numeric_limits<int64_t>::max() / factor) malformed(entry.name, "has a size beyond 2^63 bytes");
    bytes *= factor;
  }
  return empty ? 0 : bytes;
}

at::ScalarType parse_type(JsonCursor& json, const std::string& tensor) {
  const std::string name = json.string();
  for (const TypeName& known : kTypes) {
    if (name == known.name) return known.type;
  }
  malformed(tensor, "has the type '" + name + "', which is not supported");
}

TensorEntry parse_entry(JsonCursor& json, const std::string& name) {
  std::optional<at::ScalarType> type;
  std::optional<std::vector<int64_t>> shape, offsets;
  const auto numbers = [&](std::optional<std::vector<int64_t>>& out) {
    out.emplace();
    json.array([&] { out->push_back(json.whole_number()); });
  };
  std::set<std::string> seen;
  json.object([&](const std::string& key) {
    if (!seen.insert(key).second) malformed(name, "has '" + key + "' twice");
    if (key == "dtype") {
      type = parse_type(json, name);
    } else if (key == "shape") {
      numbers(shape);
    } else if (key == "data_offsets") {
      numbers(offsets);
    } else {
      malformed(name, "has an unknown key '" + key + "'");
    }
  });
  if (!type || !shape || !offsets) malformed(name, "lacks its dtype, shape or data_offsets");
  if (offsets->size() != 2 || (*offsets)[0] > (*offsets)[1]) malformed(name, "has invalid data_offsets");
  TensorEntry entry{name, *type, std::move(*shape), (*offsets)[0], (*offsets)[1]};
  const int64_t expected = checked_size(entry), found = entry.end - entry.begin;
  if (expected != found) {
    malformed(name,
              "takes " + std::to_string(found) + " bytes, but its shape and type need " + std::to_string(expected));
  }
  return entry;
}

void check_coverage(const SafetensorsHeader& header) {
  std::vector<const TensorEntry*> by_offset;
  for (const TensorEntry& entry : header.entries) by_offset.push_back(&entry);
  std::stable_sort(by_offset.begin(), by_offset.end(), [](const TensorEntry* a, const TensorEntry* b) {
    return a->begin != b->begin ? a->begin < b->begin : a->end < b->end;
  });
  int64_t position = 0;
  for (const TensorEntry* entry : by_offset) {
    if (entry->begin < position) malformed(entry->name, "overlaps another tensor");
    if (entry->begin > position) malformed(entry->name, "does not start where the tensor before it ends");
    position = entry->end;
  }
}

}  // namespace

int64_t SafetensorsHeader::data_size() const {
  int64_t size = 0;
  for (const TensorEntry& entry : entries) size = std::max(size, entry.end);
  return size;
}

const char* safetensors_type(at::ScalarType type) {
  for (const TypeName& known : kTypes) {
    if (type == known.type) return known.name;
  }
  throw Error("ERR_BYOL_VALUE", std::string("Tensors of type ") + c10::toString(type) + " cannot be saved.");
}

std::string format_header(const SafetensorsHeader& header) {
  std::string out = "{";
  const auto separate = [&] {
    if (out.size() > 1) out += ',';
  };
  if (!header.metadata.empty()) {
    out += json_string(kMetadataKey) + ":{";
    bool first = true;
    for (const auto& [key, value] : header.metadata) {
      if (!first) out += ',';
      first = false;
      out += json_string(key) + ':' + json_string(value);
    }
    out += '}';
  }
  for (const TensorEntry& entry : header.entries) {
    separate();
    out += json_string(entry.name) + ":{\"dtype\":\"" + safetensors_type(entry.type) + "\",\"shape\":[";
    for (size_t i = 0; i < entry.shape.size(); ++i) {
      if (i > 0) out += ',';
      out += std::to_string(entry.shape[i]);
    }
    out += "],\"data_offsets\":[" + std::to_string(entry.begin) + ',' + std::to_string(entry.end) + "]}";
  }
  out += '}';
  out.append((kAlignment - out.size() % kAlignment) % kAlignment, ' ');
  return out;
}

SafetensorsHeader parse_header(std::string_view text) {
  // The format wants the brace first; white space is allowed only behind.
  if (text.empty() || text.front() != '{') throw std::invalid_argument("the header does not start with '{'");
  SafetensorsHeader header;
  std::set<std::string> names;
  JsonCursor json(text);
  json.object([&](const std::string& name) {
    if (!names.insert(name).second) malformed(name, "is listed twice");
    if (name != kMetadataKey) {
      header.entries.push_back(parse_entry(json, name));
      return;
    }
    json.object([&](const std::string& key) {
      if (!header.metadata.emplace(key, json.string()).second) json.fail("metadata key '" + key + "' is there twice");
    });
  });
  json.end();
  check_coverage(header);
  return header;
}

}  // namespace byol

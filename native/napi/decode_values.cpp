#include "napi/decode_values.h"

#include <algorithm>
#include <limits>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "core/error.h"
#include "napi/convert.h"

namespace byol::napi {
namespace {

constexpr int64_t kBoxColumns = 4;

std::vector<int64_t> read_column(const Fields& f, const char* name, size_t count) {
  std::vector<int64_t> values = to_int32s(f.value(name), f.path_of(name));
  if (values.size() == count) return values;
  throw Error("ERR_BYOL_SHAPE", f.path_of(name) + " must have " + std::to_string(count) + " numbers, got " +
                                    std::to_string(values.size()) + ".");
}

// A path is bytes, since names of files need not be UTF-8.
FilePlace read_place(const Napi::Value& value, const std::string& path) {
  const Fields f(value, path);
  const Napi::Uint8Array bytes = to_bytes(f.value("path"), f.path_of("path"));
  FilePlace place{{reinterpret_cast<const char*>(bytes.Data()), bytes.ElementLength()},
                  f.integer("offset", 0, kLargestInteger),
                  f.integer("length", 0, kLargestInteger)};
  if (f.is_given("packed")) {
    const Fields packed = f.object("packed");
    // As large as a page may be: their sum cannot overflow.
    place.packed = {packed.integer("offset", 0, kLargestIndex), packed.integer("length", 0, kLargestIndex)};
  }
  if (place.path.empty() || place.path.find('\0') != std::string::npos) {
    refuse(f.value("path"), f.path_of("path"), "the bytes of a path, without zeros");
  }
  return place;
}

constexpr std::pair<const char*, DecodeOutcome> kOutcomes[] = {
    {"unreadable", DecodeOutcome::Unreadable},   {"not-jpeg", DecodeOutcome::NotJpeg},
    {"unsupported", DecodeOutcome::Unsupported}, {"broken", DecodeOutcome::Broken},
    {"too-large", DecodeOutcome::TooLarge},      {"changed", DecodeOutcome::Changed},
};

const char* name_of(DecodeOutcome outcome) {
  for (const auto& [name, meaning] : kOutcomes) {
    if (meaning == outcome) return name;
  }
  // Given up: the pool was disposed of, and nobody waits for the batch.
  throw Error("ERR_BYOL_DISPOSED", "This DecodePool was disposed of before the batch was decoded.");
}

Napi::Int32Array from_integers(Napi::Env env, const std::vector<int64_t>& values) {
  Napi::Int32Array result = Napi::Int32Array::New(env, values.size());
  std::transform(values.begin(), values.end(), result.Data(),
                 [](int64_t value) { return static_cast<int32_t>(value); });
  return result;
}

// Without a copy where the host allows it (Electron does not).
Napi::Uint8Array from_arena(Napi::Env env, const std::shared_ptr<uint8_t[]>& bytes, size_t length) {
  auto held = std::make_unique<std::shared_ptr<uint8_t[]>>(bytes);
  const auto release = [](node_api_basic_env, void*, void* hint) {
    delete static_cast<std::shared_ptr<uint8_t[]>*>(hint);
  };
  napi_value buffer = nullptr;
  if (napi_create_external_arraybuffer(env, bytes.get(), length, release, held.get(), &buffer) == napi_ok) {
    held.release();
    return Napi::Uint8Array::New(env, length, Napi::ArrayBuffer(env, buffer), 0);
  }
  Napi::Uint8Array copy = Napi::Uint8Array::New(env, length);
  std::copy_n(bytes.get(), length, copy.Data());
  return copy;
}

Napi::Array failures_of(Napi::Env env, const DecodedBatch& batch) {
  Napi::Array failures = Napi::Array::New(env);
  for (size_t i = 0; i < batch.statuses.size(); ++i) {
    const DecodeStatus& status = batch.statuses[i];
    if (status.ok()) continue;
    Napi::Object failure = Napi::Object::New(env);
    failure.Set("image", static_cast<double>(i));
    failure.Set("outcome", name_of(status.outcome));
    failure.Set("reason", status.reason);
    failures.Set(failures.Length(), failure);
  }
  return failures;
}

}  // namespace

DecodeRequest read_decode_request(const Napi::Value& value) {
  const Fields f(value, "input");
  const std::vector<Napi::Value> places = f.list("places");
  const size_t count = places.size();
  const auto crops = static_cast<size_t>(f.integer("crops", 1, 2));
  const std::vector<int64_t> heights = read_column(f, "heights", count), widths = read_column(f, "widths", count);
  const std::vector<int64_t> orientations = read_column(f, "orientations", count);
  const std::vector<int64_t> boxes = read_column(f, "boxes", count * crops * kBoxColumns);

  DecodeRequest request{};
  for (size_t i = 0; i < count; ++i) {
    DecodeItem item{read_place(places[i], f.path_of("places") + "[" + std::to_string(i) + "]"),
                    heights[i],
                    widths[i],
                    static_cast<Orientation>(orientations[i]),
                    {}};
    for (size_t crop = 0; crop < crops; ++crop) {
      const int64_t* box = boxes.data() + (i * crops + crop) * kBoxColumns;
      item.boxes.push_back({static_cast<int32_t>(box[0]), static_cast<int32_t>(box[1]), static_cast<int32_t>(box[2]),
                            static_cast<int32_t>(box[3])});
    }
    request.items.push_back(std::move(item));
  }
  const double never = std::numeric_limits<double>::infinity();
  request.scale = {f.integer("viewHeight", 1, kLargestIndex), f.integer("viewWidth", 1, kLargestIndex),
                   f.is_null("leastRatio") ? never : f.number("leastRatio", Range::above(0))};
  const Fields limits = f.object("limits");
  request.limits = {limits.integer("pixels", 1, kLargestInteger), limits.integer("memory", 1, kLargestInteger),
                    static_cast<int>(limits.integer("scans", 1, kLargestIndex)),
                    limits.number("seconds", Range::above(0))};
  request.most_file_bytes = limits.integer("fileBytes", 1, kLargestInteger);
  request.most_pixel_bytes = limits.integer("batchBytes", 1, kLargestInteger);
  return request;
}

Napi::Value decoded_batch_for_js(Napi::Env env, const DecodedBatch& batch) {
  size_t bytes = 0;
  std::vector<int64_t> boxes, scales;
  for (const CropRegion& region : batch.regions) {
    bytes += static_cast<size_t>(region.height) * region.width * 3;
    scales.push_back(region.scale);
    for (int i = 0; i < region.count; ++i) {
      const CropBox& box = region.boxes[static_cast<size_t>(i)];
      boxes.insert(boxes.end(), {box.top, box.left, box.height, box.width});
    }
  }
  Napi::Object result = Napi::Object::New(env);
  result.Set("pixels", from_arena(env, batch.pixels, bytes));
  result.Set("heights", from_integers(env, batch.heights));
  result.Set("widths", from_integers(env, batch.widths));
  result.Set("boxes", from_integers(env, boxes));
  result.Set("scales", from_integers(env, scales));
  result.Set("failures", failures_of(env, batch));
  return result;
}

}  // namespace byol::napi

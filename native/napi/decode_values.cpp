#include "napi/decode_values.h"

#include <algorithm>
#include <limits>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "core/error.h"
#include "napi/arena.h"
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
std::string read_path(const Fields& f) {
  const Napi::Uint8Array bytes = to_bytes(f.value("path"), f.path_of("path"));
  std::string path(reinterpret_cast<const char*>(bytes.Data()), bytes.ElementLength());
  if (path.empty() || path.find('\0') != std::string::npos) {
    refuse(f.value("path"), f.path_of("path"), "the bytes of a path, without zeros");
  }
  return path;
}

FilePlace read_place(const Fields& f) {
  FilePlace place{read_path(f), f.integer("offset", 0, kLargestInteger), f.integer("length", 0, kLargestInteger)};
  place.whole = f.is_given("whole") && f.boolean("whole");
  if (f.is_given("packed")) {
    const Fields packed = f.object("packed");
    // As large as a page may be: their sum cannot overflow.
    place.packed = {packed.integer("offset", 0, kLargestIndex), packed.integer("length", 0, kLargestIndex)};
  }
  return place;
}

ItemLimits read_item_limits(const Fields& limits) {
  return {{limits.integer("pixels", 1, kLargestInteger), limits.integer("memory", 1, kLargestInteger),
           static_cast<int>(limits.integer("scans", 1, kLargestIndex)), limits.number("seconds", Range::above(0))},
          limits.integer("fileBytes", 1, kLargestInteger)};
}

std::vector<CropBox> read_boxes(const std::vector<int64_t>& numbers, size_t image, size_t crops) {
  std::vector<CropBox> boxes;
  for (size_t crop = 0; crop < crops; ++crop) {
    const int64_t* box = numbers.data() + (image * crops + crop) * kBoxColumns;
    boxes.push_back({static_cast<int32_t>(box[0]), static_cast<int32_t>(box[1]), static_cast<int32_t>(box[2]),
                     static_cast<int32_t>(box[3])});
  }
  return boxes;
}

constexpr double kNever = std::numeric_limits<double>::infinity();
// Of what is never scaled, only that there is a view.
constexpr ScaleRule kUnscaled{1, 1, kNever};
constexpr Orientation kUpright = 1;

CropBox whole(int64_t height, int64_t width) { return {0, 0, static_cast<int32_t>(height), static_cast<int32_t>(width)}; }

// A copy: nothing of JavaScript's may be held by threads that it does not know.
std::shared_ptr<const uint8_t[]> copy_of(const Napi::Uint8Array& bytes, size_t expected, const std::string& path) {
  if (bytes.ElementLength() != expected) {
    throw Error("ERR_BYOL_SHAPE", path + " must have " + std::to_string(expected) + " bytes, got " +
                                      std::to_string(bytes.ElementLength()) + ".");
  }
  std::shared_ptr<uint8_t[]> copy(new uint8_t[expected]);
  std::copy_n(bytes.Data(), expected, copy.get());
  return copy;
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
    request.items.push_back({read_place(Fields(places[i], f.path_of("places") + "[" + std::to_string(i) + "]")),
                             heights[i], widths[i], static_cast<Orientation>(orientations[i]),
                             read_boxes(boxes, i, crops)});
  }
  request.scale = {f.integer("viewHeight", 1, kLargestIndex), f.integer("viewWidth", 1, kLargestIndex),
                   f.is_null("leastRatio") ? kNever : f.number("leastRatio", Range::above(0))};
  const Fields limits = f.object("limits");
  request.limits = read_item_limits(limits);
  request.most_pixel_bytes = limits.integer("batchBytes", 1, kLargestInteger);
  return request;
}

DecodeRequest read_pixels_request(const Napi::Value& value) {
  const Fields f(value, "input");
  const std::string path = read_path(f);
  const std::vector<int64_t> heights = to_int32s(f.value("heights"), f.path_of("heights"));
  const size_t count = heights.size();
  const std::vector<int64_t> widths = read_column(f, "widths", count);
  const auto crops = static_cast<size_t>(f.integer("crops", 1, 2));
  const std::vector<int64_t> boxes = read_column(f, "boxes", count * crops * kBoxColumns);
  const std::vector<Napi::Value> offsets = f.list("offsets");
  if (offsets.size() != count) {
    throw Error("ERR_BYOL_SHAPE", f.path_of("offsets") + " must have " + std::to_string(count) + " numbers, got " +
                                      std::to_string(offsets.size()) + ".");
  }
  DecodeRequest request{{}, kUnscaled, {}, f.integer("batchBytes", 1, kLargestInteger)};
  for (size_t i = 0; i < count; ++i) {
    const int64_t offset =
        to_integer(offsets[i], f.path_of("offsets") + "[" + std::to_string(i) + "]", 0, kLargestInteger);
    request.items.push_back({{path, offset, 0}, heights[i], widths[i], kUpright, read_boxes(boxes, i, crops),
                             DecodeItem::Content::PixelFile});
  }
  return request;
}

DecodeRequest read_resize_request(const Napi::Value& value) {
  const Fields f(value, "input");
  const std::vector<Napi::Value> sources = f.list("sources");
  const size_t count = sources.size();
  const std::vector<int64_t> heights = read_column(f, "heights", count), widths = read_column(f, "widths", count);
  const std::vector<int64_t> orientations = read_column(f, "orientations", count);
  const std::vector<int64_t> new_heights = read_column(f, "newHeights", count);
  const std::vector<int64_t> new_widths = read_column(f, "newWidths", count);
  const Fields limits = f.object("limits");
  DecodeRequest request{{}, kUnscaled, read_item_limits(limits), limits.integer("batchBytes", 1, kLargestInteger)};
  for (size_t i = 0; i < count; ++i) {
    const std::string path = f.path_of("sources") + "[" + std::to_string(i) + "]";
    for (const int64_t side : {heights[i], widths[i], new_heights[i], new_widths[i]}) {
      if (side >= 1) continue;
      throw Error("ERR_BYOL_VALUE", path + " must have sides of at least 1 pixel, before and after.");
    }
    DecodeItem item{{}, heights[i], widths[i], static_cast<Orientation>(orientations[i]), {whole(heights[i], widths[i])}};
    const Fields source(sources[i], path);
    if (source.value("pixels").IsUndefined()) {
      item.place = read_place(source);
    } else {
      item.content = DecodeItem::Content::Pixels;
      item.orientation = kUpright;
      const size_t bytes = static_cast<size_t>(heights[i]) * static_cast<size_t>(widths[i]) * 3;
      item.pixels = copy_of(to_bytes(source.value("pixels"), source.path_of("pixels")), bytes, source.path_of("pixels"));
    }
    item.new_height = new_heights[i];
    item.new_width = new_widths[i];
    request.items.push_back(std::move(item));
  }
  return request;
}

Napi::Value decoded_batch_for_js(Napi::Env env, const DecodedBatch& batch) {
  size_t bytes = 0;
  std::vector<int64_t> scales;
  std::vector<float> boxes;
  for (size_t i = 0; i < batch.regions.size(); ++i) {
    const CropRegion& region = batch.regions[i];
    bytes += static_cast<size_t>(batch.heights[i] * batch.widths[i]) * 3;
    scales.push_back(region.scale);
    for (int crop = 0; crop < region.count; ++crop) {
      const CropPart& box = region.boxes[static_cast<size_t>(crop)];
      for (const double number : {box.top, box.left, box.height, box.width}) boxes.push_back(static_cast<float>(number));
    }
  }
  Napi::Object result = Napi::Object::New(env);
  result.Set("pixels", arena_for_js(env, batch.pixels, bytes));
  result.Set("heights", from_integers(env, batch.heights));
  result.Set("widths", from_integers(env, batch.widths));
  result.Set("boxes", from_floats(env, boxes));
  result.Set("scales", from_integers(env, scales));
  result.Set("failures", failures_of(env, batch));
  return result;
}

}  // namespace byol::napi

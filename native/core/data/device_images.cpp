#include "core/data/device_images.h"

#include <ATen/Parallel.h>
#include <c10/util/StringUtil.h>

#include <algorithm>
#include <cstring>
#include <functional>
#include <numeric>
#include <unordered_map>
#include <utility>

#include "core/error.h"

namespace byol {
namespace {

constexpr std::int64_t kPlaceBytes = sizeof(ImagePlace), kLabelBytes = sizeof(std::int64_t);
constexpr std::int64_t kAlignment = 16;
constexpr std::int64_t kBytesWorthAThread = 1 << 20;

std::int64_t aligned(std::int64_t bytes) { return (bytes + kAlignment - 1) / kAlignment * kAlignment; }

std::int64_t image_bytes(const ImageStore& store, std::int64_t index) {
  return store.height(index) * store.width(index) * 3;
}

std::int64_t pixel_bytes(const ImageStore& store) {
  const std::int64_t last = store.size() - 1;
  return store.pixels(last) - store.pixels(0) + image_bytes(store, last);
}

at::Tensor bytes_on(at::Device device, std::int64_t bytes) {
  return at::empty({bytes}, at::TensorOptions().dtype(at::kByte).device(device));
}

/// Of so many images that differ, the most that they can have.
std::int64_t largest_batch_bytes(const ImageStore& store, std::int64_t rows) {
  std::vector<std::int64_t> sizes(static_cast<std::size_t>(store.size()));
  for (std::int64_t i = 0; i < store.size(); ++i) sizes[static_cast<std::size_t>(i)] = image_bytes(store, i);
  const auto count = std::min(rows, store.size());
  std::nth_element(sizes.begin(), sizes.begin() + count - 1, sizes.end(), std::greater<>());
  return std::accumulate(sizes.begin(), sizes.begin() + count, std::int64_t{0});
}

}  // namespace

// --- Resident ---

ResidentImages::ResidentImages(at::Device device, const ImageStore& store) {
  const std::int64_t bytes = pixel_bytes(store);
  std::vector<ImagePlace> places;
  places.reserve(static_cast<std::size_t>(store.size()));
  for (std::int64_t i = 0; i < store.size(); ++i) {
    places.push_back(
        {store.pixels(i) - store.pixels(0), static_cast<int>(store.height(i)), static_cast<int>(store.width(i))});
  }
  const auto upload = [&](const void* from, std::int64_t count) {
    // LibTorch wants a pointer to what it could change; it only reads.
    return bytes_on(device, count).copy_(at::from_blob(const_cast<void*>(from), {count}, at::kByte));
  };
  pixels_ = upload(store.pixels(0), bytes);
  places_ = upload(places.data(), store.size() * kPlaceBytes);
  labels_ = at::empty({store.size()}, at::TensorOptions().dtype(at::kLong).device(device)).copy_(store.labels());
}

std::size_t ResidentImages::stage(const ImageStore&, at::IntArrayRef indices, std::span<std::int64_t> numbers) {
  std::ranges::copy(indices, numbers.begin());
  return 0;
}

// --- Staged ---

StagedImages::StagedImages(DeviceRuntime& runtime, at::Device device, std::int64_t rows, std::int64_t bytes)
    : runtime_(runtime), rows_(rows), bytes_(aligned(bytes)) {
  const auto slots = static_cast<std::int64_t>(kSlots);
  pixels_ = bytes_on(device, slots * bytes_);
  places_ = bytes_on(device, slots * rows_ * kPlaceBytes);
  label_bytes_ = bytes_on(device, slots * rows_ * kLabelBytes);
  labels_ = label_bytes_.view(at::kLong);
  for (std::size_t i = 0; i < kSlots; ++i) {
    slots_.push_back({runtime_.host_buffer(aligned(rows_ * (kPlaceBytes + kLabelBytes)) + bytes_),
                      runtime_.make_event(/*timed=*/false)});
  }
}

StagedImages::~StagedImages() {
  try {
    runtime_.synchronize();
  } catch (const Error&) {  // a device that failed copies nothing
  }
}

StagedImages::Places StagedImages::begin(std::span<const std::int64_t> heights, std::span<const std::int64_t> widths) {
  const auto count = static_cast<std::int64_t>(heights.size());
  std::int64_t bytes = 0;
  for (std::size_t i = 0; i < heights.size(); ++i) bytes += heights[i] * widths[i] * 3;
  if (count > rows_ || bytes > bytes_) {
    throw Error("ERR_BYOL_SHAPE", c10::str(count, " images of ", bytes, " bytes do not fit into buffers for ", rows_,
                                           " images of ", bytes_, " bytes."));
  }
  const std::size_t turn = std::exchange(next_, (next_ + 1) % kSlots);
  Slot& slot = slots_[turn];
  if (!std::exchange(slot.released, false)) {  // a step that failed: its copies may be on their way still
    runtime_.join_copies();
    slot.read->record();
  }
  slot.read->wait();

  const auto index = static_cast<std::int64_t>(turn);
  auto* const memory = slot.host.data_ptr<std::uint8_t>();
  auto* const places = reinterpret_cast<ImagePlace*>(memory);
  std::uint8_t* const pixels = memory + aligned(rows_ * (kPlaceBytes + kLabelBytes));
  Places result{turn, index * rows_, {}, bytes};
  std::int64_t offset = 0;
  for (std::size_t i = 0; i < heights.size(); ++i) {
    places[i] = {index * bytes_ + offset, static_cast<int>(heights[i]), static_cast<int>(widths[i])};
    result.pixels.push_back(pixels + offset);
    offset += heights[i] * widths[i] * 3;
  }
  return result;
}

void StagedImages::end(const Places& places, std::span<const std::int64_t> labels) {
  const at::Tensor& host = slots_[places.slot].host;
  const std::int64_t label_byte = rows_ * kPlaceBytes, count = std::ssize(places.pixels);
  std::ranges::copy(labels, reinterpret_cast<std::int64_t*>(host.data_ptr<std::uint8_t>() + label_byte));
  const auto copy = [&](const at::Tensor& to, std::int64_t to_byte, std::int64_t from_byte, std::int64_t bytes) {
    runtime_.copy_beside(to.narrow(0, to_byte, bytes), host.narrow(0, from_byte, bytes), nullptr);
  };
  copy(places_, places.first_number * kPlaceBytes, 0, count * kPlaceBytes);
  copy(label_bytes_, places.first_number * kLabelBytes, label_byte, count * kLabelBytes);
  copy(pixels_, static_cast<std::int64_t>(places.slot) * bytes_, aligned(rows_ * (kPlaceBytes + kLabelBytes)),
       places.bytes);
}

std::size_t StagedImages::stage(const ImageStore& store, at::IntArrayRef indices, std::span<std::int64_t> numbers) {
  // Each image once, so that the largest batch is known.
  std::unordered_map<std::int64_t, std::int64_t> position;
  std::vector<std::int64_t> images, heights, widths, labels;
  const auto* all_labels = store.labels().data_ptr<std::int64_t>();
  for (std::size_t i = 0; i < indices.size(); ++i) {
    const std::int64_t index = indices[i];
    const auto [found, is_new] = position.try_emplace(index, static_cast<std::int64_t>(images.size()));
    numbers[i] = found->second;
    if (!is_new) continue;
    images.push_back(index);
    heights.push_back(store.height(index));
    widths.push_back(store.width(index));
    labels.push_back(all_labels[index]);
  }
  const Places places = begin(heights, widths);
  for (std::int64_t& number : numbers) number += places.first_number;
  const auto count = static_cast<std::int64_t>(images.size());
  const std::int64_t grain =
      std::max<std::int64_t>(1, count * kBytesWorthAThread / std::max<std::int64_t>(1, places.bytes));
  at::parallel_for(0, count, grain, [&](std::int64_t first, std::int64_t last) {
    for (auto i = static_cast<std::size_t>(first); i < static_cast<std::size_t>(last); ++i) {
      std::memcpy(places.pixels[i], store.pixels(images[i]), static_cast<std::size_t>(image_bytes(store, images[i])));
    }
  });
  end(places, labels);
  return places.slot;
}

void StagedImages::release(std::size_t slot) {
  slots_[slot].read->record();
  slots_[slot].released = true;
}

// --- Which ---

std::int64_t resident_bytes(const ImageStore& store) {
  return pixel_bytes(store) + store.size() * (kPlaceBytes + kLabelBytes);
}

bool fits_resident(const ImageStore& store, const DeviceMemory& memory) {
  return resident_bytes(store) <= memory.free / 4;
}

std::unique_ptr<DeviceImages> device_images(DeviceRuntime& runtime, at::Device device, const ImageStore& store,
                                            std::int64_t rows) {
  if (fits_resident(store, runtime.memory())) return std::make_unique<ResidentImages>(device, store);
  return std::make_unique<StagedImages>(runtime, device, rows, largest_batch_bytes(store, rows));
}

}  // namespace byol

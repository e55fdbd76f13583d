// Images where a device's kernels find them: all of a store, or the batch at hand.
#include "core/data/device_images.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <cstring>
#include <functional>
#include <memory>
#include <numeric>
#include <string>
#include <utility>
#include <vector>

#include "augment_cases.h"
#include "check.h"
#include "stand_in.h"

namespace {

using augment_cases::copy_of;
using augment_cases::error_code;
using byol::DeviceImages;
using byol::ImagePlace;
using byol::ImageStore;

const std::vector<int64_t> kHeights = {3, 5, 1, 4}, kWidths = {4, 2, 7, 1}, kLabels = {7, 3, -1, 9};

ImageStore store_of_four() {
  std::vector<uint8_t> pixels(36 + 30 + 21 + 12);
  std::iota(pixels.begin(), pixels.end(), uint8_t{0});
  return {copy_of(pixels), kHeights, kWidths, kLabels};
}

/// Whether `numbers` lead to the pixels and labels of the store's `indices`.
bool finds(const DeviceImages& images, const ImageStore& store, const std::vector<int64_t>& indices,
           const std::vector<int64_t>& numbers) {
  for (std::size_t i = 0; i < indices.size(); ++i) {
    const ImagePlace& place = images.places()[numbers[i]];
    const int64_t index = indices[i];
    if (place.height != store.height(index) || place.width != store.width(index)) return false;
    const auto bytes = static_cast<std::size_t>(place.height * place.width * 3);
    if (std::memcmp(images.pixels() + place.offset, store.pixels(index), bytes) != 0) return false;
    if (images.labels()[numbers[i]].item<int64_t>() != store.labels()[index].item<int64_t>()) return false;
  }
  return true;
}

/// Runs copies when they are joined and not before, and writes down what happens to events.
class LateCopies : public byol::shim::StandIn {
 public:
  void copy_beside(const at::Tensor& to, const at::Tensor& from, const byol::DeviceEvent*) override {
    waiting.push_back([to, from] { to.copy_(from); });
  }
  void join_copies() override {
    for (const auto& copy : waiting) copy();
    waiting.clear();
  }
  void synchronize() override {
    join_copies();
    log += "synchronize, ";
  }
  std::unique_ptr<byol::DeviceEvent> make_event(bool) override { return std::make_unique<Event>(log, 'a' + events++); }

  std::vector<std::function<void()>> waiting;
  std::string log;

 private:
  struct Event : byol::DeviceEvent {
    Event(std::string& written, int letter) : log(written), name(static_cast<char>(letter)) {}
    void record() override { log += std::string("record ") + name + ", "; }
    bool done() const override { return true; }
    void wait() const override { log += std::string("wait ") + name + ", "; }
    double seconds_since(const DeviceEvent&) const override { return 0.0; }
    std::string& log;
    char name;
  };
  int events = 0;
};

}  // namespace

TEST(device_images_resident_have_the_store_by_index) {
  const ImageStore store = store_of_four();
  byol::ResidentImages images(at::kCPU, store);
  std::vector<int64_t> numbers(5, -1);
  const std::vector<int64_t> indices = {2, 0, 3, 2, 1};
  images.stage(store, indices, numbers);
  CHECK(numbers == indices);
  CHECK(images.pixels() != store.pixels(0));
  CHECK(finds(images, store, indices, numbers));
  CHECK(byol::resident_bytes(store) == 99 + 4 * (16 + 8));
}

TEST(device_images_staged_take_turns_in_fixed_memory) {
  const ImageStore store = store_of_four();
  LateCopies device;
  byol::StagedImages images(device, at::kCPU, 3, 36 + 30 + 21);
  const auto* const pixels = images.pixels();
  const auto* const places = images.places();
  const std::vector<std::vector<int64_t>> batches = {{0, 1, 2}, {3, 3, 3}, {2, 0, 2}, {1}, {1, 0, 3}};
  std::vector<std::vector<int64_t>> numbers;
  for (std::size_t i = 0; i < batches.size(); ++i) {
    numbers.emplace_back(batches[i].size(), -1);
    const std::size_t slot = images.stage(store, batches[i], numbers[i]);
    CHECK(slot == i % DeviceImages::kSlots);
    CHECK(!device.waiting.empty());
    images.join();
    // The batches before it are where they were.
    for (std::size_t j = i < 2 ? 0 : i - 2; j <= i; ++j) CHECK(finds(images, store, batches[j], numbers[j]));
    images.release(slot);
  }
  CHECK(images.pixels() == pixels && images.places() == places);
  // An image that comes twice lies there once.
  CHECK(numbers[1] == std::vector<int64_t>(3, 3));
  CHECK(device.log == "wait a, record a, wait b, record b, wait c, record c, wait a, record a, wait b, record b, ");
}

TEST(device_images_staged_survive_a_step_that_fails) {
  const ImageStore store = store_of_four();
  LateCopies device;
  auto owned = std::make_unique<byol::StagedImages>(device, at::kCPU, 1, 36);
  byol::StagedImages& images = *owned;
  std::vector<int64_t> numbers(1);
  for (int64_t i = 0; i < 3; ++i) images.stage(store, {i}, numbers);  // and never released
  device.log.clear();
  images.stage(store, {0}, numbers);
  CHECK(device.log == "record a, wait a, ");
  CHECK(device.waiting.size() == 3);  // the earlier copies were joined before their source was overwritten
  images.join();
  CHECK(finds(images, store, {0}, numbers));
  images.stage(store, {1}, numbers);
  owned.reset();
  CHECK(device.waiting.empty() && device.log.ends_with("synchronize, "));
}

TEST(device_images_staged_are_filled_by_decoders_too) {
  const ImageStore store = store_of_four();
  byol::shim::StandIn device;
  byol::StagedImages images(device, at::kCPU, 4, 99);
  const auto places = images.begin(kHeights, kWidths);
  for (std::size_t i = 0; i < 4; ++i) {
    std::memcpy(places.pixels[i], store.pixels(static_cast<int64_t>(i)),
                static_cast<std::size_t>(kHeights[i] * kWidths[i] * 3));
  }
  images.end(places, kLabels);
  images.join();
  std::vector<int64_t> numbers(4);
  std::iota(numbers.begin(), numbers.end(), places.first_number);
  CHECK(finds(images, store, {0, 1, 2, 3}, numbers));
  images.release(places.slot);

  const std::vector<int64_t> five(5, 1), tall = {100};
  CHECK(error_code([&] { images.begin(five, five); }) == "ERR_BYOL_SHAPE");
  CHECK(error_code([&] { images.begin(tall, std::vector<int64_t>{1}); }) == "ERR_BYOL_SHAPE");
}

TEST(device_images_are_resident_where_they_fit) {
  const ImageStore store = store_of_four();
  const int64_t bytes = byol::resident_bytes(store);
  CHECK(byol::fits_resident(store, {4 * bytes, 4 * bytes, 0}));
  CHECK(!byol::fits_resident(store, {4 * bytes - 1, 4 * bytes, 0}));

  struct Small : byol::shim::StandIn {
    byol::DeviceMemory memory() override { return {100, 100, 0}; }
  };
  Small small;
  byol::shim::StandIn device;
  const auto resident = byol::device_images(device, at::kCPU, store, 2);
  CHECK(dynamic_cast<byol::ResidentImages*>(resident.get()) != nullptr);
  const auto staged = byol::device_images(small, at::kCPU, store, 2);
  CHECK(dynamic_cast<byol::StagedImages*>(staged.get()) != nullptr);
  // Buffers for the largest batch of two, and for one that repeats its images.
  for (const std::vector<int64_t>& batch : {std::vector<int64_t>{0, 1}, {2, 3}, {3, 3, 3, 0, 0}}) {
    std::vector<int64_t> numbers(batch.size());
    const std::size_t slot = staged->stage(store, batch, numbers);
    staged->join();
    CHECK(finds(*staged, store, batch, numbers));
    staged->release(slot);
  }
}

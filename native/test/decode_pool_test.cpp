// Batches of files, decoded by threads.
#include "core/data/decode_pool.h"

#if defined(BYOL_HAVE_JPEG)

#include <sys/stat.h>

#include <chrono>
#include <condition_variable>
#include <filesystem>
#include <fstream>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "core/error.h"
#include "jpeg_cases.h"

#include "check.h"

using namespace jpeg_cases;
using byol::DecodedBatch;
using byol::DecodeItem;
using byol::DecodeOutcome;
using byol::DecodePool;
using byol::DecodeRequest;

namespace {

namespace fs = std::filesystem;

/// Files in a folder that goes with it.
class Folder {
 public:
  Folder() {
    std::string name = fs::temp_directory_path() / "byol-decode-XXXXXX";
    path_ = mkdtemp(name.data());
  }
  ~Folder() { fs::remove_all(path_); }

  std::string path(const std::string& name) const { return path_ / name; }
  std::string write(const std::string& name, const Bytes& bytes) const {
    std::ofstream file(path(name), std::ios::binary);
    file.write(reinterpret_cast<const char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
    return path(name);
  }

 private:
  fs::path path_;
};

DecodeRequest request_of(std::vector<DecodeItem> items) {
  return {std::move(items), kNeverScaled, {kLimits, 1 << 20}, 1 << 28};
}

/// Decodes one batch and waits for it.
DecodedBatch decode(DecodePool& pool, DecodeRequest request) {
  std::mutex mutex;
  std::condition_variable wake;
  bool done = false;
  DecodedBatch result;
  pool.decode(std::move(request), [&](DecodedBatch batch, std::exception_ptr error) {
    const std::lock_guard lock(mutex);
    CHECK(!error);
    result = std::move(batch);
    done = true;
    wake.notify_all();
  });
  std::unique_lock lock(mutex);
  wake.wait(lock, [&] { return done; });
  return result;
}

struct Photos {
  Folder folder;
  std::vector<DecodeItem> items;
  std::vector<Bytes> expected;

  explicit Photos(int count) {
    for (int i = 0; i < count; ++i) {
      const int orientation = i % 8 + 1, height = 20 + 7 * i % 90, width = 30 + 11 * i % 70;
      const Bytes bytes = encode(picture(height, width, 3, static_cast<unsigned>(i)), {.orientation = orientation});
      const std::string path = folder.write(std::to_string(i) + ".jpg", bytes);
      const Picture whole = upright(decode_plainly(bytes), orientation);
      const CropBox box{i % 7, i % 5, whole.height - 10, whole.width - 8};
      items.push_back({{path, 0, 1 << 30}, whole.height, whole.width, orientation, {box}});
      expected.push_back(cut_out(whole, box));
    }
  }
};

Bytes pixels_of(const DecodedBatch& batch) {
  size_t size = 0;
  for (size_t i = 0; i < batch.heights.size(); ++i) size += static_cast<size_t>(batch.heights[i] * batch.widths[i] * 3);
  return {batch.pixels.get(), batch.pixels.get() + size};
}

}  // namespace

TEST(decode_pool_is_the_same_with_any_number_of_threads) {
  const Photos photos(40);
  Bytes expected;
  for (const Bytes& pixels : photos.expected) expected.insert(expected.end(), pixels.begin(), pixels.end());
  for (const int threads : {1, 2, 7}) {
    DecodePool pool(threads);
    for (int repeat = 0; repeat < 3; ++repeat) {
      const DecodedBatch batch = decode(pool, request_of(photos.items));
      CHECK(pixels_of(batch) == expected);
      for (size_t i = 0; i < photos.items.size(); ++i) {
        const CropBox& box = photos.items[i].boxes[0];
        CHECK(batch.statuses[i].ok() && batch.heights[i] == box.height && batch.widths[i] == box.width);
        CHECK((whole_pixels(batch.regions[i].boxes[0]) == CropBox{0, 0, box.height, box.width}));
      }
    }
  }
}

TEST(decode_pool_names_what_fails_and_leaves_zeros) {
  const Photos photos(1);
  const Folder& folder = photos.folder;
  const Bytes whole = encode(picture(50, 40), {});
  const auto item = [](const std::string& path) { return DecodeItem{{path, 0, 1 << 30}, 50, 40, 1, {{0, 0, 50, 40}}}; };
  fs::create_directory(folder.path("folder.jpg"));
  CHECK(mkfifo(folder.path("pipe.jpg").c_str(), 0600) == 0);
  struct Case {
    DecodeItem item;
    DecodeOutcome outcome;
    const char* reason;
  };
  DecodeItem turned = item(folder.write("whole.jpg", whole));
  turned.orientation = 3;
  DecodeItem larger = item(folder.path("whole.jpg"));
  larger.height = 51;
  // Between other bytes, as an archive has it.
  Bytes archive(700, 7);
  archive.insert(archive.end(), whole.begin(), whole.end());
  archive.insert(archive.end(), 99, uint8_t{7});
  DecodeItem inside = item(folder.write("photos.tar", archive)), behind = inside;
  inside.place = {inside.place.path, 700, static_cast<int64_t>(whole.size())};
  behind.place.offset = 5000 + static_cast<int64_t>(archive.size());
  const std::vector<Case> cases = {
      {item(folder.path("none.jpg")), DecodeOutcome::Unreadable, "No such file"},
      {item(folder.path("folder.jpg")), DecodeOutcome::Unreadable, "it is a folder"},
      {item(folder.path("pipe.jpg")), DecodeOutcome::Unreadable, "not a regular file"},
      {item(folder.write("empty.jpg", {})), DecodeOutcome::Broken, "it is empty"},
      {item(folder.write("text.jpg", {'h', 'e', 'l', 'l', 'o'})), DecodeOutcome::NotJpeg, "Not a JPEG"},
      {item(folder.write("huge.jpg", Bytes((1 << 20) + 1))), DecodeOutcome::Unreadable, "more than 1048576"},
      {item(folder.write("cut.jpg", {whole.begin(), whole.end() - 300})), DecodeOutcome::Broken, "cut off"},
      {turned, DecodeOutcome::Changed,
       "it was 40 x 50 pixels with orientation 3, and is 40 x 50 pixels with orientation 1"},
      {larger, DecodeOutcome::Changed, "it was 40 x 51 pixels"},
      {item(folder.path("whole.jpg")), DecodeOutcome::Decoded, ""},
      {inside, DecodeOutcome::Decoded, ""},
      {behind, DecodeOutcome::Broken, "it is empty"},
  };
  std::vector<DecodeItem> items;
  for (const Case& one : cases) items.push_back(one.item);
  DecodePool pool(3);
  const DecodedBatch batch = decode(pool, request_of(items));
  const uint8_t* pixels = batch.pixels.get();
  for (size_t i = 0; i < cases.size(); ++i) {
    const auto& [outcome, reason] = batch.statuses[i];
    CHECK(outcome == cases[i].outcome);
    if (reason.find(cases[i].reason) == std::string::npos) check::fail(__FILE__, __LINE__, "the reason is: " + reason);
    const size_t size = static_cast<size_t>(batch.heights[i] * batch.widths[i] * 3);
    const Bytes decoded(pixels, pixels + size);
    CHECK(decoded == (outcome == DecodeOutcome::Decoded ? decode_plainly(whole).pixels : Bytes(size, 0)));
    pixels += size;
  }
}

TEST(decode_pool_delivers_in_order_with_a_batch_that_is_cancelled) {
  const Photos photos(30);
  std::vector<int> order;
  std::vector<size_t> decoded(6);
  {
    std::mutex mutex;
    std::condition_variable wake;
    DecodePool pool(4);
    for (int number = 0; number < 6; ++number) {
      // Long and short ones in turn.
      std::vector<DecodeItem> items(photos.items.begin(), photos.items.begin() + (number % 2 == 0 ? 30 : 1));
      auto task = pool.decode(request_of(std::move(items)), [&, number](DecodedBatch batch, std::exception_ptr) {
        const std::lock_guard lock(mutex);
        order.push_back(number);
        for (const auto& status : batch.statuses) {
          if (status.ok()) ++decoded[static_cast<size_t>(number)];
          CHECK(status.ok() || status.outcome == DecodeOutcome::Interrupted);
        }
        wake.notify_all();
      });
      if (number == 4) task->cancel();
    }
    std::unique_lock lock(mutex);
    wake.wait(lock, [&] { return order.size() == 6; });
  }
  CHECK((order == std::vector<int>{0, 1, 2, 3, 4, 5}));
  // How much of the cancelled one is done by then, the machine decides.
  decoded.erase(decoded.begin() + 4);
  CHECK((decoded == std::vector<size_t>{30, 1, 30, 1, 1}));
}

TEST(decode_pool_gives_up_what_is_cancelled) {
  const Photos photos(30);
  std::mutex mutex;
  std::condition_variable wake;
  bool cancelled = false;
  std::vector<size_t> decoded;
  {
    // Its only thread delivers too, and is held there until the batch behind it has been cancelled.
    DecodePool pool(1);
    pool.decode(request_of({photos.items[0]}), [&](DecodedBatch, std::exception_ptr) {
      std::unique_lock lock(mutex);
      wake.wait(lock, [&] { return cancelled; });
    });
    std::shared_ptr<byol::DecodeTask> first;
    for (int number = 0; number < 2; ++number) {
      auto task = pool.decode(request_of(photos.items), [&](DecodedBatch batch, std::exception_ptr) {
        const std::lock_guard lock(mutex);
        size_t done = 0;
        for (const auto& status : batch.statuses) {
          if (status.ok()) ++done;
          CHECK(status.ok() || status.outcome == DecodeOutcome::Interrupted);
        }
        decoded.push_back(done);
        wake.notify_all();
      });
      if (number == 0) first = std::move(task);
    }
    first->cancel();
    std::unique_lock lock(mutex);
    cancelled = true;
    wake.notify_all();
    wake.wait(lock, [&] { return decoded.size() == 2; });
  }
  CHECK((decoded == std::vector<size_t>{0, 30}));
}

TEST(decode_pool_ends_in_the_middle_of_its_work) {
  const Photos photos(30);
  for (int repeat = 0; repeat < 20; ++repeat) {
    std::atomic<bool> ended = false;
    DecodePool pool(2);
    for (int i = 0; i < 5; ++i) {
      pool.decode(request_of(photos.items), [&](DecodedBatch, std::exception_ptr) { CHECK(!ended); });
    }
    std::this_thread::sleep_for(std::chrono::microseconds(300 * repeat));
    pool.shutdown(60'000);
    ended = true;
    std::string code;
    try {
      pool.decode(request_of(photos.items), [](DecodedBatch, std::exception_ptr) {});
    } catch (const byol::Error& error) {
      code = error.code();
    }
    CHECK(code == "ERR_BYOL_SHUTDOWN");
  }
}

TEST(decode_pool_refuses_batches_that_take_too_much) {
  const Photos photos(2);
  DecodePool pool(1);
  DecodeRequest request = request_of(photos.items);
  request.most_pixel_bytes = static_cast<int64_t>(photos.expected[0].size() + photos.expected[1].size());
  CHECK(decode(pool, request).statuses[1].ok());
  --request.most_pixel_bytes;
  std::string message;
  try {
    pool.decode(request, [](DecodedBatch, std::exception_ptr) {});
  } catch (const byol::Error& error) {
    message = error.what();
  }
  CHECK(message.find("smaller batches") != std::string::npos);
}

#endif

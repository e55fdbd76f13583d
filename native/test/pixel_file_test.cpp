// Parts of images that lie in a file as they are.
#include "core/data/pixel_file.h"

#include <stdlib.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "check.h"

using byol::CropBox;
using byol::DecodeOutcome;
using byol::FilePlace;
using byol::PixelFile;

namespace {

namespace fs = std::filesystem;

constexpr int kHeight = 9, kWidth = 7;
constexpr int64_t kBefore = 5;

uint8_t value(int row, int column, int channel) { return static_cast<uint8_t>(row * 31 + column * 5 + channel); }

/// A file with one image after a few other bytes, in a folder that goes with it.
class Store {
 public:
  Store() {
    std::string name = fs::temp_directory_path() / "byol-pixels-XXXXXX";
    folder_ = mkdtemp(name.data());
    write(kHeight);
  }
  ~Store() { fs::remove_all(folder_); }

  std::string path() const { return folder_ / "store"; }
  FilePlace place() const { return {path(), kBefore, 0}; }
  void write(int rows) const {
    std::ofstream file(path(), std::ios::binary);
    file << "other";
    for (int row = 0; row < rows; ++row) {
      for (int i = 0; i < kWidth * 3; ++i) file.put(static_cast<char>(value(row, i / 3, i % 3)));
    }
  }

 private:
  fs::path folder_;
};

}  // namespace

TEST(pixel_file_reads_any_part) {
  const Store store;
  PixelFile file;
  for (int top = 0; top < kHeight; ++top) {
    for (int left = 0; left < kWidth; ++left) {
      for (const CropBox box : {CropBox{top, left, kHeight - top, kWidth - left}, CropBox{top, left, 1, 1},
                                CropBox{top, 0, kHeight - top, kWidth}}) {
        std::vector<uint8_t> pixels(static_cast<size_t>(box.height * box.width * 3), 99);
        CHECK(file.read(store.place(), kWidth, box, pixels.data()).ok());
        size_t at = 0;
        for (int row = 0; row < box.height; ++row) {
          for (int i = 0; i < box.width * 3; ++i) {
            CHECK(pixels[at++] == value(box.top + row, box.left + i / 3, i % 3));
          }
        }
      }
    }
  }
}

TEST(pixel_file_tells_what_it_cannot_read) {
  const Store store;
  PixelFile file;
  std::vector<uint8_t> pixels(kHeight * kWidth * 3);
  const CropBox whole{0, 0, kHeight, kWidth}, above{0, 0, 4, kWidth}, narrow{3, 1, 6, 2};
  CHECK(file.read(store.place(), kWidth, whole, pixels.data()).ok());

  // Cut off while it is open: what is still there can be read.
  fs::resize_file(store.path(), kBefore + 5 * kWidth * 3);
  CHECK(file.read(store.place(), kWidth, above, pixels.data()).ok());
  for (const CropBox& box : {whole, narrow}) {
    const auto status = file.read(store.place(), kWidth, box, pixels.data());
    CHECK(status.outcome == DecodeOutcome::Unreadable);
    CHECK(status.reason == "it cannot be read: it ends at byte 110, within an image");
  }

  const auto missing = file.read({store.path() + "-not", 0, 0}, kWidth, whole, pixels.data());
  CHECK(missing.outcome == DecodeOutcome::Unreadable);
  CHECK(missing.reason == "it cannot be read: No such file or directory");
  // And goes on with another.
  store.write(kHeight);
  CHECK(file.read(store.place(), kWidth, whole, pixels.data()).ok());
}

TEST(pixel_file_stays_with_the_file_that_it_opened) {
  const Store store;
  PixelFile file;
  std::vector<uint8_t> pixels(kHeight * kWidth * 3);
  const CropBox whole{0, 0, kHeight, kWidth};
  CHECK(file.read(store.place(), kWidth, whole, pixels.data()).ok());
  fs::rename(store.path(), store.path() + ".old");
  std::ofstream(store.path()) << "another";
  CHECK(file.read(store.place(), kWidth, whole, pixels.data()).ok());
  CHECK(pixels[3] == value(0, 1, 0));
}

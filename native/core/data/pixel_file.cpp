#include "core/data/pixel_file.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <system_error>

namespace byol {
namespace {

DecodeStatus unreadable(const std::string& reason) {
  return {DecodeOutcome::Unreadable, "it cannot be read: " + reason};
}

// Unlike strerror(), for several threads.
DecodeStatus unreadable(int error) { return unreadable(std::generic_category().message(error)); }

}  // namespace

void PixelFile::close() {
  if (descriptor_ >= 0) ::close(descriptor_);
  descriptor_ = -1;
}

DecodeStatus PixelFile::read(const FilePlace& place, int64_t width, const CropBox& box, uint8_t* pixels) {
  if (descriptor_ < 0 || path_ != place.path) {
    close();
    descriptor_ = ::open(place.path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (descriptor_ < 0) return unreadable(errno);
    path_ = place.path;
  }
  const int64_t line = width * 3, wanted = int64_t{box.width} * 3;
  const int64_t first = place.offset + box.top * line + box.left * int64_t{3};
  // From the first pixel to the last in one go; what lies between the rows is left out afterwards.
  const int64_t length = (box.height - 1) * line + wanted;
  const bool is_whole = wanted == line;
  if (!is_whole) rows_.resize(static_cast<size_t>(length));
  uint8_t* const into = is_whole ? pixels : rows_.data();
  for (int64_t done = 0; done < length;) {
    const ssize_t count = ::pread(descriptor_, into + done, static_cast<size_t>(length - done), first + done);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return unreadable(errno);
    if (count == 0) return unreadable("it ends at byte " + std::to_string(first + done) + ", within an image");
    done += count;
  }
  if (is_whole) return {};
  for (int64_t row = 0; row < box.height; ++row) {
    std::memcpy(pixels + row * wanted, into + row * line, static_cast<size_t>(wanted));
  }
  return {};
}

}  // namespace byol

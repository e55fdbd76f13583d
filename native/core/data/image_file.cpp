#include "core/data/image_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <system_error>

#include "core/data/snappy.h"

namespace byol {
namespace {

DecodeStatus unreadable(const std::string& reason) {
  return {DecodeOutcome::Unreadable, "it cannot be read: " + reason};
}

// Unlike strerror(), for several threads.
DecodeStatus unreadable(int error) { return unreadable(std::generic_category().message(error)); }

class File {
 public:
  explicit File(const std::string& path) : descriptor_(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK)) {}
  ~File() {
    if (descriptor_ >= 0) ::close(descriptor_);
  }
  File(const File&) = delete;
  int descriptor() const { return descriptor_; }

 private:
  int descriptor_;
};

DecodeStatus too_long(int64_t length, int64_t most) {
  return unreadable("it has " + std::to_string(length) + " bytes, more than " + std::to_string(most));
}

/// In place of what is packed the part that is wanted of it.
DecodeStatus unpack(const PackedPart& part, int64_t most_bytes, std::vector<uint8_t>& bytes) {
  const int64_t needed = part.offset + part.length;
  if (needed > most_bytes) return too_long(needed, most_bytes);
  std::vector<uint8_t> unpacked(static_cast<size_t>(needed));
  if (!unpack_snappy(bytes, unpacked)) return {DecodeOutcome::Broken, "what it is packed in is damaged"};
  bytes.assign(unpacked.begin() + static_cast<std::ptrdiff_t>(part.offset), unpacked.end());
  return {};
}

}  // namespace

DecodeStatus read_image_file(const FilePlace& place, int64_t most_bytes, std::vector<uint8_t>& bytes) {
  const File file(place.path);
  struct stat facts{};
  if (file.descriptor() < 0 || ::fstat(file.descriptor(), &facts) != 0) return unreadable(errno);
  if (S_ISDIR(facts.st_mode)) return unreadable("it is a folder");
  if (!S_ISREG(facts.st_mode)) return unreadable("it is not a regular file");
  const int64_t there = std::max<int64_t>(facts.st_size - place.offset, 0);
  const int64_t length = place.whole ? there : std::min(there, place.length);
  if (length > most_bytes) return too_long(length, most_bytes);
  bytes.resize(static_cast<size_t>(length));
  size_t read = 0;
  while (read < bytes.size()) {
    const ssize_t count = ::pread(file.descriptor(), bytes.data() + read, bytes.size() - read,
                                  static_cast<off_t>(place.offset + static_cast<int64_t>(read)));
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return unreadable(errno);
    if (count == 0) break;  // it has become shorter meanwhile
    read += static_cast<size_t>(count);
  }
  bytes.resize(read);
  if (place.packed && static_cast<int64_t>(read) < place.length) {
    return {DecodeOutcome::Broken, "the file that it is packed in is cut off"};
  }
  if (read > 0 && place.packed) {
    if (DecodeStatus status = unpack(*place.packed, most_bytes, bytes); !status.ok()) return status;
  }
  if (bytes.empty()) return {DecodeOutcome::Broken, "it is empty"};
  return {};
}

}  // namespace byol

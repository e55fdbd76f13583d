#include "core/io/atomic_file.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <filesystem>
#include <system_error>
#include <utility>

#include "core/error.h"

namespace byol {
namespace {

namespace fs = std::filesystem;

// Some systems refuse single writes of 2 GiB and more.
constexpr size_t kLargestWrite = size_t{1} << 30;

[[noreturn]] void fail(const std::string& path, int error) {
  throw Error("ERR_BYOL_IO", "Cannot write " + path + ": " + std::generic_category().message(error) + ".");
}

// 0 or errno. On macOS plain fsync leaves the data in the drive's cache.
int make_durable(int descriptor) {
#ifdef __APPLE__
  if (::fcntl(descriptor, F_FULLFSYNC) == 0) return 0;
#endif
  return ::fsync(descriptor) == 0 ? 0 : errno;
}

std::string folder_of(const std::string& path) {
  const size_t slash = path.find_last_of('/');
  if (slash == std::string::npos) return ".";
  return slash == 0 ? "/" : path.substr(0, slash);
}

// A descriptor that a process holds open, which has the file itself and not its name.
bool is_descriptor(const fs::path& path) {
  const std::string folder = path.parent_path().lexically_normal().string();
  return folder == "/dev/fd" || (folder.starts_with("/proc/") && folder.ends_with("/fd"));
}

// The name to rename to, behind all symbolic links, whether or not there is a file yet; empty where there is something
// that is not a file (a device, a pipe), which is written to as it is.
std::string replaceable(const std::string& path) {
  std::error_code problem;
  const fs::file_status there = fs::status(path, problem);
  if (there.type() == fs::file_type::none) fail(path, problem.value());
  if (fs::is_directory(there)) fail(path, EISDIR);
  if (fs::exists(there) && !fs::is_regular_file(there)) return "";
  fs::path target = path;
  // As many as Linux follows.
  for (int links = 0; links <= 40; ++links) {
    if (is_descriptor(fs::absolute(target, problem))) return "";
    const fs::path next = fs::read_symlink(target, problem);
    if (problem) return target.string();
    target = target.parent_path() / next;
  }
  fail(path, ELOOP);
}

}  // namespace

AtomicFile::AtomicFile(std::string path) : path_(std::move(path)), target_(replaceable(path_)) {
  if (target_.empty()) {
    descriptor_ = ::open(path_.c_str(), O_WRONLY | O_APPEND | O_CLOEXEC);
  } else {
    temporary_ = target_ + "." + std::to_string(::getpid()) + ".tmp";
    descriptor_ = ::open(temporary_.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
  }
  if (descriptor_ < 0) {
    const int error = errno;
    temporary_.clear();
    fail(path_, error);
  }
}

AtomicFile::~AtomicFile() {
  if (descriptor_ >= 0) ::close(descriptor_);
  if (!temporary_.empty()) ::unlink(temporary_.c_str());
}

void AtomicFile::write(const void* data, size_t size) {
  const char* rest = static_cast<const char*>(data);
  while (size > 0) {
    const ssize_t written = ::write(descriptor_, rest, std::min(size, kLargestWrite));
    if (written < 0) {
      if (errno == EINTR) continue;
      fail(path_, errno);
    }
    rest += written;
    size -= static_cast<size_t>(written);
  }
}

void AtomicFile::commit() {
  if (target_.empty()) {
    if (::close(std::exchange(descriptor_, -1)) != 0 && errno != EINTR) fail(path_, errno);
    return;
  }
  if (const int error = make_durable(descriptor_)) fail(path_, error);
  // Network file systems report a full disk only here.
  if (::close(std::exchange(descriptor_, -1)) != 0 && errno != EINTR) fail(path_, errno);
  if (std::rename(temporary_.c_str(), target_.c_str()) != 0) fail(path_, errno);
  temporary_.clear();

  const int folder = ::open(folder_of(target_).c_str(), O_RDONLY | O_CLOEXEC);
  if (folder < 0) fail(path_, errno);
  const int error = make_durable(folder);
  ::close(folder);
  // Some file systems cannot sync folders; the rename is then as durable as they make it.
  if (error != 0 && error != EINVAL && error != ENOTSUP) fail(path_, error);
}

}  // namespace byol

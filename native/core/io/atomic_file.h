#pragma once

#include <cstddef>
#include <string>

namespace byol {

/// A file that appears under its name complete or not at all: it is written under a temporary name in the same folder,
/// and commit() makes it durable (fsync of file and folder) and renames it over the file that was there. Without commit()
/// nothing remains. A symbolic link stays: the file that it leads to is replaced, or made. What is there and is no file, as
/// /dev/stdout or a named pipe, is written to as it is. Every failure throws ERR_BYOL_IO with the path and the reason.
class AtomicFile {
 public:
  explicit AtomicFile(std::string path);
  ~AtomicFile();
  AtomicFile(const AtomicFile&) = delete;
  AtomicFile& operator=(const AtomicFile&) = delete;

  void write(const void* data, size_t size);
  void commit();

 private:
  std::string path_;
  std::string target_;
  std::string temporary_;
  int descriptor_ = -1;
};

}  // namespace byol

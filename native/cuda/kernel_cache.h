#pragma once

#include <optional>
#include <string>

namespace byol::cuda {

/// Machine code of kernels in the user's cache, a file for each source, card, compiler and driver. A file holds the whole
/// key, so that no other's is ever taken for it, and a checksum; one that was damaged or cut counts as absent.
class KernelCache {
 public:
  /// `folder` is made when something is put into it; empty: nothing is kept.
  explicit KernelCache(std::string folder) : folder_(std::move(folder)) {}

  std::optional<std::string> get(const std::string& name, const std::string& key) const;
  /// Atomically; several processes may do so at once. What cannot be written is not kept, and compiled again next time.
  void put(const std::string& name, const std::string& key, const std::string& code) const;

 private:
  std::string path(const std::string& name, const std::string& key) const;
  std::string folder_;
};

}  // namespace byol::cuda

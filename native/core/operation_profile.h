#pragma once

#include <cstdint>
#include <map>
#include <string>

namespace byol {

struct OperationTime {
  int64_t calls = 0;
  double seconds = 0.0;
};

/// Where the time of what this thread does goes, while it exists: wall-clock seconds of every ATen operation and
/// backward node without those of the operations that it calls, by name. Operations within one of our own scopes (names
/// that begin with "byol::") count as part of the scope. One at a time per thread.
class OperationProfile {
 public:
  OperationProfile();
  ~OperationProfile();
  OperationProfile(const OperationProfile&) = delete;
  OperationProfile& operator=(const OperationProfile&) = delete;

  const std::map<std::string, OperationTime>& times() const;

 private:
  uint64_t handle_;
};

}  // namespace byol

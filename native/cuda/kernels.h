#pragma once

#include <cuda.h>

#include <map>
#include <mutex>
#include <string>
#include <vector>

#include "cuda/driver.h"
#include "cuda/kernel_cache.h"

namespace byol::cuda {

/// The kernels of native/kernels on one card: a file of them is compiled when one of its kernels is first asked for, or
/// taken from the cache. For any thread.
class Kernels {
 public:
  struct Kernel {
    CUfunction function = nullptr;
    unsigned threads = 0;       // of a block
    std::size_t arguments = 0;  // bytes of its one struct, 0 where the driver does not tell
    unsigned dynamic_shared = 0;  // bytes that launches were allowed so far
  };

  /// `nvrtc`: folders where the compiler may lie.
  Kernels(const Driver& driver, int capability, std::vector<std::string> nvrtc, KernelCache cache);

  /// The kernel of this name, ready for a launch with so much dynamic shared memory. `context` is current. Throws
  /// ERR_BYOL_NATIVE for a name that no file has, ERR_BYOL_DEVICE where it cannot be compiled or loaded.
  Kernel get(const std::string& name, unsigned dynamic_shared);

 private:
  struct Functions;
  void load_file_with(const std::string& name);
  std::string machine_code(const char* file, const char* text);

  const Driver& driver_;
  const int capability_;
  const std::vector<std::string> nvrtc_;
  const KernelCache cache_;
  const Functions* call_;
  std::mutex mutex_;
  std::map<std::string, Kernel> kernels_;
};

}  // namespace byol::cuda

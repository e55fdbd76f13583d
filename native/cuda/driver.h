#pragma once

#include <cstddef>
#include <string>

namespace byol::cuda {

/// The least compute capability that the kernels run on: 8.0, whose matrix units take bfloat16.
constexpr int kLeastCapability = 80;

/// What to do about a card whose memory is full.
constexpr const char* kMemoryFull =
    "The card's memory is full: take a smaller batch, or the same in more parts (--accumulate), or end other programs on the "
    "card (nvidia-smi lists them).";

/// "9.0" for 90.
std::string capability_text(int capability);
/// "13.0" for 13000, as CUDA counts its versions.
std::string version_text(int version);

/// NVIDIA's driver, opened by dlopen and initialised: what devices there are and what they are. Needs neither LibTorch nor
/// CUDA's headers, starts no context and takes no memory of a card.
class Driver {
 public:
  /// Throws ERR_BYOL_CUDA_UNAVAILABLE with what is wrong and what to do where there is no driver, or it is too old for CUDA
  /// programs of `runtime` (13000 is 13.0), or shows no device. `file`: of the library, as dlopen takes it.
  static Driver open(int runtime, const std::string& file = "libcuda.so.1");

  /// Of the newest CUDA that it runs.
  int version() const { return version_; }
  /// That CUDA_VISIBLE_DEVICES leaves.
  int devices() const { return devices_; }
  std::string name(int device) const;
  /// 10 * major + minor.
  int capability(int device) const;
  std::size_t memory(int device) const;  // bytes
  /// CUdevice_attribute of cuda.h.
  int attribute(int device, int number) const;

  /// The driver's function of this name. Throws ERR_BYOL_CUDA_UNAVAILABLE where it has none.
  void* function(const char* name) const;

 private:
  explicit Driver(void* library) : library_(library) {}
  int handle(int device) const;
  [[noreturn]] void refuse(int result, const std::string& what) const;

  void* library_;  // open as long as the process
  int version_ = 0;
  int devices_ = 0;
};

/// Why the kernels do not run on a device of this capability, and what to do; empty if they do.
std::string capability_problem(int device, const std::string& name, int capability);

}  // namespace byol::cuda

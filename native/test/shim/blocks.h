#pragma once

// Runs kernels on the CPU, block by block.

#include <cstddef>
#include <string>
#include <vector>

#include "core/device/runtime.h"

namespace byol::shim {

struct Index {
  unsigned x, y, z;
};
/// Of the thread and the block that run.
extern Index threadIdx, blockIdx, blockDim, gridDim;

/// Returns when every thread of the block has come here. Throws std::logic_error, out of the launch, where one never
/// does: it waits elsewhere, or has ended.
void block_barrier();
/// The same of the warp.
void warp_barrier();
/// A value of each thread of the warp.
void* warp_memory();
template <class T>
T* warp_slots() {
  static_assert(sizeof(T) <= 8);
  return static_cast<T*>(warp_memory());
}
/// The launch's dynamic shared memory. Each block finds NaN in it.
void* dynamic_shared();

struct Kernel {
  std::string name;
  unsigned threads;
  std::size_t argument_bytes;
  void (*run)(const void* arguments);
};

/// Throws std::logic_error for a name that no kernel has.
const Kernel& find_kernel(const std::string& name);
std::vector<std::string> kernel_names();

struct Registration {
  Registration(const char* name, unsigned threads, std::size_t argument_bytes, void (*run)(const void* arguments));
};

/// Runs all blocks. The threads of a block take their turns in an order that differs from launch to launch and from
/// barrier to barrier, so that a missing barrier shows.
void run_blocks(const Kernel& kernel, const LaunchShape& shape, const void* arguments);

}  // namespace byol::shim

#include "napi/thread_count.h"

#include <ATen/Parallel.h>

#include <mutex>
#include <string>

#include "core/error.h"
#include "core/thread_limit.h"
#include "napi/torch_thread.h"

namespace byol::napi {
namespace {

std::mutex mutex;
int environments = 0;
int chosen = 0;  // 0: LibTorch's own choice

// OpenMP's number belongs to the thread that asks, so after set() LibTorch would not tell this one.
int current() { return chosen > 0 ? chosen : at::get_num_threads(); }

}  // namespace

void ThreadCount::join() {
  const std::lock_guard lock(mutex);
  ++environments;
}

void ThreadCount::leave() {
  const std::lock_guard lock(mutex);
  --environments;
}

void ThreadCount::set(TorchThread& thread, int count) {
  {
    const std::lock_guard lock(mutex);
    if (environments > 1 && count != current()) {
      throw Error("ERR_BYOL_BUSY",
                  "LibTorch's " + std::to_string(current()) + " threads cannot become " + std::to_string(count) +
                      " while another worker of this process uses them. Ask for the same number, or end "
                      "that worker first.");
    }
    chosen = count;
  }
  thread.post([count] { use_threads(count); });
}

void ThreadCount::apply() {
  const std::lock_guard lock(mutex);
  if (chosen > 0) use_threads(chosen);
}

int ThreadCount::get() {
  const std::lock_guard lock(mutex);
  return current();
}

}  // namespace byol::napi

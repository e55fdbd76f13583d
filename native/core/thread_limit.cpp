#include "core/thread_limit.h"

#include <ATen/Parallel.h>

#include <algorithm>

namespace byol {
namespace {

thread_local const std::atomic<int>* limit_of_this_thread = nullptr;
thread_local int count_of_this_thread = 0;  // 0: LibTorch's own choice

}  // namespace

void use_threads(int count) {
  count_of_this_thread = count;
  heed_thread_limit();
}

int wanted_threads() { return count_of_this_thread == 0 ? at::get_num_threads() : count_of_this_thread; }

void obey_thread_limit(const std::atomic<int>& limit) {
  limit_of_this_thread = &limit;
  if (count_of_this_thread == 0) count_of_this_thread = at::get_num_threads();
}

void heed_thread_limit() {
  if (count_of_this_thread == 0) return;
  const int limit = limit_of_this_thread == nullptr ? count_of_this_thread : limit_of_this_thread->load();
  const int count = std::max(1, std::min(count_of_this_thread, limit));
  // Setting it also empties LibTorch's caches of oneDNN primitives.
  if (count != at::get_num_threads()) at::set_num_threads(count);
}

}  // namespace byol

// The number of threads follows a limit that another thread moves, and comes back.
#include "core/thread_limit.h"

#include <ATen/Parallel.h>

#include <thread>

#include "check.h"

namespace {

TEST(threads_obey_a_limit_that_moves) {
  std::thread([] {
    std::atomic<int> limit = 1000;
    byol::obey_thread_limit(limit);
    byol::use_threads(3);
    CHECK(at::get_num_threads() == 3);
    limit = 2;
    CHECK(at::get_num_threads() == 3);  // not within an operation
    byol::heed_thread_limit();
    CHECK(at::get_num_threads() == 2);
    byol::use_threads(1);
    CHECK(at::get_num_threads() == 1);
    byol::use_threads(4);
    CHECK(at::get_num_threads() == 2);
    limit = 1000;
    byol::heed_thread_limit();
    CHECK(at::get_num_threads() == 4);
  }).join();
}

}  // namespace

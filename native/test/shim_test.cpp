#include <ATen/ATen.h>

#include <stdexcept>
#include <vector>

#include "check.h"
#include "kernels/language.cuh"
#include "stand_in.h"

namespace byol::kernels {
namespace {

constexpr int kThreads = 128;

struct ReverseArguments {
  const float* from;
  float* to;
  int count;
};

// Each block reverses its part, through both kinds of shared memory.
BYOL_KERNEL(shim_test_reverse, ReverseArguments, kThreads) {
  __shared__ float mine[kThreads];
  BYOL_DYNAMIC_SHARED(float, sums);
  const int i = static_cast<int>(blockIdx.x) * kThreads + static_cast<int>(threadIdx.x);
  mine[threadIdx.x] = i < a.count ? a.from[i] : 0.0F;
  __syncthreads();
  const float sum = warp_sum(mine[threadIdx.x]);
  if (threadIdx.x % kWarp == 0) sums[threadIdx.x / kWarp] = sum;
  __syncthreads();
  float total = 0.0F;
  for (int warp = 0; warp < kThreads / kWarp; ++warp) total += sums[warp];
  if (i < a.count) a.to[i] = mine[kThreads - 1 - threadIdx.x] + total;
}

BYOL_KERNEL(shim_test_uneven, ReverseArguments, kThreads) {
  if (threadIdx.x > 3) __syncthreads();
}

// Reads what another thread has or has not written yet.
BYOL_KERNEL(shim_test_race, ReverseArguments, kThreads) {
  __shared__ float mine[kThreads];
  mine[threadIdx.x] = a.from[threadIdx.x];
  a.to[threadIdx.x] = mine[kThreads - 1 - threadIdx.x];
}

}  // namespace
}  // namespace byol::kernels

namespace {

TEST(stand_in_runs_threads_barriers_and_warps) {
  byol::shim::StandIn device;
  const at::Tensor from = at::arange(256, at::kFloat), to = at::zeros({256}, at::kFloat);
  const byol::kernels::ReverseArguments arguments{from.data_ptr<float>(), to.data_ptr<float>(), 256};
  device.launch("shim_test_reverse", {.x = 2, .shared_bytes = 16}, arguments);
  for (int64_t block = 0; block < 2; ++block) {
    const double total = from.narrow(0, block * 128, 128).sum().item<double>();
    for (int64_t i = 0; i < 128; ++i) {
      CHECK_CLOSE(to[block * 128 + i].item<double>(), static_cast<double>(block * 128 + 127 - i) + total, 0.0);
    }
  }
  CHECK(device.launches.at("shim_test_reverse") == 1);
}

TEST(stand_in_finds_uneven_barriers_and_races) {
  byol::shim::StandIn device;
  const at::Tensor from = at::arange(128, at::kFloat), to = at::zeros({128}, at::kFloat);
  const byol::kernels::ReverseArguments arguments{from.data_ptr<float>(), to.data_ptr<float>(), 128};
  bool refused = false;
  try {
    device.launch("shim_test_uneven", {.x = 1}, arguments);
  } catch (const std::logic_error&) {
    refused = true;
  }
  CHECK(refused);
  device.launch("shim_test_race", {.x = 1}, arguments);
  CHECK(!at::equal(to, from.flip(0)));
}

}  // namespace

// A mode holds as long as its object, and what was set before comes back.
#include "core/device/device_mode.h"

#include "check.h"

namespace {

using Sums = at::CuBLASReductionOption;

TEST(device_mode_is_set_and_comes_back) {
  at::Context& context = at::globalContext();
  context.setAllowTF32CuDNN(true);
  context.setAllowTF32CuBLAS(true);
  context.setBenchmarkCuDNN(false);
  context.setAllowBF16ReductionCuBLAS(true);
  {
    const byol::DeviceMode mode(false);
    CHECK(!context.allowTF32CuDNN());
    CHECK(!context.allowTF32CuBLAS());
    CHECK(context.benchmarkCuDNN());
    CHECK(!context.deterministicAlgorithms());
    CHECK(context.allowBF16ReductionCuBLAS() == Sums::DisallowReducedPrecisionAllowSplitK);
    {
      const byol::DeviceMode inner(true);
      CHECK(!context.benchmarkCuDNN());
      CHECK(context.deterministicCuDNN());
      CHECK(context.deterministicAlgorithms());
    }
    CHECK(context.benchmarkCuDNN());
    CHECK(!context.deterministicCuDNN());
    CHECK(!context.deterministicAlgorithms());
  }
  CHECK(context.allowTF32CuDNN());
  CHECK(context.allowTF32CuBLAS());
  CHECK(!context.benchmarkCuDNN());
  CHECK(context.allowBF16ReductionCuBLAS() == Sums::AllowReducedPrecisionWithSplitK);
  context.setAllowTF32CuBLAS(false);
}

}  // namespace

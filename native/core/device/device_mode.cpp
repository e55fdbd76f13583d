#include "core/device/device_mode.h"

namespace byol {

DeviceMode::DeviceMode(bool deterministic) : before_(current()) {
  apply({
      .tf32_products = false,
      .tf32_convolutions = false,
      .bfloat16_sums = at::CuBLASReductionOption::DisallowReducedPrecisionAllowSplitK,
      .benchmark = !deterministic,
      .deterministic_cudnn = deterministic,
      .deterministic = deterministic,
      .warn_only = false,
      // What nobody reads before it is written needs no filling.
      .fill = false,
  });
}

DeviceMode::~DeviceMode() { apply(before_); }

DeviceMode::Settings DeviceMode::current() {
  const at::Context& context = at::globalContext();
  return {
      .tf32_products = context.allowTF32CuBLAS(),
      .tf32_convolutions = context.allowTF32CuDNN(),
      .bfloat16_sums = context.allowBF16ReductionCuBLAS(),
      .benchmark = context.benchmarkCuDNN(),
      .deterministic_cudnn = context.deterministicCuDNN(),
      .deterministic = context.deterministicAlgorithms(),
      .warn_only = context.deterministicAlgorithmsWarnOnly(),
      .fill = context.deterministicFillUninitializedMemory(),
  };
}

void DeviceMode::apply(const Settings& settings) {
  using Option = at::CuBLASReductionOption;
  at::Context& context = at::globalContext();
  context.setAllowTF32CuBLAS(settings.tf32_products);
  context.setAllowTF32CuDNN(settings.tf32_convolutions);
  context.setAllowBF16ReductionCuBLAS(settings.bfloat16_sums == Option::AllowReducedPrecisionWithSplitK,
                                      settings.bfloat16_sums != Option::DisallowReducedPrecisionDisallowSplitK);
  context.setBenchmarkCuDNN(settings.benchmark);
  context.setDeterministicCuDNN(settings.deterministic_cudnn);
  context.setDeterministicAlgorithms(settings.deterministic, settings.warn_only);
  context.setDeterministicFillUninitializedMemory(settings.fill);
}

}  // namespace byol

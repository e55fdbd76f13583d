#pragma once

#include <ATen/Context.h>

namespace byol {

/// How LibTorch computes on a card, for as long as an instance lives; what was set before is set again by its end. These
/// are settings of the process: LibTorch has none per thread. No effect on the CPU.
class DeviceMode {
 public:
  /// float32 products are float32 products: TF32, which cuDNN takes by itself, rounds their factors to ten bits. bfloat16
  /// products are added up in float32. cuDNN measures which of its algorithms is fastest for each shape, at its first
  /// use. `deterministic`: no algorithm whose result depends on the order in which threads come, and no measuring, since
  /// the algorithms differ in rounding; what has no such algorithm throws. cuBLAS needs CUBLAS_WORKSPACE_CONFIG=:4096:8 in
  /// the environment for it, before its first use.
  explicit DeviceMode(bool deterministic);
  ~DeviceMode();
  DeviceMode(const DeviceMode&) = delete;
  DeviceMode& operator=(const DeviceMode&) = delete;

 private:
  struct Settings {
    bool tf32_products, tf32_convolutions;
    at::CuBLASReductionOption bfloat16_sums;
    bool benchmark, deterministic_cudnn;
    bool deterministic, warn_only, fill;
  };
  static Settings current();
  static void apply(const Settings& settings);

  Settings before_;
};

}  // namespace byol

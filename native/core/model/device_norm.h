#pragma once

#include <ATen/ATen.h>

#include <cstdint>

#include "core/device/runtime.h"
#include "kernels/norm_arguments.h"

namespace byol {

/// What NormPasses does on the CPU, for feature maps of one shape on a device with kernels of its own: each direction
/// is one launch where a block can have all rows of its channels, else two. Nothing is read back, and nothing depends
/// on the order in which blocks run: results are the same each time.
class DeviceNorm {
 public:
  /// Float32 or bfloat16 maps whose groups of channels fit a block: all of at most 512 channels, and those of up to
  /// 2048 where vectors divide them.
  static bool takes(const at::Tensor& x, std::int64_t parts, std::int64_t channel_groups);

  /// `x`: [N, C] or [N, C, H, W], dense with channels innermost, as are all maps here, and aligned to 16 bytes.
  DeviceNorm(DeviceRuntime& device, const at::Tensor& x, std::int64_t parts, std::int64_t channel_groups);

  struct Parameters {
    at::Tensor gamma, beta;  // float32 [C], or undefined for 1 and 0
    double eps;
    bool relu;
  };

  /// y = act((x - mean) * scale + shift [+ residual]) with the statistics of x, which are written to `mean` and
  /// `variance`, float32 [parts, C] or [C], where they are defined. `residual` may be undefined; y may be x. Returns
  /// what the gradients need, float32 [parts, 5, C].
  at::Tensor normalise(const at::Tensor& x, const at::Tensor& residual, const at::Tensor& y,
                       const Parameters& parameters, const at::Tensor& mean, const at::Tensor& variance) const;
  /// The same of one part with given statistics, [C], or 0 and 1 where they are undefined.
  at::Tensor normalise_with(const at::Tensor& x, const at::Tensor& residual, const at::Tensor& y,
                            const Parameters& parameters, const at::Tensor& mean, const at::Tensor& variance) const;

  struct Backward {
    at::Tensor x, dy;
    at::Tensor y;   // where a ReLU is judged from the output
    at::Tensor g;   // then: what passes it, written; may be dy
    at::Tensor dx;  // written; may be dy or g; undefined: not wanted
    at::Tensor coefficients;
    bool relu, frozen, parameters_wanted;
  };
  struct ParameterGradients {
    at::Tensor gamma, beta;  // float32 [C], where wanted
  };
  ParameterGradients gradients(const Backward& call) const;

 private:
  at::Tensor forward(kernels::NormForwardArguments& arguments, const at::Tensor& x, const at::Tensor& residual,
                     const at::Tensor& y, const Parameters& parameters) const;
  template <class Arguments>
  void launch(const char* pass, const Arguments& arguments, std::int64_t blocks) const;
  std::int64_t blocks() const;
  /// Of each block, `each` values per channel.
  at::Tensor sums(std::int64_t each) const;

  DeviceRuntime& device_;
  at::TensorOptions float32_;
  bool bfloat16_;
  int wide_;  // channels of a thread
  kernels::NormMap map_;
};

}  // namespace byol

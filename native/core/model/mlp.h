#pragma once

#include <optional>
#include <vector>

#include "core/model/forward_context.h"
#include "core/model/network_builder.h"

namespace byol {

/// A projector or predictor: Linear -> norm -> ReLU for every hidden width, then a Linear, and a norm if asked for.
/// Official: hidden bias although a norm follows, no bias and no norm at the end (byol-facts 1.2).
class Mlp {
 public:
  Mlp(NetworkBuilder& builder, const HeadSpec& spec, const NormLayerSpec& norm, int64_t in, const std::string& prefix);
  /// [B, in] of any floating type to [B, output] in the precision of the weights.
  at::Tensor forward(const ForwardContext& context, const at::Tensor& x) const;
  int64_t output() const { return output_; }
  /// Floating-point operations of its matrix products for one row.
  double flops() const { return flops_; }

 private:
  struct Linear {
    size_t weight;
    std::optional<size_t> bias;
    at::Tensor forward(const ForwardContext& context, const at::Tensor& x) const;
  };
  struct Hidden {
    Linear linear;
    NormSlot norm;
  };
  std::vector<Hidden> hidden_;
  std::optional<Linear> last_;  // always there after construction
  std::optional<NormSlot> output_norm_;
  int64_t output_;
  double flops_ = 0.0;
};

}  // namespace byol

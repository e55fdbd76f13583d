#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "core/model/convolution.h"

namespace byol {

/// Post-activation ResNet (v1, stride on the 3x3 of a bottleneck) with torchvision's parameter names.
class Encoder {
 public:
  Encoder(NetworkBuilder& builder, const EncoderSpec& spec, const NormLayerSpec& norm, const std::string& prefix);
  /// Images [B, 3, H, W] to representations y, float32 [B, features]: the global average pool.
  at::Tensor forward(const ForwardContext& context, const at::Tensor& images) const;
  /// All convolutions of a forward pass of one image of this size, the stem's first.
  std::vector<ConvolutionShape> convolutions(int64_t height, int64_t width) const;
  /// Values per image in the largest feature map that a layer makes of images of this size.
  int64_t largest_map(int64_t height, int64_t width) const;

 private:
  struct Unit {  // convolution and its norm
    Convolution convolution;
    NormSlot norm;
  };
  struct Block {
    std::vector<Unit> units;
    std::optional<Unit> shortcut;
  };
  Unit unit(NetworkBuilder& builder, const std::string& convolution, const std::string& norm, int64_t in, int64_t out,
            int64_t kernel, int64_t stride, double gamma = 1.0, int64_t margin = 0) const;
  Block block(NetworkBuilder& builder, const std::string& name, int64_t in, int64_t inner, int64_t stride,
              bool first) const;

  EncoderSpec spec_;
  NormLayerSpec norm_;
  std::optional<Unit> stem_;  // always there after construction
  std::vector<Block> blocks_;
};

}  // namespace byol

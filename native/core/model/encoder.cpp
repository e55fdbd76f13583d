#include "core/model/encoder.h"

#include <algorithm>

namespace byol {
namespace {

int64_t expansion(BlockKind kind) { return kind == BlockKind::Bottleneck ? 4 : 1; }

}  // namespace

int64_t EncoderSpec::features() const {
  return (width << (static_cast<int64_t>(blocks.size()) - 1)) * expansion(block);
}

Encoder::Unit Encoder::unit(NetworkBuilder& builder, const std::string& convolution, const std::string& norm,
                            int64_t in, int64_t out, int64_t kernel, int64_t stride, double gamma,
                            int64_t margin) const {
  Convolution built(builder, convolution, in, out, kernel, stride, spec_.padding, norm_.weight_standardization,
                    margin);
  return {built, builder.norm(norm, out, norm_, gamma)};
}

Encoder::Block Encoder::block(NetworkBuilder& builder, const std::string& name, int64_t in, int64_t inner,
                              int64_t stride, bool first) const {
  const int64_t out = inner * expansion(spec_.block);
  Block built;
  if (spec_.block == BlockKind::Bottleneck) {
    const double last_gamma = spec_.zero_init_last_norm ? 0.0 : 1.0;
    built.units.push_back(unit(builder, name + ".conv1", name + ".bn1", in, inner, 1, 1));
    built.units.push_back(unit(builder, name + ".conv2", name + ".bn2", inner, inner, 3, stride));
    built.units.push_back(unit(builder, name + ".conv3", name + ".bn3", inner, out, 1, 1, last_gamma));
  } else {
    built.units.push_back(unit(builder, name + ".conv1", name + ".bn1", in, inner, 3, stride));
    built.units.push_back(unit(builder, name + ".conv2", name + ".bn2", inner, out, 3, 1));
  }
  const bool reshapes = stride != 1 || in != out;
  if (reshapes || (first && spec_.shortcut == Shortcut::Official)) {
    built.shortcut = unit(builder, name + ".downsample.0", name + ".downsample.1", in, out, 1, stride);
  }
  return built;
}

Encoder::Encoder(NetworkBuilder& builder, const EncoderSpec& spec, const NormLayerSpec& norm, const std::string& prefix)
    : spec_(spec), norm_(norm) {
  const bool small = spec.stem != Stem::ImageNet;
  const int64_t margin = spec.stem == Stem::SmallPadded ? 1 : 0;
  stem_ = unit(builder, prefix + "conv1", prefix + "bn1", 3, spec.width, small ? 3 : 7, small ? 1 : 2, 1.0, margin);
  int64_t in = spec.width;
  for (size_t group = 0; group < spec.blocks.size(); ++group) {
    const int64_t inner = spec.width << group;
    for (int64_t index = 0; index < spec.blocks[group]; ++index) {
      const std::string name = prefix + "layer" + std::to_string(group + 1) + "." + std::to_string(index);
      const int64_t stride = index == 0 && group > 0 ? 2 : 1;
      blocks_.push_back(block(builder, name, in, inner, stride, index == 0));
      in = inner * expansion(spec.block);
    }
  }
}

std::vector<ConvolutionShape> Encoder::convolutions(int64_t height, int64_t width) const {
  std::vector<ConvolutionShape> shapes{stem_->convolution.shape(1, height, width)};
  const auto follow = [&] { height = shapes.back().output_height(), width = shapes.back().output_width(); };
  follow();
  if (spec_.stem == Stem::ImageNet) height = (height + 1) / 2, width = (width + 1) / 2;  // max_pool()
  for (const Block& block : blocks_) {
    if (block.shortcut) shapes.push_back(block.shortcut->convolution.shape(1, height, width));
    for (const Unit& unit : block.units) {
      shapes.push_back(unit.convolution.shape(1, height, width));
      follow();
    }
  }
  return shapes;
}

int64_t Encoder::largest_map(int64_t height, int64_t width) const {
  int64_t largest = 0;
  for (const ConvolutionShape& each : convolutions(height, width)) {
    largest = std::max(largest, each.out * each.output_height() * each.output_width());
  }
  return largest;
}

at::Tensor Encoder::forward(const ForwardContext& context, const at::Tensor& images) const {
  const auto apply = [&](const Unit& u, const at::Tensor& input, bool relu, const std::optional<at::Tensor>& residual) {
    return context.norm(u.norm, u.convolution.forward(context, input), residual, relu);
  };
  at::Tensor x = apply(*stem_, images, true, std::nullopt);
  if (spec_.stem == Stem::ImageNet) x = max_pool(x, spec_.padding);
  for (const Block& block : blocks_) {
    const at::Tensor residual = block.shortcut ? apply(*block.shortcut, x, false, std::nullopt) : x;
    for (size_t i = 0; i + 1 < block.units.size(); ++i) x = apply(block.units[i], x, true, std::nullopt);
    x = apply(block.units.back(), x, true, residual);
  }
  return x.mean({2, 3}, /*keepdim=*/false, at::kFloat);
}

}  // namespace byol

#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/parameters/precision.h"

namespace byol {

enum class BlockKind { Basic, Bottleneck };
enum class Stem {
  ImageNet,    // 7x7 stride 2 + max pool
  Small,       // 3x3 stride 1 without pool
  SmallPadded  // the same with one more row of zeros on each side, as solo-learn's for CIFAR
};
enum class Padding { Same, Symmetric };  // Same: TensorFlow's asymmetric padding of strided layers (the official code)
enum class Initialization { Official, Torchvision };
enum class Shortcut {
  Official,
  Torchvision
};  // Official: projection in the first block of every group, even where shapes agree
/// Where the batch normalisations of a pass that trains nothing take their statistics from: the running averages, or the
/// batch itself.
enum class EmbedStatistics { Running, Batch };
/// What stands where the paper has batch normalisation; only Batch uses statistics over the batch in training.
enum class NormKind {
  Batch,   // statistics of the batch over N, H, W; running averages of them at inference
  Group,   // statistics of each sample over H, W and a group of channels
  Layer,   // the same with one group
  Affine,  // a scale and an offset per channel that start as the first batch's normalisation (affine_layers.h)
  None     // nothing, and no parameters
};

struct EncoderSpec {
  BlockKind block = BlockKind::Basic;
  std::vector<int64_t> blocks;  // per group
  int64_t width = 64;           // channels of the stem; group g has width * 2^g (times 4 at a bottleneck's end)
  Stem stem = Stem::Small;
  Padding padding = Padding::Same;
  Initialization initialization = Initialization::Official;
  Shortcut shortcut = Shortcut::Official;
  bool zero_init_last_norm = false;  // gamma = 0 in the last norm of bottlenecks; basic blocks keep 1, as in Haiku

  int64_t features() const;  // size of the representation y
};

/// An MLP head: Linear -> norm -> ReLU for every hidden width, then a Linear to `output` [-> norm].
struct HeadSpec {
  std::vector<int64_t> hidden;
  int64_t output = 256;
  bool hidden_bias = true;
  bool output_bias = false;
  bool output_norm = false;  // as SimSiam's projector
};

/// The norm layers of one part of a network.
struct NormLayerSpec {
  NormKind kind = NormKind::Batch;
  int64_t groups = 16;  // Group only
  bool weight_standardization =
      false;  // of every convolution and Linear before a norm's place (weight_standardization.h)
};

struct NormSpec {
  double decay = 0.9;  // of the running statistics
  double epsilon = 1e-5;
  NormKind encoder = NormKind::Batch;
  NormKind projector = NormKind::Batch;
  NormKind predictor = NormKind::Batch;
  int64_t groups = 16;
  bool weight_standardization = false;

  NormLayerSpec layers(NormKind kind) const { return {kind, groups, weight_standardization}; }
};

}  // namespace byol

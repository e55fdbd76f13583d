#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace byol {

enum class BlockKind { Basic, Bottleneck };
enum class Stem { ImageNet, Small };     // 7x7 stride 2 + max pool; 3x3 stride 1 without pool
enum class Padding { Same, Symmetric };  // Same: TensorFlow's asymmetric padding of strided layers (the official code)
enum class Initialization { Official, Torchvision };
enum class Shortcut {
  Official,
  Torchvision
};  // Official: projection in the first block of every group, even where shapes agree
enum class Precision { Float32, BFloat16 };

struct EncoderSpec {
  BlockKind block = BlockKind::Basic;
  std::vector<int64_t> blocks;  // per group
  int64_t width = 64;           // channels of the stem; group g has width * 2^g (times 4 at a bottleneck's end)
  Stem stem = Stem::Small;
  Padding padding = Padding::Same;
  Initialization initialization = Initialization::Official;
  Shortcut shortcut = Shortcut::Official;
  bool zero_init_last_norm = false;  // gamma = 0 in the last norm of each block

  int64_t features() const;  // size of the representation y
};

/// An MLP head: Linear -> norm -> ReLU for every hidden width, then a Linear to `output`.
struct HeadSpec {
  std::vector<int64_t> hidden;
  int64_t output = 256;
  bool hidden_bias = true;
  bool output_bias = false;
};

struct NormSpec {
  double decay = 0.9;  // of the running statistics
  double epsilon = 1e-5;
};

}  // namespace byol

#pragma once

// What the update's kernels (update.cuh) are given; core/optim/device_update.cpp fills it in. Pointers are to the
// device's memory.

namespace byol::kernels {

constexpr int kUpdateThreads = 256;  // of a block
constexpr int kUpdateElements = 8192;  // of a block, at most

/// One parameter, and how it is updated.
struct UpdateSegment {
  int first_block, blocks;
  int rate;  // which of the rates
  bool decay, adapt, mirrored;
};

/// A part of one parameter: what a block has.
struct UpdateBlock {
  long long offset;  // in the flat buffers
  int count;
  int segment;
};

/// Sums over a block.
struct UpdateSums {
  float parameters, gradient;  // of squares, the latter with weight decay; of segments that are adapted
  float zero;                  // NaN where a gradient is not finite, else 0
};

/// The flat buffers. A gradient is the sum of both that are there.
struct UpdateBuffers {
  float* parameters;
  float* momentum;
  float* gradient;
  void* low_gradient;   // bfloat16, as the mirrors; of mirrored segments, as long as those; or null
  void* mirror;         // or null
  float* target;        // that follows the parameters; or null
  void* target_mirror;  // or null
  bool collected;       // gradients of mirrored segments are in `gradient` too; else that is 0 there and stays so
};

struct UpdateInspectArguments {
  UpdateBuffers buffers;
  const UpdateSegment* segments;
  const UpdateBlock* blocks;
  UpdateSums* sums;  // [blocks], written
  float weight_decay;
};

/// A block for each segment, and one more for `alive`.
struct UpdateJudgeArguments {
  const UpdateSegment* segments;
  const UpdateSums* sums;
  int segment_count, block_count;
  double trust_coefficient;
  float* ratios;  // [segments], written: of LARS, or 1
  bool* alive;    // becomes false where a gradient is not finite
};

struct UpdateApplyArguments {
  UpdateBuffers buffers;
  const UpdateSegment* segments;
  const UpdateBlock* blocks;
  const float* ratios;
  const float* rates;
  const float* target_weight;  // 1 - tau
  const bool* alive;           // false: gradients become 0, and nothing else changes
  float weight_decay, momentum;
  bool nesterov;
};

}  // namespace byol::kernels

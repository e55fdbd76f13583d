#pragma once

// What the kernels of weight standardisation (standardize.cuh) are given; core/model/device_standardization.cpp fills it
// in. Pointers are to the device's memory.

namespace byol::kernels {

constexpr int kStandardizeThreads = 256;  // of a block
constexpr int kStandardizeUnits = 8;      // of a block, at most: one output unit for each of its warps
/// Whose gradients one launch can be told.
constexpr int kMostStandardizedWeights = 400;

/// Neighbouring output units of one weight: what a block has. The weights of a unit follow each other in memory.
struct StandardizeBlock {
  long long offset;  // of the first unit's weights, in the flat buffers
  int first_unit;    // its number among the units of all weights
  int units, fan_in;
  int weight;       // which of the standardised ones
  long long unit_offset;  // of the first unit's weights, in that weight
};

struct StandardizeForwardArguments {
  const StandardizeBlock* blocks;
  const float* weights;
  void* out;        // float32 or bfloat16, written; its first element is that of `begin` in the flat buffers
  long long begin;  // a multiple of 4
  float* statistics;  // [2, units] of all weights, written: means and inverse deviations; null: not kept
  int units;
  float eps;
};

struct StandardizeBackwardArguments {
  const StandardizeBlock* blocks;  // of the weights from `first_weight` on
  int first_weight;
  int units;
  const float* weights;
  const float* statistics;
  float* gradient;  // flat; the raw weights' gradients are added to it
  const void* gradients[kMostStandardizedWeights];  // of the standardised weights, in `out`'s type; null: 0
};

}  // namespace byol::kernels

#pragma once

// What the normalisation's kernels (norm.cuh) are given; core/model/device_norm.cpp fills it in. Pointers are to the
// device's memory and may be null where it says so.

namespace byol::kernels {

constexpr int kNormThreads = 512;  // of a block

/// A feature map as a matrix [parts * rows, channels], dense, and how blocks share it out. A block has `columns`
/// neighbouring channels, whole groups of them, and `block_rows` rows of one part; along x come first the blocks of
/// columns, then those of rows, then the parts.
struct NormMap {
  int rows;  // of a part
  int block_rows;
  int channels;
  int group;  // channels that share statistics
  int columns, column_blocks, row_blocks;
  int parts;
};

// Where one block has all rows of its channels (row_blocks = 1), one launch does everything (whole). Else the first one
// sums up what each block has, and the second one merges these sums and does what follows from them, which is all there
// is to do where statistics do not depend on x.

struct NormForwardArguments {
  NormMap map;
  bool given;  // statistics that do not depend on x
  bool relu;
  float eps;
  const void* x;
  const void* residual;  // or null
  void* y;               // may be x
  const float* gamma;    // [channels], or null for 1
  const float* beta;     // [channels], or null for 0
  float* partials;       // [parts, row_blocks, 3, channels]: pivot, sum and sum of squares of x - pivot
  float* coefficients;   // [parts, 5, channels]: mean, mean_rest, inverse_deviation, scale, shift (norm_kernels.h)
  // Written, or, if given, read; null: not kept, or 0 and 1.
  float* mean;
  float* variance;
  long long mean_stride, variance_stride;  // from part to part
};

/// Where the gradient passes the ReLU.
enum NormMask : int {
  kNormUnmasked,        // there is no ReLU
  kNormMaskFromInput,   // judged from x
  kNormMaskFromOutput,  // judged from y; what passes is stored in g
};

struct NormBackwardArguments {
  NormMap map;
  NormMask mask;
  bool frozen;            // statistics do not depend on x
  int block_parts;        // that follow each other in a block that has all rows
  const void* x;
  const void* dy;
  const void* y;          // of kNormMaskFromOutput
  void* g;                // of kNormMaskFromOutput; may be dy
  void* dx;               // may be dy or g; null: not wanted
  const float* coefficients;
  float* partials;        // [parts, row_blocks, 2, channels], or null: not kept: sums of g and of g * (x - m)
  float* gamma_gradient;  // [channels]; both null: not wanted, or summed by norm_parameter_gradients
  float* beta_gradient;
};

/// Parameters' gradients where the parts are too many for the blocks that have their sums.
struct NormParameterArguments {
  int channels, columns;  // columns: of a block
  int parts, row_blocks;
  const float* partials;
  const float* coefficients;
  float* gamma_gradient;
  float* beta_gradient;
};

/// Floats of dynamic shared memory. `wide`: channels of a thread, 4 (float32) or 8 (bfloat16), or 1.
constexpr int norm_shared_floats(int columns, int wide) {
  return 2 * kNormThreads * wide + 3 * kNormThreads + 9 * columns;
}

}  // namespace byol::kernels

#pragma once

// What the augmentation kernels are given: plain memory, for native/core's host code and run-time compiled kernels
// alike.

namespace byol::kernels {

/// Where an image lies: [height, width, 3] bytes from `offset` on.
struct ImagePlace {
  long long offset;
  int height, width;
};

/// ViewSpec in the kernels' terms, and the rows to execute.
struct AugmentView {
  const float* plan;  ///< [rows, kPlanColumns], accepted by check_plan
  float mean[3], inverse_std[3];
  int blur_radius;
  bool cubic;  ///< else the triangle
  bool antialias, beyond_crop, official_jitter;
  bool reflect;  ///< at the blur's border; else zero
};

/// Of one launch.
constexpr int kMostAugmentViews = 4;

/// Threads of a block, and blocks of a multiprocessor: 64 registers a thread, which suffice for each of the kernels.
constexpr int kAugmentThreads = 256, kAugmentBlocks = 4;

/// Floats by which planes in shared memory are further apart than a multiple of its 32 banks, so that the channels of
/// neighbouring pixels lie in different ones.
constexpr int kPlaneGap = 11;

/// Pixels that a block of augment_colour has.
constexpr int kColourPixels = 4 * kAugmentThreads;

/// A block that blurs has a stretch of some lines: one line per lane of a warp, a run of each per warp and thread.
constexpr int kBlurLines = 32, kBlurRun = 8, kBlurLength = kBlurRun * kAugmentThreads / kBlurLines;
/// Positions of each line that it has at once, and floats from line to line of them.
constexpr int kBlurChunk = 32, kBlurPitch = kBlurChunk + 1;
/// In its shared memory: the chunk's three planes; those of the result, in the second pass; before the taps.
constexpr int kBlurChunkFloats = 3 * kBlurLines * kBlurPitch;
constexpr int kBlurResultFloats = (3 * (kBlurLines * kBlurLength + kPlaneGap) + 3) / 4 * 4;

/// What a block of a kernel has in its shared memory, each as floats from the beginning.
struct AugmentLayout {
  int centres;               ///< double [positions]: of the tile's rows, then of its columns; in source pixels
  int firsts, counts;        ///< int [positions]: the source pixels that each is a mean of
  int scales;                ///< [positions]: one over the sum of their weights
  int taps;                  ///< [most_taps, positions]: the weights, scaled
  int most_taps;             ///< where there are more, they are computed where they are needed
  int line, line_floats;     ///< source columns of some of the tile's rows, combined down; then one blurred plane
  int planes, plane_stride;  ///< the tile's pixels: three planes, and floats from one to the next
  int blur_taps;             ///< from the middle to one side
  int bytes;                 ///< in all
};

/// Rows of several views, counted view by view: output i is row i % rows of view i / rows.
struct AugmentArguments {
  const unsigned char* pixels;
  const ImagePlace* places;
  const long long* indices;  ///< [rows]: of each row, which place
  void* out;                 ///< [views * rows, height, width, channels]; zero in the channels behind the third
  int rows, height, width;
  int channels;   ///< 3, 4 or 8
  bool bfloat16;  ///< output; else float32
  int first;      ///< the first output of this launch
  int tile_width, tile_height;
  int blur_tap_floats;  ///< of a block that blurs: 2 * the largest view's reach + 16
  AugmentLayout layout;
  float* colours;  ///< [outputs, 3, height, width]: resized, and jittered as far as no mean is needed
  float* sums;     ///< [outputs, tiles, 3]: of each tile of `colours`
  float* columns;  ///< [outputs, 3, width, height]: blurred along rows
  AugmentView views[kMostAugmentViews];
};

}  // namespace byol::kernels

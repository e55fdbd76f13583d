#pragma once

// What the normalisation's kernels share: which elements a block and a thread have, sums over a block's rows in an
// order that never changes, and sums over groups of channels.

#include "kernels/elements.cuh"
#include "kernels/language.cuh"
#include "kernels/norm_arguments.h"

namespace byol::kernels {

/// The part of a map that a block has, and this thread in it: `wide` neighbouring channels of every `lanes`-th row.
struct NormPlace {
  int part, row_block;
  int first_column, columns;
  int column;  // of the thread, in the block
  int lane, lanes;
  int block_rows;
  int rows;          // of the thread; 0 of those that are left over
  long long offset;  // of its first element
};

BYOL_DEVICE int norm_block_rows(const NormMap& map, int row_block) {
  const int left = map.rows - row_block * map.block_rows;
  return left < map.block_rows ? left : map.block_rows;
}

/// `parts` follow each other in a block, of which this is number `turn`.
template <class E>
BYOL_DEVICE NormPlace norm_place(const NormMap& map, int parts, int turn) {
  NormPlace p;
  const int block = static_cast<int>(blockIdx.x), column_block = block % map.column_blocks;
  const int thread = static_cast<int>(threadIdx.x);
  p.row_block = block / map.column_blocks % map.row_blocks;
  p.part = block / map.column_blocks / map.row_blocks * parts + turn;
  p.first_column = column_block * map.columns;
  const int left = map.channels - p.first_column;
  p.columns = left < map.columns ? left : map.columns;
  const int across = p.columns / E::kWide;
  p.lanes = kNormThreads / across;
  p.lane = thread / across;
  p.column = thread % across * E::kWide;
  p.block_rows = norm_block_rows(map, p.row_block);
  p.rows = p.lane < p.lanes && p.lane < p.block_rows ? (p.block_rows - p.lane + p.lanes - 1) / p.lanes : 0;
  const long long row = static_cast<long long>(p.part) * map.rows + p.row_block * map.block_rows + p.lane;
  p.offset = row * map.channels + p.first_column + p.column;
  return p;
}

/// Calls body.template operator()<whole>(at, step, count) for the thread's rows, kAtOnce rows at a time (whole) or, the
/// last time, `count` of them: those at element at, at + step, ... A body loads all of them before it uses any.
template <int kAtOnce, class Body>
BYOL_DEVICE void each_row(const NormMap& map, const NormPlace& p, bool backwards, const Body& body) {
  const long long forwards_step = static_cast<long long>(p.lanes) * map.channels;
  const long long step = backwards ? -forwards_step : forwards_step;
  long long at = backwards ? p.offset + (p.rows - 1) * forwards_step : p.offset;
  int left = p.rows;
  for (; left >= kAtOnce; left -= kAtOnce, at += kAtOnce * step) body.template operator()<true>(at, step, kAtOnce);
  if (left > 0) body.template operator()<false>(at, step, left);
}

/// The block's dynamic shared memory (norm_shared_floats()).
struct NormShared {
  float* lines;     // [2, kNormThreads * wide]
  float* segments;  // [2, kNormThreads]
  float* columns;   // [9, columns]
  int width;

  /// The i-th value of each of the block's channels.
  __device__ __forceinline__ float* of_columns(int i) const { return columns + i * width; }
};

template <class E>
BYOL_DEVICE NormShared norm_shared(float* memory, int columns) {
  float* const segments = memory + 2 * kNormThreads * E::kWide;
  return {memory, segments, segments + 2 * kNormThreads, columns};
}

/// sums[k][c] = the k-th of two sums over all terms, for each of `columns`: add(term, c, sums) adds one term to both.
/// Every thread of the block calls it, and may read the sums when it returns.
template <class Add>
BYOL_DEVICE void sum_terms(const NormShared& shared, int columns, int terms, float* first, float* second,
                           const Add& add) {
  constexpr int kMostSegments = 16;
  const int thread = static_cast<int>(threadIdx.x);
  int segments = kNormThreads / columns;
  if (segments > kMostSegments) segments = kMostSegments;
  if (segments <= 1) {
    for (int c = thread; c < columns; c += kNormThreads) {
      float sums[2] = {0.0F, 0.0F};
      for (int i = 0; i < terms; ++i) add(i, c, sums);
      first[c] = sums[0];
      second[c] = sums[1];
    }
    __syncthreads();
    return;
  }
  const int segment = thread / columns, column = thread % columns;
  if (segment < segments) {
    float sums[2] = {0.0F, 0.0F};
    for (int i = segment; i < terms; i += segments) add(i, column, sums);
    shared.segments[thread] = sums[0];
    shared.segments[kNormThreads + thread] = sums[1];
  }
  __syncthreads();
  // One of the two sums is one half of the block's.
  const int which = thread / (kNormThreads / 2), c = thread % (kNormThreads / 2);
  if (c < columns) {
    const float* const from = shared.segments + which * kNormThreads + c;
    float sum = 0.0F;
    for (int i = 0; i < segments; ++i) sum += from[i * columns];
    (which == 0 ? first : second)[c] = sum;
  }
  __syncthreads();
}

/// The same over the block's lanes, of two values of each thread for each of its channels.
template <class E>
BYOL_DEVICE void sum_lanes(const NormShared& shared, const NormPlace& p, const float (&a)[E::kWide],
                           const float (&b)[E::kWide], float* first, float* second) {
  float* const second_lines = shared.lines + kNormThreads * E::kWide;
  if (p.lane < p.lanes) {
    const int at = p.lane * p.columns + p.column;
    for (int k = 0; k < E::kWide; ++k) {
      shared.lines[at + k] = a[k];
      second_lines[at + k] = b[k];
    }
  }
  __syncthreads();
  sum_terms(shared, p.columns, p.lanes, first, second, [&](int lane, int c, float (&sums)[2]) {
    sums[0] += shared.lines[lane * p.columns + c];
    sums[1] += second_lines[lane * p.columns + c];
  });
}

/// Calls body(first, lane) with the first channel of each group of the block's, for all lanes of one warp, which may
/// then sum over the warp. Every thread of the block calls it.
template <class Body>
BYOL_DEVICE void each_group(const NormPlace& p, int group, const Body& body) {
  const int thread = static_cast<int>(threadIdx.x);
  for (int first = thread / kWarp * group; first < p.columns; first += kNormThreads / kWarp * group) {
    body(first, thread % kWarp);
  }
  __syncthreads();
}

}  // namespace byol::kernels

#pragma once

// Crop and separable resize of a part of a view: some source rows are combined first, then the columns of that line, as
// the CPU does. Memory is bounded: of a source that is larger than the block's line, a stretch of columns at a time.

#include "kernels/augment_sample.cuh"

namespace byol::kernels {

/// Pixels of a view.
struct Tile {
  int x, y, width, height;
};

/// The windows of a tile's rows or of its columns.
struct Side {
  const pixel::Resize& resize;
  bool tabled;  ///< the weights lie in AugmentLayout::taps
  int first;    ///< position
};

struct Windows {
  double* centres;
  int *firsts, *counts;
  float *scales, *taps;
  int positions;

  BYOL_MEMBER Windows(const AugmentArguments& a, float* shared)
      : centres(reinterpret_cast<double*>(shared + a.layout.centres)),
        firsts(reinterpret_cast<int*>(shared + a.layout.firsts)),
        counts(reinterpret_cast<int*>(shared + a.layout.counts)),
        scales(shared + a.layout.scales),
        taps(shared + a.layout.taps),
        positions(a.tile_height + a.tile_width) {}

  BYOL_MEMBER float weight(const Side& side, int position, int k) const {
    if (side.tabled) return taps[k * positions + position];
    return pixel::tap(side.resize, firsts[position] + k, centres[position]) * scales[position];
  }

  /// For output pixel `i` of a line of `in` source pixels.
  BYOL_MEMBER void fill(const Side& side, int position, int i, int in) const {
    const double centre = pixel::centre_of(side.resize, i);
    const pixel::Window window = pixel::window(centre, side.resize.reach, in);
    float sum = 0.0F;
    for (int k = 0; k < window.count; ++k) {
      const float tap = pixel::tap(side.resize, window.first + k, centre);
      if (side.tabled) taps[k * positions + position] = tap;
      sum += tap;
    }
    const float scale = 1.0F / sum;
    if (side.tabled) {
      for (int k = 0; k < window.count; ++k) taps[k * positions + position] *= scale;
    }
    centres[position] = centre;
    firsts[position] = window.first;
    counts[position] = window.count;
    scales[position] = scale;
  }
};

/// A stretch of source columns, in bytes of a row, and some of the tile's rows.
struct Stretch {
  int from, columns, top, rows;
};

/// line = for each of the stretch's rows, the source rows of its window combined. A warp has 32 bytes of one row.
BYOL_DEVICE void combine_rows(const Windows& windows, const Side& down, const Stretch& s, const unsigned char* corner,
                              long long pitch, float* line) {
  const int bytes = 3 * s.columns, pieces = (bytes + kWarp - 1) / kWarp;
  const int lane = static_cast<int>(threadIdx.x) % kWarp;
  for (int task = static_cast<int>(threadIdx.x) / kWarp; task < s.rows * pieces; task += kAugmentThreads / kWarp) {
    const int row = task / pieces, i = (task - row * pieces) * kWarp + lane, position = down.first + s.top + row;
    if (i >= bytes) continue;
    const int count = windows.counts[position];
    const unsigned char* const from = corner + windows.firsts[position] * pitch + 3LL * s.from + i;
    float sum = 0.0F;
    for (int k = 0; k < count; ++k) sum += static_cast<float>(from[k * pitch]) * windows.weight(down, position, k);
    line[row * bytes + i] = sum;
  }
}

/// Adds to the planes what the line's columns have of each pixel.
BYOL_DEVICE void combine_columns(const Windows& windows, const Side& across, const Stretch& s, const Tile& tile,
                                 bool begins, const float* line, const Planes<int>& planes) {
  for (int i = static_cast<int>(threadIdx.x); i < s.rows * tile.width; i += kAugmentThreads) {
    const int row = i / tile.width, x = i - row * tile.width, position = across.first + x;
    const int first = windows.firsts[position], end = s.from + s.columns;
    const int from = pixel::larger(first, s.from), to = pixel::smaller(first + windows.counts[position], end);
    const int at = (s.top + row) * tile.width + x;
    const float* const pixels = line + 3 * (row * s.columns - s.from);
    Rgb<float> sum = begins ? Rgb<float>{0.0F, 0.0F, 0.0F} : planes.load(at);
    for (int j = from; j < to; ++j) {
      const float weight = windows.weight(across, position, j - first);
      sum.r += pixels[3 * j] * weight;
      sum.g += pixels[3 * j + 1] * weight;
      sum.b += pixels[3 * j + 2] * weight;
    }
    planes.store(at, sum);
  }
}

/// The tile's pixels, row by row, 0..255 and beyond. Every thread may read them.
BYOL_DEVICE void resize_tile(const AugmentArguments& a, const Sample& sample, const Tile& tile, float* shared,
                             const Planes<int>& planes) {
  const AugmentView& view = a.views[sample.view];
  const PlanRow row = row_of(a, sample);
  const Windows windows(a, shared);
  float* const line = shared + a.layout.line;
  const ImagePlace place = a.places[a.indices[sample.index]];
  const CropLine lines[2] = {crop_line(row.top, row.height, place.height, view.beyond_crop),
                             crop_line(row.left, row.width, place.width, view.beyond_crop)};
  // Divisions of doubles, which most cards are slow at: by one thread each.
  __shared__ pixel::Resize resizes[2];
  if (threadIdx.x == 0) {
    resizes[0] = pixel::resize_of(lines[0].start, row.height, a.height, view.cubic, view.antialias);
  }
  if (threadIdx.x == 1) {
    resizes[1] = pixel::resize_of(lines[1].start, row.width, a.width, view.cubic, view.antialias);
  }
  __syncthreads();
  const auto tabled = [&](const pixel::Resize& resize) { return pixel::most_taps(resize) <= a.layout.most_taps; };
  const Side down{resizes[0], tabled(resizes[0]), 0}, across{resizes[1], tabled(resizes[1]), a.tile_height};

  const auto output_column = [&](int x) { return row.flip ? a.width - 1 - (tile.x + x) : tile.x + x; };
  for (int i = static_cast<int>(threadIdx.x); i < tile.height + tile.width; i += kAugmentThreads) {
    const int x = i - tile.height;
    if (x < 0) {
      windows.fill(down, i, tile.y + i, lines[0].length);
    } else {
      windows.fill(across, across.first + x, output_column(x), lines[1].length);
    }
  }
  __syncthreads();

  const long long pitch = 3LL * place.width;
  const unsigned char* const corner = a.pixels + place.offset + lines[0].first * pitch + 3LL * lines[1].first;
  const int begin = across.first, end = across.first + tile.width - 1;
  const int leftmost = row.flip ? end : begin, rightmost = row.flip ? begin : end;
  const int left = windows.firsts[leftmost], right = windows.firsts[rightmost] + windows.counts[rightmost];
  const int columns = pixel::smaller(right - left, a.layout.line_floats / 3);
  const int rows = columns < right - left ? 1 : pixel::smaller(tile.height, a.layout.line_floats / (3 * columns));
  for (int top = 0; top < tile.height; top += rows) {
    for (int from = left; from < right; from += columns) {
      const Stretch stretch{from, pixel::smaller(columns, right - from), top, pixel::smaller(rows, tile.height - top)};
      combine_rows(windows, down, stretch, corner, pitch, line);
      __syncthreads();
      combine_columns(windows, across, stretch, tile, from == left, line, planes);
      __syncthreads();
    }
  }
}

}  // namespace byol::kernels

#pragma once

// The order in which the loops of norm_kernels.isa.cpp go through a block of a feature map, and their working set
// of vectors. Internal linkage, for the reason given in simd/arithmetic.h.

#include <cstdint>

#include "core/model/norm_kernels.h"
#include "core/simd/lanes.h"

namespace byol {
namespace {

using std::int64_t;

// Vectors that a loop keeps in flight: enough to hide the latency of the additions, as few as fit the registers with
// `Live` values each.
template <class V, int Live>
constexpr int unroll() {
  return 4 * Live + 4 <= V::kRegisters ? 4 : 2;
}

// How a pass goes through a block. A band is a number of lines that are done together, a few columns at a time, so that
// sums and coefficients of these columns stay in registers. Sums over more lines are sums of sums, which also keeps
// float32 accurate.
struct Walk {
  int64_t band;     // lines
  bool fetch_next;  // prefetch the next band while this one is done
};

// Lines as narrow as the loop's vectors are contiguous, whatever the band. Wider lines in bands are not read in the
// order of memory, which hardware prefetching needs, so the next band is prefetched in that order. All of this is
// measured: one line at a time is best for float32 lines up to a page, where registers matter less than undisturbed
// streams.
template <class T>
Walk walk_of(const NormBlock& block) {
  constexpr int64_t kPage = 4096;
  if (block.columns <= 64) return {128, false};
  const bool banded = sizeof(T) == 2 || block.columns * static_cast<int64_t>(sizeof(T)) >= kPage;
  return {banded ? 4 : 1, banded && block.columns == block.stride};
}

// What one call of a loop's body does: some columns, down the lines of a band.
struct Step {
  int64_t offset;  // of the first element
  int64_t lines;
  int64_t column;  // of the first element, in the block
  int64_t next;    // what to prefetch meanwhile: as many elements, from this one on
};

// Calls body<V, U>(Step) over the whole block, for U vectors V of columns at a time.
template <int Live, class Body>
inline __attribute__((always_inline)) void walk(const NormBlock& block, Walk how, Body&& body) {
  const auto band = [&](int64_t offset, int64_t lines, int64_t columns) __attribute__((always_inline)) {
    constexpr int kUnroll = unroll<Lanes, Live>();
    int64_t next = offset + lines * block.stride;
    int64_t column = 0;
    for (; column + kUnroll * Lanes::kWidth <= columns; column += kUnroll * Lanes::kWidth) {
      body.template operator()<Lanes, kUnroll>(Step{offset + column, lines, column, next});
      next += lines * kUnroll * Lanes::kWidth;
    }
    for (; column + Lanes::kWidth <= columns; column += Lanes::kWidth) {
      body.template operator()<Lanes, 1>(Step{offset + column, lines, column, next});
      next += lines * Lanes::kWidth;
    }
    for (; column < columns; ++column) {
      body.template operator()<Scalar, 1>(Step{offset + column, lines, column, next});
      next += lines;
    }
  };
  for (int64_t line = 0; line < block.lines; line += how.band) {
    const int64_t left = block.lines - line;
    band(block.offset + line * block.stride, left < how.band ? left : how.band, block.columns);
  }
  if (block.tail > 0) band(block.offset + block.lines * block.stride, 1, block.tail);
}

// Prefetches U vectors of V from each stream. An address past the end is harmless.
template <class V, int U, class... T>
inline __attribute__((always_inline)) void fetch(int64_t at, const T*... streams) {
  constexpr int kCacheLine = 64;
  const auto one = [&](const auto* p) __attribute__((always_inline)) {
    for (int u = 0; u < U * V::kWidth; u += kCacheLine / static_cast<int>(sizeof(*p))) __builtin_prefetch(p + at + u);
  };
  (one(streams), ...);
}

template <class V, int U>
struct Group {
  V v[U];

  template <class T>
  static Group load(const T* p) {
    Group group;
    for (int u = 0; u < U; ++u) group.v[u] = V::load(p + u * V::kWidth);
    return group;
  }
  static Group zero() {
    Group group;
    for (int u = 0; u < U; ++u) group.v[u] = V::zero();
    return group;
  }
  void add_to(float* p) const {
    for (int u = 0; u < U; ++u) (V::load(p + u * V::kWidth) + v[u]).store(p + u * V::kWidth);
  }
};

}  // namespace
}  // namespace byol

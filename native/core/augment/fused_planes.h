#pragma once

// A view on its way: three planes of floats in [0, 1], and the scratch memory around them. For fused_kernels.isa.cpp
// only.

#include "core/augment/fused_kernels.h"
#include "core/augment/fused_lanes.h"
#include "core/augment/pixel_arithmetic.h"

namespace byol {
namespace {

using pixel::Rgb;

struct Planes {
  float* red;
  int stride;  ///< floats from one plane to the next; a gap keeps their addresses apart in the cache

  Planes(Arena& arena, const FusedView& view) : stride(padded(view.height * view.width) + kQuantum) {
    red = arena.take(3 * static_cast<std::int64_t>(stride) + kQuantum);
  }

  float* plane(int channel) const { return red + static_cast<std::int64_t>(channel) * stride; }

  Rgb<Lanes> load_pixels(int i) const {
    return {load<Lanes>(red + i), load<Lanes>(red + stride + i), load<Lanes>(red + 2 * stride + i)};
  }
  void store_pixels(int i, Rgb<Lanes> p) const {
    store(red + i, p.r);
    store(red + stride + i, p.g);
    store(red + 2 * stride + i, p.b);
  }
};

}  // namespace
}  // namespace byol

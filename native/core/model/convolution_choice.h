#pragma once

#include <ATen/ATen.h>

#include <optional>
#include <string>
#include <utility>

#include "core/model/convolution_shape.h"

namespace byol {

/// How one direction of a convolution is computed. All forms give the same numbers but for rounding.
enum class ConvolutionForm {
  Library,  // library_convolution.h
  Unfolded  // unfolded_convolution.h
};

/// What a form is chosen for.
struct ConvolutionKey {
  ConvolutionDirection direction;
  ConvolutionShape shape;
  at::ScalarType type;  // float32 or bfloat16
  auto operator<=>(const ConvolutionKey&) const = default;
};
using ConvolutionChoice = std::pair<ConvolutionKey, ConvolutionForm>;

/// One line, without its end: "forward bfloat16 batch 64 in 256 height 8 width 8 out 512 kernel 3 stride 2 top
/// 0 bottom 1 left 0 right 1 unfolded".
std::string to_text(const ConvolutionChoice& choice);
/// From such a line; nothing from any other.
std::optional<ConvolutionChoice> to_choice(const std::string& line);

}  // namespace byol

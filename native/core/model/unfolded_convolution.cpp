#include "core/model/unfolded_convolution.h"

#include <ATen/Parallel.h>

#include <algorithm>
#include <array>
#include <cstring>

#include "core/model/unfold.h"

namespace byol {
namespace {

constexpr int64_t kMostUnfolded = int64_t{64} << 20;  // bytes

// Large memory that is new is slower to fill than to compute with, so each thread keeps what it has had.
enum Slot : size_t { kWindows, kWeights, kPhase, kSlots };
at::Tensor scratch(Slot slot, int64_t rows, int64_t columns, const at::Tensor& like) {
  thread_local std::array<at::Tensor, kSlots> kept;
  const int64_t bytes = rows * columns * like.element_size();
  at::Tensor& memory = kept[slot];
  if (!memory.defined() || memory.numel() < bytes) memory = at::empty({bytes}, at::kByte);
  return memory.narrow(0, 0, bytes).view(like.scalar_type()).view({rows, columns});
}

// [pixels, channels] of channels_last memory, [out, taps * in] of weights.
at::Tensor as_matrix(const at::Tensor& t, int64_t rows) {
  return t.permute({0, 2, 3, 1}).view({rows, t.numel() / rows});
}

at::Tensor new_images(const at::Tensor& like, int64_t batch, int64_t channels, int64_t height, int64_t width) {
  return at::empty({batch, channels, height, width}, like.options().memory_format(at::MemoryFormat::ChannelsLast));
}

int64_t output_pixels(const ConvolutionShape& shape) {
  return shape.batch * shape.output_height() * shape.output_width();
}

// [output pixels, taps * in]
at::Tensor windows(const ConvolutionShape& shape, const at::Tensor& images) {
  const int64_t pixels = output_pixels(shape);
  if (shape.pointwise()) return as_matrix(images, pixels);
  at::Tensor matrix = scratch(kWindows, pixels, shape.kernel * shape.kernel * shape.in, images);
  unfold(images, {shape.output_height(), shape.stride, -shape.rows.before, shape.kernel},
         {shape.output_width(), shape.stride, -shape.columns.before, shape.kernel}, matrix);
  return matrix;
}

// Along one axis, the pixels phase, phase + stride, ... of the images take part in the same taps of the windows: first,
// first + stride, ... So their gradient is a convolution with stride 1 of the gradient at the output.
struct Phase {
  Slide slide;
  int64_t first;

  Phase(int64_t phase, int64_t length, int64_t kernel, int64_t stride, int64_t padding)
      : first((phase + padding) % stride) {
    const int64_t taps = first < kernel ? (kernel - 1 - first) / stride + 1 : 0;
    // Pixel phase + i * stride meets tap first + j * stride of output i + (phase + padding - first) / stride - j.
    slide = {(length - phase + stride - 1) / stride, 1, (phase + padding - first) / stride - (taps - 1), taps};
  }
};

// [taps * out, in]: for the taps in the order in which a phase's window meets them, the last first.
at::Tensor phase_weights(const ConvolutionShape& shape, const Phase& rows, const Phase& columns,
                         const at::Tensor& weight) {
  const int64_t taps = rows.slide.taps * columns.slide.taps;
  at::Tensor matrix = scratch(kWeights, taps * shape.out, shape.in, weight);
  const int64_t bytes = shape.in * weight.element_size();
  const auto* source = static_cast<const char*>(weight.const_data_ptr());
  auto* target = static_cast<char*>(matrix.mutable_data_ptr());
  at::parallel_for(0, taps * shape.out, std::max<int64_t>(1, 32768 / bytes), [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) {
      const int64_t tap = i / shape.out, out = i % shape.out;
      const int64_t row = rows.first + (rows.slide.taps - 1 - tap / columns.slide.taps) * shape.stride;
      const int64_t column = columns.first + (columns.slide.taps - 1 - tap % columns.slide.taps) * shape.stride;
      const int64_t from = (out * shape.kernel + row) * shape.kernel + column;
      std::memcpy(target + i * bytes, source + from * bytes, bytes);
    }
  });
  return matrix;
}

// Writes the pixels [batch * rows * columns, in] of one phase to their places in `images`; zeros if there are none.
void place(const ConvolutionShape& shape, int64_t first_row, int64_t first_column, const Slide& rows,
           const Slide& columns, const at::Tensor& pixels, const at::Tensor& images) {
  const int64_t bytes = shape.in * images.element_size();
  const char* source = pixels.defined() ? static_cast<const char*>(pixels.const_data_ptr()) : nullptr;
  auto* target = static_cast<char*>(images.mutable_data_ptr());
  const int64_t line = columns.outputs * bytes;
  at::parallel_for(0, shape.batch * rows.outputs, std::max<int64_t>(1, 32768 / line), [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) {
      const int64_t row = i / rows.outputs * shape.height + i % rows.outputs * shape.stride + first_row;
      char* out = target + (row * shape.width + first_column) * bytes;
      for (int64_t column = 0; column < columns.outputs; ++column, out += shape.stride * bytes) {
        if (source == nullptr) {
          std::memset(out, 0, bytes);
        } else {
          std::memcpy(out, source + i * line + column * bytes, bytes);
        }
      }
    }
  });
}

}  // namespace

bool can_unfold(const ConvolutionShape& shape, const at::Tensor& images) {
  if (!images.is_cpu()) return false;
  if (images.scalar_type() != at::kFloat && images.scalar_type() != at::kBFloat16) return false;
  const int64_t channels = std::max(shape.in, shape.out), taps = shape.kernel * shape.kernel;
  return shape.kernel == 1 || output_pixels(shape) * taps * channels * images.element_size() <= kMostUnfolded;
}

at::Tensor unfolded_convolution(const ConvolutionShape& shape, const at::Tensor& images, const at::Tensor& weight) {
  at::Tensor y = new_images(images, shape.batch, shape.out, shape.output_height(), shape.output_width());
  at::Tensor out = as_matrix(y, output_pixels(shape));
  at::mm_out(out, windows(shape, images), as_matrix(weight, shape.out).t());
  return y;
}

at::Tensor unfolded_input_gradient(const ConvolutionShape& shape, const at::Tensor& gradient,
                                   const at::Tensor& weight) {
  at::Tensor result = new_images(gradient, shape.batch, shape.in, shape.height, shape.width);
  const int64_t pixels = shape.batch * shape.height * shape.width;
  if (shape.pointwise()) {
    at::Tensor out = as_matrix(result, pixels);
    at::mm_out(out, as_matrix(gradient, pixels), as_matrix(weight, shape.out));
    return result;
  }
  for (int64_t row = 0; row < std::min(shape.stride, shape.height); ++row) {
    for (int64_t column = 0; column < std::min(shape.stride, shape.width); ++column) {
      const Phase rows(row, shape.height, shape.kernel, shape.stride, shape.rows.before);
      const Phase columns(column, shape.width, shape.kernel, shape.stride, shape.columns.before);
      const int64_t taps = rows.slide.taps * columns.slide.taps;
      at::Tensor part;
      if (taps > 0) {
        const int64_t count = shape.batch * rows.slide.outputs * columns.slide.outputs;
        at::Tensor matrix = scratch(kWindows, count, taps * shape.out, gradient);
        unfold(gradient, rows.slide, columns.slide, matrix);
        part = shape.stride == 1 ? as_matrix(result, pixels) : scratch(kPhase, count, shape.in, gradient);
        at::mm_out(part, matrix, phase_weights(shape, rows, columns, weight));
      }
      if (shape.stride > 1) place(shape, row, column, rows.slide, columns.slide, part, result);
    }
  }
  return result;
}

at::Tensor unfolded_weight_gradient(const ConvolutionShape& shape, const at::Tensor& images,
                                    const at::Tensor& gradient) {
  at::Tensor result = new_images(images, shape.out, shape.in, shape.kernel, shape.kernel);
  at::Tensor out = as_matrix(result, shape.out);
  at::Tensor transposed = as_matrix(gradient, output_pixels(shape)).t();
  // The product in bfloat16 is that much slower with a transposed matrix that copying pays.
  if (transposed.scalar_type() == at::kBFloat16) transposed = transposed.contiguous();
  at::mm_out(out, transposed, windows(shape, images));
  return result;
}

}  // namespace byol

#include "core/model/unfold.h"

#include <ATen/Parallel.h>

#include <algorithm>
#include <cstring>

namespace byol {
namespace {

// Bytes that one thread copies at least.
constexpr int64_t kGrain = 1 << 15;

}  // namespace

void unfold(const at::Tensor& images, const Slide& rows, const Slide& columns, const at::Tensor& matrix) {
  const int64_t height = images.size(2), width = images.size(3);
  const int64_t pixel = images.size(1) * images.element_size();
  const int64_t line = columns.taps * pixel;  // of one window
  const auto* source = static_cast<const char*>(images.const_data_ptr());
  auto* target = static_cast<char*>(matrix.mutable_data_ptr());
  const int64_t bytes = columns.outputs * rows.taps * line;  // of the outputs in one row of an image
  const auto copy_row = [&](int64_t image, int64_t row, char* out) {
    for (int64_t column = 0; column < columns.outputs; ++column) {
      const int64_t left = column * columns.step + columns.start;
      const int64_t from = std::clamp<int64_t>(-left, 0, columns.taps);
      const int64_t to = std::clamp<int64_t>(width - left, from, columns.taps);
      for (int64_t tap = 0; tap < rows.taps; ++tap, out += line) {
        const int64_t y = row * rows.step + rows.start + tap;
        if (y < 0 || y >= height) {
          std::memset(out, 0, line);
          continue;
        }
        std::memset(out, 0, from * pixel);
        std::memcpy(out + from * pixel, source + ((image * height + y) * width + left + from) * pixel,
                    (to - from) * pixel);
        std::memset(out + to * pixel, 0, (columns.taps - to) * pixel);
      }
    }
  };
  at::parallel_for(0, images.size(0) * rows.outputs, std::max<int64_t>(1, kGrain / std::max<int64_t>(bytes, 1)),
                   [&](int64_t begin, int64_t end) {
                     for (int64_t i = begin; i < end; ++i)
                       copy_row(i / rows.outputs, i % rows.outputs, target + i * bytes);
                   });
}

}  // namespace byol

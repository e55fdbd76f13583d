#include "core/eval/nearest.h"

#include <ATen/Parallel.h>

#include <algorithm>
#include <tuple>
#include <vector>

#include "core/device/runtime.h"

namespace byol {
namespace {

struct Entry {
  float score;
  int64_t label;
};

/// The columns of a line that come before the last of `full` kept ones (none: all do), best first, `most` at most.
void find_candidates(const float* line, int64_t columns, const float* last, int64_t most,
                     std::vector<int32_t>& found) {
  found.clear();
  for (int64_t i = 0; i < columns; ++i) {
    if (last == nullptr || line[i] > *last) found.push_back(static_cast<int32_t>(i));
  }
  const auto kept = std::min<int64_t>(most, std::ssize(found));
  std::partial_sort(found.begin(), found.begin() + kept, found.end(), [&](int32_t a, int32_t b) {
    return line[a] > line[b] || (line[a] == line[b] && a < b);
  });
  found.resize(static_cast<size_t>(kept));
}

void add_on_processor(Nearest& nearest, const at::Tensor& scores, const at::Tensor& labels, int64_t k) {
  const int64_t rows = scores.size(0), columns = scores.size(1), before = nearest.scores.size(1);
  const int64_t kept = std::min(k, before + columns);
  // Where all places are taken, lines change where they lie: most parts change few of them.
  const Nearest old = nearest;
  if (kept > before) {
    nearest.scores = at::empty({rows, kept}, old.scores.options());
    nearest.labels = at::empty({rows, kept}, old.labels.options());
  }
  const at::Tensor values = scores.contiguous();
  const float* const part = values.const_data_ptr<float>();
  const int64_t* const names = labels.const_data_ptr<int64_t>();
  const float* const old_scores = old.scores.const_data_ptr<float>();
  const int64_t* const old_labels = old.labels.const_data_ptr<int64_t>();
  float* const new_scores = nearest.scores.mutable_data_ptr<float>();
  int64_t* const new_labels = nearest.labels.mutable_data_ptr<int64_t>();
  at::parallel_for(0, rows, 16, [&](int64_t begin, int64_t end) {
    std::vector<int32_t> found;
    std::vector<Entry> merged;
    for (int64_t row = begin; row < end; ++row) {
      const float* const line = part + row * columns;
      const float* const first = old_scores + row * before;
      find_candidates(line, columns, before == k ? first + k - 1 : nullptr, kept, found);
      if (found.empty()) continue;
      merged.clear();
      int64_t from_old = 0;
      auto candidate = found.cbegin();
      while (std::ssize(merged) < kept) {
        if (from_old < before && (candidate == found.cend() || first[from_old] >= line[*candidate])) {
          merged.push_back({first[from_old], old_labels[row * before + from_old]});
          ++from_old;
        } else {
          merged.push_back({line[*candidate], names[*candidate]});
          ++candidate;
        }
      }
      for (int64_t i = 0; i < kept; ++i) {
        new_scores[row * kept + i] = merged[static_cast<size_t>(i)].score;
        new_labels[row * kept + i] = merged[static_cast<size_t>(i)].label;
      }
    }
  });
}

void add_on_device(Nearest& nearest, const at::Tensor& scores, const at::Tensor& labels, int64_t k) {
  const at::Tensor all = at::cat({nearest.scores, scores}, 1);
  const at::Tensor names = at::cat({nearest.labels, labels.unsqueeze(0).expand({scores.size(0), -1})}, 1);
  const auto [sorted, order] = all.sort(/*stable=*/true, 1, /*descending=*/true);
  const int64_t kept = std::min(k, all.size(1));
  nearest.scores = sorted.narrow(1, 0, kept).contiguous();
  nearest.labels = names.gather(1, order.narrow(1, 0, kept));
}

}  // namespace

void add_columns(Nearest& nearest, const at::Tensor& scores, const at::Tensor& labels, int64_t k) {
  if (!nearest.scores.defined()) {
    nearest.scores = at::empty({scores.size(0), 0}, scores.options());
    nearest.labels = at::empty({scores.size(0), 0}, labels.options());
  }
  const bool on_processor = scores.is_cpu() && device_runtime(scores.device()) == nullptr;
  (on_processor ? add_on_processor : add_on_device)(nearest, scores, labels, k);
}

}  // namespace byol

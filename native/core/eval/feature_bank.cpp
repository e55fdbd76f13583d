#include "core/eval/feature_bank.h"

#include <ATen/core/grad_mode.h>

#include <algorithm>
#include <numeric>
#include <string>

#include "core/device/runtime.h"
#include "core/device/upload.h"
#include "core/error.h"

namespace byol {

FeatureBank::FeatureBank(int64_t count, int64_t features, at::Device device) {
  if (count < 1 || features < 1) {
    throw Error("ERR_BYOL_SHAPE", "A feature bank needs at least one row and one feature, got " +
                                      std::to_string(count) + " x " + std::to_string(features) + ".");
  }
  const auto options = at::TensorOptions().device(use_device(device));
  features_ = at::zeros({count, features}, options.dtype(at::kFloat));
  // Rows that are never written stay unlabelled, so that no evaluation counts them.
  host_labels_.assign(static_cast<size_t>(count), -1);
}

void FeatureBank::write(int64_t offset, const at::Tensor& features, const at::Tensor& labels) {
  if (features.dim() != 2 || features.size(1) != dimension() || labels.dim() != 1 ||
      labels.size(0) != features.size(0)) {
    throw Error("ERR_BYOL_SHAPE", "A bank of " + std::to_string(dimension()) + " features was given " +
                                      c10::str(features.sizes()) + " features and " + c10::str(labels.sizes()) +
                                      " labels.");
  }
  const int64_t rows = features.size(0);
  if (offset < 0 || offset > size() - rows) {
    throw Error("ERR_BYOL_SHAPE", "Rows " + std::to_string(offset) + " to " + std::to_string(offset + rows) +
                                      " do not fit into a feature bank of " + std::to_string(size()) + ".");
  }
  at::NoGradGuard no_grad;
  const int64_t broken = at::isfinite(features).all(1).logical_not().sum().item<int64_t>();
  if (broken > 0) {
    throw Error("ERR_BYOL_NOT_FINITE",
                "The features of " + std::to_string(broken) + " of " + std::to_string(rows) +
                    " images are not finite numbers, so nothing can be measured with them: the encoder's weights or "
                    "running statistics are damaged, or too large. Use the weights of an earlier checkpoint.");
  }
  features_.narrow(0, offset, rows).copy_(features);
  const at::Tensor numbers = labels.to(at::kLong).contiguous();
  std::copy_n(numbers.const_data_ptr<int64_t>(), rows, host_labels_.begin() + offset);
  labels_.reset();
}

const at::Tensor& FeatureBank::labels() const {
  if (!labels_.defined()) labels_ = uploaded(host_labels_, features_.device());
  return labels_;
}

at::Tensor labelled_rows(const FeatureBank& bank, at::IntArrayRef rows, int64_t classes) {
  std::vector<int64_t> labelled;
  int64_t largest = -1;
  for (const int64_t row : rows) {
    const int64_t label = bank.host_labels()[static_cast<size_t>(row)];
    if (label < 0) continue;
    labelled.push_back(row);
    largest = std::max(largest, label);
  }
  if (labelled.empty()) {
    throw Error("ERR_BYOL_VALUE",
                "None of the " + std::to_string(rows.size()) + " rows of the feature bank has a label.");
  }
  if (largest >= classes) {
    throw Error("ERR_BYOL_VALUE", "The feature bank has label " + std::to_string(largest) + ", but there are only " +
                                      std::to_string(classes) + " classes.");
  }
  return uploaded(labelled, bank.features().device());
}

at::Tensor labelled_rows(const FeatureBank& bank, int64_t classes) {
  std::vector<int64_t> all(static_cast<size_t>(bank.size()));
  std::iota(all.begin(), all.end(), int64_t{0});
  return labelled_rows(bank, all, classes);
}

}  // namespace byol

#include "core/eval/feature_bank.h"

#include <ATen/core/grad_mode.h>

#include <string>

#include "core/error.h"

namespace byol {

FeatureBank::FeatureBank(int64_t count, int64_t features, at::Device device) {
  if (count < 1 || features < 1) {
    throw Error("ERR_BYOL_SHAPE", "A feature bank needs at least one row and one feature, got " +
                                      std::to_string(count) + " x " + std::to_string(features) + ".");
  }
  const auto options = at::TensorOptions().device(device);
  features_ = at::zeros({count, features}, options.dtype(at::kFloat));
  // Rows that are never written stay unlabelled, so that no evaluation counts them.
  labels_ = at::full({count}, -1, options.dtype(at::kLong));
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
  labels_.narrow(0, offset, rows).copy_(labels);
}

at::Tensor labelled_rows(const FeatureBank& bank, int64_t classes) {
  const at::Tensor rows = bank.labels().ge(0).nonzero().squeeze(1);
  if (rows.size(0) == 0) {
    throw Error("ERR_BYOL_VALUE",
                "None of the " + std::to_string(bank.size()) + " rows of the feature bank has a label.");
  }
  const int64_t largest = bank.labels().max().item<int64_t>();
  if (largest >= classes) {
    throw Error("ERR_BYOL_VALUE", "The feature bank has label " + std::to_string(largest) + ", but there are only " +
                                      std::to_string(classes) + " classes.");
  }
  return rows;
}

}  // namespace byol

#pragma once

#include <ATen/ATen.h>
#include <ATen/CPUGeneratorImpl.h>

#include <functional>
#include <string>

#include "core/error.h"
#include "core/eval/feature_bank.h"

/// Feature banks for tests.
namespace byol::bank_cases {

inline at::Tensor random_features(int64_t rows, int64_t features, uint64_t seed) {
  return at::normal(0.0, 1.0, {rows, features}, at::make_generator<at::CPUGeneratorImpl>(seed), at::kFloat);
}

inline at::Tensor random_labels(int64_t rows, int64_t classes, uint64_t seed) {
  return at::randint(classes, {rows}, at::make_generator<at::CPUGeneratorImpl>(seed), at::kLong);
}

inline FeatureBank bank_of(const at::Tensor& features, const at::Tensor& labels) {
  FeatureBank bank(features.size(0), features.size(1), at::kCPU);
  bank.write(0, features, labels);
  return bank;
}

// Random features around class centres, some rows unlabelled.
inline FeatureBank random_bank(int64_t rows, int64_t features, int64_t classes, uint64_t seed) {
  const at::Tensor labels = random_labels(rows, classes, seed);
  const at::Tensor centres = random_features(classes, features, 99) * 0.6;
  at::Tensor some = labels.clone();
  some.slice(0, 0, rows, 7).fill_(-1);
  return bank_of(random_features(rows, features, seed + 1) + centres.index_select(0, labels), some);
}

inline std::string code_of(const std::function<void()>& body) {
  try {
    body();
  } catch (const byol::Error& error) {
    return error.code();
  }
  return "";
}

}  // namespace byol::bank_cases

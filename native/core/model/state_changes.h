#pragma once

#include <ATen/ATen.h>

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "core/io/tensor_file.h"

namespace byol {

/// A file's tensors by name.
using TensorsByName = std::map<std::string, at::Tensor>;
TensorsByName by_name(const NamedTensors& tensors);
/// Throws ERR_BYOL_CHECKPOINT for a name that is missing.
const at::Tensor& need(const TensorsByName& tensors, const std::string& name);

/// What a file will change, noted while all of it is checked: a file that is refused has changed nothing.
class StateChanges {
 public:
  /// Throws ERR_BYOL_CHECKPOINT where the source is of another shape, of a type that is not numbers of the same sort,
  /// or not finite. `factor`: of the copy.
  void copy(const std::string& name, const at::Tensor& destination, const at::Tensor& source, double factor = 1.0);
  /// The same, for a source of exactly the destination's type.
  void copy_exactly(const std::string& name, const at::Tensor& destination, const at::Tensor& source);
  void fill(const at::Tensor& destination, double value);
  void make() const;

 private:
  std::vector<std::function<void()>> changes_;
};

}  // namespace byol

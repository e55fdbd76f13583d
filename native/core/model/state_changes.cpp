#include "core/model/state_changes.h"

#include "core/error.h"
#include "core/io/safetensors_header.h"

namespace byol {
namespace {

std::string shape_text(const at::Tensor& tensor) {
  std::string text = "[";
  for (int64_t i = 0; i < tensor.dim(); ++i) text += (i ? ", " : "") + std::to_string(tensor.size(i));
  return text + "]";
}

[[noreturn]] void refuse_type(const std::string& name, const at::Tensor& needed, const at::Tensor& found) {
  throw Error("ERR_BYOL_CHECKPOINT", "The checkpoint's tensor '" + name + "' is " +
                                         safetensors_type(found.scalar_type()) + ", this network needs " +
                                         safetensors_type(needed.scalar_type()) +
                                         ": it was not written by this program, or converted since.");
}

}  // namespace

TensorsByName by_name(const NamedTensors& tensors) { return {tensors.begin(), tensors.end()}; }

const at::Tensor& need(const TensorsByName& tensors, const std::string& name) {
  const auto found = tensors.find(name);
  if (found == tensors.end()) {
    throw Error("ERR_BYOL_CHECKPOINT",
                "The checkpoint lacks the tensor '" + name + "': it was made with another architecture or version.");
  }
  return found->second;
}

void StateChanges::copy(const std::string& name, const at::Tensor& destination, const at::Tensor& source,
                        double factor) {
  if (source.sizes() != destination.sizes()) {
    throw Error("ERR_BYOL_CHECKPOINT", "The checkpoint's tensor '" + name + "' has shape " + shape_text(source) +
                                           ", this network needs " + shape_text(destination) +
                                           ": it was made with another architecture.");
  }
  if (source.is_floating_point() != destination.is_floating_point()) refuse_type(name, destination, source);
  // In the destination's type: a float64 may be beyond it.
  if (!at::isfinite(source.to(destination.scalar_type())).all().item<bool>()) {
    throw Error("ERR_BYOL_CHECKPOINT", "The checkpoint's tensor '" + name +
                                           "' holds values that are not finite (NaN or infinity): the training that "
                                           "it comes from diverged, or the file is damaged. Use an earlier one.");
  }
  changes_.emplace_back([=] {
    destination.copy_(source);
    if (factor != 1.0) destination.mul_(factor);
  });
}

void StateChanges::copy_exactly(const std::string& name, const at::Tensor& destination, const at::Tensor& source) {
  copy(name, destination, source);
  if (source.scalar_type() != destination.scalar_type()) refuse_type(name, destination, source);
}

void StateChanges::fill(const at::Tensor& destination, double value) {
  changes_.emplace_back([=] { destination.fill_(value); });
}

void StateChanges::make() const {
  for (const auto& change : changes_) change();
}

}  // namespace byol

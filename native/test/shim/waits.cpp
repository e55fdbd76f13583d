#include "waits.h"

#include <ATen/record_function.h>

#include <memory>
#include <mutex>
#include <set>

namespace byol::shim {
namespace {

thread_local int depth = 0;  // of LibTorch's operations and backward nodes in each other

std::mutex mutex;
const StandIn* watched = nullptr;
Waits* found = nullptr;

bool is_of_libtorch(const std::string& name) {
  return name.rfind("byol::", 0) != 0 && name.find("CppNode") == std::string::npos;
}

void look(const at::RecordFunction& function) {
  static const std::set<std::string> kWait = {
      "aten::item",          "aten::_local_scalar_dense", "aten::is_nonzero", "aten::nonzero",
      "aten::masked_select", "aten::equal",               "aten::allclose",   "aten::_unique2",
      "aten::pin_memory",    "aten::_pin_memory",         "aten::cpu",        "aten::_linalg_check_errors"};
  const std::string name = function.name();
  const std::lock_guard lock(mutex);
  const auto count = [](const std::string& what) { ++(*found)[what]; };
  if (kWait.count(name)) count(name);
  const auto inputs = function.inputs();
  // What LibTorch's operations call themselves stays where their arguments are.
  const bool ours = depth == 0;
  if (is_of_libtorch(name)) ++depth;
  if (ours && name == "aten::to") {
    for (const c10::IValue& input : inputs) {
      if (input.isDevice()) count(name + " a device");
    }
  }
  if (name == "aten::copy_" && inputs.size() == 3) {
    const bool host = watched->is_host(inputs[0].toTensor()) || watched->is_host(inputs[1].toTensor());
    if (host && !inputs[2].toBool()) count("aten::copy_ that waits");
  }
}

}  // namespace

Waits waits_of(const StandIn& device, const std::function<void()>& body) {
  Waits waits;
  watched = &device;
  found = &waits;
  const at::CallbackHandle handle = at::addGlobalCallback(
      at::RecordFunctionCallback(
          [](const at::RecordFunction& function) -> std::unique_ptr<at::ObserverContext> {
            look(function);
            return nullptr;
          },
          [](const at::RecordFunction& function, at::ObserverContext*) {
            if (is_of_libtorch(function.name())) --depth;
          })
          .needsInputs(true));
  body();
  at::removeCallback(handle);
  return waits;
}

}  // namespace byol::shim

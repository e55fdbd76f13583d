#include "cuda/kernel_compiler.h"

#include <regex>

namespace byol::cuda {

std::vector<std::string> kernel_options(int capability) {
  return {
      "--gpu-architecture=sm_" + std::to_string(capability),
      "--std=c++20",
      // As the CPU computes: divisions, roots and denormals by IEEE 754. Where a product and a sum must be rounded once
      // in every kernel alike, the arithmetic headers say so (multiply_add); elsewhere both compilers may fuse them.
      "--ftz=false",
      "--prec-div=true",
      "--prec-sqrt=true",
      "--fmad=true",
      // Templates' lambdas and constexpr functions need not say that they run on the device: all of the text does.
      "--device-as-default-execution-space",
      // Variables of branches that a template's constants leave out; a block's one dynamic shared memory, named in each function.
      "--diag-suppress=177,1556",
      "--ptxas-options=-v",
  };
}

std::vector<std::string> kernel_names(const std::string& text) {
  static const std::regex definition(R"((?:^|\n)BYOL_KERNEL\(\s*(\w+))");
  std::vector<std::string> names;
  for (auto match = std::sregex_iterator(text.begin(), text.end(), definition); match != std::sregex_iterator();
       ++match) {
    names.push_back((*match)[1]);
  }
  return names;
}

}  // namespace byol::cuda

// compile_kernels CAPABILITIES NAME...: compiles files of native/kernels, or those with this in their name, as byol_cuda.so does:
// from its texts, for each capability ("80,90"). Prints the compiler's version as JSON, then a line for each file and
// capability. Needs no CUDA but the run-time compiler, no LibTorch, no card. scripts/check-kernels.cjs builds and runs it.

#include <algorithm>
#include <cstdio>
#include <iostream>
#include <sstream>
#include <string_view>

#include "core/error.h"
#include "cuda/kernel_compiler.h"
#include "cuda/kernel_texts.h"
#include "cuda/nvrtc.h"

namespace byol::cuda {
namespace {

std::string quoted(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    if (static_cast<unsigned char>(c) >= ' ') {
      out += c;
    } else {
      char escape[8];
      std::snprintf(escape, sizeof escape, "\\u%04x", c);
      out += escape;
    }
  }
  return out + '"';
}

void compile(const Nvrtc& nvrtc, const SourceText& source, int capability) {
  const CompiledSource compiled = nvrtc.compile(source, kernel_texts(), kernel_options(capability));
  std::cout << "{\"file\": " << quoted(source.name) << ", \"capability\": " << capability
            << ", \"bytes\": " << compiled.cubin.size() << ", \"log\": " << quoted(compiled.log) << "}" << std::endl;
}

void run(std::istringstream capabilities, std::span<char* const> names) {
  const Nvrtc nvrtc = Nvrtc::open({});
  std::cout << "{\"version\": " << quoted(nvrtc.version()) << "}\n";
  for (std::string word; std::getline(capabilities, word, ',');) {
    for (const SourceText& source : kernel_texts()) {
      const auto asked = [&](const char* name) { return std::string_view(source.name).find(name) != std::string_view::npos; };
      const bool wanted = names.empty() || std::any_of(names.begin(), names.end(), asked);
      if (wanted && !kernel_names(source.text).empty()) compile(nvrtc, source, std::stoi(word));
    }
  }
}

}  // namespace
}  // namespace byol::cuda

int main(int count, char** words) {
  if (count < 2) {
    std::cerr << "usage: compile_kernels CAPABILITIES NAME...\n";
    return 2;
  }
  try {
    byol::cuda::run(std::istringstream(words[1]), {words + 2, words + count});
    return 0;
  } catch (const byol::Error& error) {
    std::cerr << error.what() << "\n";
    return 1;
  }
}

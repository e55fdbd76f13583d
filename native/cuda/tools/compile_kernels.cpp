// compile_kernels NATIVE CAPABILITIES FILE...: compiles files of native/kernels as byol_cuda.so does, for each
// capability
// ("80,90"), and prints a JSON line for each file and capability. Needs no CUDA but the run-time compiler, no LibTorch,
// no card. scripts/check-kernels.cjs builds and runs it.

#include <cstdio>
#include <fstream>
#include <iostream>
#include <sstream>

#include "core/error.h"
#include "cuda/kernel_compiler.h"
#include "cuda/nvrtc.h"

namespace byol::cuda {
namespace {

std::string quoted(const std::string& text) {
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

std::string read(const std::string& path) {
  std::ifstream file(path);
  if (!file) throw Error("ERR_BYOL_IO", path + " cannot be read.");
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

int run(const std::string& native, std::istringstream capabilities, int files, char** names) {
  const Nvrtc nvrtc = Nvrtc::open({});
  std::cout << "{\"version\": " << quoted(nvrtc.version()) << "}\n";
  for (std::string word; std::getline(capabilities, word, ',');) {
    std::vector<std::string> options = kernel_options(std::stoi(word));
    options.push_back("--include-path=" + native);
    for (int i = 0; i < files; ++i) {
      const std::string text = read(names[i]);
      const CompiledSource compiled = nvrtc.compile({names[i], text.c_str()}, {}, options);
      std::cout << "{\"file\": " << quoted(names[i]) << ", \"capability\": " << word
                << ", \"bytes\": " << compiled.cubin.size() << ", \"log\": " << quoted(compiled.log) << "}"
                << std::endl;
    }
  }
  return 0;
}

}  // namespace
}  // namespace byol::cuda

int main(int count, char** words) {
  if (count < 4) {
    std::cerr << "usage: compile_kernels NATIVE CAPABILITIES FILE...\n";
    return 2;
  }
  try {
    return byol::cuda::run(words[1], std::istringstream(words[2]), count - 3, words + 3);
  } catch (const byol::Error& error) {
    std::cerr << error.what() << "\n";
    return 1;
  }
}

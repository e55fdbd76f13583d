#pragma once

#include <span>
#include <string>
#include <vector>

namespace byol::cuda {

/// A text under the name by which others include it: {"kernels/norm.cuh", "#pragma once\n..."}.
struct SourceText {
  const char* name;
  const char* text;
};

/// What the compiler made of one source.
struct CompiledSource {
  std::string cubin;  // machine code of one compute capability; empty where it did not compile
  std::string log;    // errors, warnings and, with --ptxas-options=-v, each kernel's registers and spills
};

/// NVIDIA's run-time compiler, which comes with every CUDA build of LibTorch. Opened by dlopen: nothing here needs
/// CUDA's headers, a driver or a card.
class Nvrtc {
 public:
  /// The first that opens: the file BYOL_NVRTC alone where that is set; libnvrtc.so.13 or .12 in one of `folders`; or
  /// where the system looks. Throws ERR_BYOL_CUDA_UNAVAILABLE with what was tried.
  static Nvrtc open(const std::vector<std::string>& folders);

  /// "13.0"
  const std::string& version() const { return version_; }
  /// The capabilities that it compiles for, as 10 * major + minor, ascending.
  const std::vector<int>& capabilities() const { return capabilities_; }

  /// Compiles source.text; its #includes are looked up among `headers` by name, then in folders that `options` name.
  CompiledSource compile(const SourceText& source, std::span<const SourceText> headers,
                         const std::vector<std::string>& options) const;

 private:
  struct Functions;
  explicit Nvrtc(void* library);
  const Functions* call_;
  std::string version_;
  std::vector<int> capabilities_;
};

}  // namespace byol::cuda

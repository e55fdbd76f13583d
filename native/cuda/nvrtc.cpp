#include "cuda/nvrtc.h"

#include <dlfcn.h>

#include <cstdlib>
#include <filesystem>

#include "core/error.h"

namespace byol::cuda {

// Declared here since a machine that only runs has the library and no nvrtc.h. The C interface has been the same since
// CUDA 11.2, which added nvrtcGetCUBIN.
using Program = struct OpaqueProgram*;

struct Nvrtc::Functions {
  int (*version)(int* major, int* minor);
  int (*count_capabilities)(int* count);
  int (*capabilities)(int* out);
  int (*create)(Program*, const char* source, const char* name, int headers, const char* const* texts,
                const char* const* names);
  int (*compile)(Program, int count, const char* const* options);
  int (*log_size)(Program, size_t*);
  int (*log)(Program, char*);
  int (*cubin_size)(Program, size_t*);
  int (*cubin)(Program, char*);
  int (*destroy)(Program*);
  const char* (*error_text)(int);
};

namespace {

constexpr const char* kUnavailable = "ERR_BYOL_CUDA_UNAVAILABLE";

template <class Function>
void look_up(void* library, const char* name, Function& out) {
  out = reinterpret_cast<Function>(dlsym(library, name));
  if (out == nullptr) throw Error(kUnavailable, std::string("CUDA's run-time compiler has no function ") + name + ".");
}

// NVRTC opens this companion by its bare name when it compiles, and its package does not say where it lies: what is
// open already is found.
void open_builtins(const std::filesystem::path& folder) {
  std::error_code ignored;
  for (const auto& entry : std::filesystem::directory_iterator(folder, ignored)) {
    const std::string name = entry.path().filename();
    if (name.rfind("libnvrtc-builtins.so.", 0) == 0) dlopen(entry.path().c_str(), RTLD_NOW | RTLD_LOCAL);
  }
}

void check(const char* (*error_text)(int), int result, const char* what) {
  if (result != 0) throw Error("ERR_BYOL_DEVICE", std::string(what) + " failed: " + error_text(result) + ".");
}

}  // namespace

Nvrtc Nvrtc::open(const std::vector<std::string>& folders) {
  std::vector<std::string> files;
  if (const char* const chosen = std::getenv("BYOL_NVRTC"); chosen != nullptr && *chosen != '\0') {
    files.emplace_back(chosen);
  } else {
    for (const char* name : {"libnvrtc.so.13", "libnvrtc.so.12"}) {
      for (const std::string& folder : folders) {
        const auto file = std::filesystem::path(folder) / name;
        std::error_code ignored;
        if (std::filesystem::exists(file, ignored)) files.push_back(file);
      }
      files.emplace_back(name);
    }
  }
  std::string reasons;
  for (const std::string& file : files) {
    if (void* const library = dlopen(file.c_str(), RTLD_NOW | RTLD_LOCAL)) {
      if (const auto folder = std::filesystem::path(file).parent_path(); !folder.empty()) open_builtins(folder);
      return Nvrtc(library);
    }
    reasons += std::string(reasons.empty() ? "" : "; ") + dlerror();
  }
  throw Error(kUnavailable,
              "CUDA's run-time compiler (libnvrtc, of the Python package nvidia-cuda-nvrtc) cannot be opened: " +
                  reasons + ". Install it beside LibTorch, or name its file in BYOL_NVRTC.");
}

Nvrtc::Nvrtc(void* library) {
  auto* const call = new Functions();  // the library stays open as long as the process
  look_up(library, "nvrtcVersion", call->version);
  look_up(library, "nvrtcGetNumSupportedArchs", call->count_capabilities);
  look_up(library, "nvrtcGetSupportedArchs", call->capabilities);
  look_up(library, "nvrtcCreateProgram", call->create);
  look_up(library, "nvrtcCompileProgram", call->compile);
  look_up(library, "nvrtcGetProgramLogSize", call->log_size);
  look_up(library, "nvrtcGetProgramLog", call->log);
  look_up(library, "nvrtcGetCUBINSize", call->cubin_size);
  look_up(library, "nvrtcGetCUBIN", call->cubin);
  look_up(library, "nvrtcDestroyProgram", call->destroy);
  look_up(library, "nvrtcGetErrorString", call->error_text);
  call_ = call;
  int major = 0, minor = 0, count = 0;
  check(call_->error_text, call_->version(&major, &minor), "nvrtcVersion");
  version_ = std::to_string(major) + "." + std::to_string(minor);
  check(call_->error_text, call_->count_capabilities(&count), "nvrtcGetNumSupportedArchs");
  capabilities_.resize(static_cast<size_t>(count));
  check(call_->error_text, call_->capabilities(capabilities_.data()), "nvrtcGetSupportedArchs");
}

CompiledSource Nvrtc::compile(const SourceText& source, std::span<const SourceText> headers,
                              const std::vector<std::string>& options) const {
  std::vector<const char*> names, texts, words;
  for (const SourceText& header : headers) {
    names.push_back(header.name);
    texts.push_back(header.text);
  }
  for (const std::string& option : options) words.push_back(option.c_str());
  const auto need = [this](int result, const char* what) { check(call_->error_text, result, what); };

  struct Owned {
    const Functions* call;
    Program program = nullptr;
    ~Owned() { call->destroy(&program); }
  } owned{call_};
  need(call_->create(&owned.program, source.text, source.name, static_cast<int>(headers.size()), texts.data(),
                     names.data()),
       "nvrtcCreateProgram");
  const int result = call_->compile(owned.program, static_cast<int>(words.size()), words.data());

  const auto read = [&](auto size_of, auto copy_to, const char* what) {
    size_t size = 0;
    need(size_of(owned.program, &size), what);
    std::string bytes(size, '\0');
    need(copy_to(owned.program, bytes.data()), what);
    return bytes;
  };
  CompiledSource out;
  out.log = read(call_->log_size, call_->log, "nvrtcGetProgramLog");
  while (!out.log.empty() && (out.log.back() == '\0' || out.log.back() == '\n')) out.log.pop_back();
  if (result == 0) {
    out.cubin = read(call_->cubin_size, call_->cubin, "nvrtcGetCUBIN");
  } else if (out.log.empty()) {
    out.log = call_->error_text(result);
  }
  return out;
}

}  // namespace byol::cuda

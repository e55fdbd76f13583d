#include "cuda/kernels.h"

#include <algorithm>
#include <filesystem>

#include "core/error.h"
#include "cuda/checks.h"
#include "cuda/kernel_compiler.h"
#include "cuda/kernel_texts.h"

namespace byol::cuda {

struct Kernels::Functions {
  decltype(&cuModuleLoadData) load;
  decltype(&cuModuleGetFunction) find;
  decltype(&cuFuncGetAttribute) attribute;
  decltype(&cuFuncSetAttribute) set_attribute;
  // CUfunction, index, offset, size; of CUDA 12.4 and later.
  CUresult (*parameter)(CUfunction, std::size_t, std::size_t*, std::size_t*);
};

namespace {

// The newest capability that the compiler knows and whose code this card runs: of its own major version, and not newer.
int capability_to_compile_for(const Nvrtc& nvrtc, int capability) {
  int best = 0;
  for (const int known : nvrtc.capabilities()) {
    if (known / 10 == capability / 10 && known <= capability) best = std::max(best, known);
  }
  if (best != 0) return best;
  throw Error("ERR_BYOL_CUDA_UNAVAILABLE",
              "CUDA's run-time compiler (NVRTC " + nvrtc.version() + ") does not know cards of compute capability " +
                  capability_text(capability) + ". Take a newer LibTorch, whose CUDA is newer.");
}

}  // namespace

Kernels::Kernels(const Driver& driver, int capability, std::vector<std::string> nvrtc, KernelCache cache)
    : driver_(driver), capability_(capability), nvrtc_(std::move(nvrtc)), cache_(std::move(cache)) {
  auto* const call = new Functions();  // as long as the process, as the driver
  call->load = reinterpret_cast<decltype(call->load)>(driver.function("cuModuleLoadData"));
  call->find = reinterpret_cast<decltype(call->find)>(driver.function("cuModuleGetFunction"));
  call->attribute = reinterpret_cast<decltype(call->attribute)>(driver.function("cuFuncGetAttribute"));
  call->set_attribute = reinterpret_cast<decltype(call->set_attribute)>(driver.function("cuFuncSetAttribute"));
  call->parameter = driver.version() >= 12040
                        ? reinterpret_cast<decltype(call->parameter)>(driver.function("cuFuncGetParamInfo"))
                        : nullptr;
  call_ = call;
}

Kernels::Kernel Kernels::get(const std::string& name, unsigned dynamic_shared) {
  const std::lock_guard lock(mutex_);
  auto found = kernels_.find(name);
  if (found == kernels_.end()) {
    load_file_with(name);
    found = kernels_.find(name);
  }
  Kernel& kernel = found->second;
  // Cards allow a block 48 KB without being asked, together with what the kernel declares itself: asked for is any size.
  if (dynamic_shared > kernel.dynamic_shared) {
    check(call_->set_attribute(kernel.function, CU_FUNC_ATTRIBUTE_MAX_DYNAMIC_SHARED_SIZE_BYTES,
                               static_cast<int>(dynamic_shared)),
          "The kernel '" + name + "' cannot have " + std::to_string(dynamic_shared) + " bytes of shared memory");
    kernel.dynamic_shared = dynamic_shared;
  }
  return kernel;
}

void Kernels::load_file_with(const std::string& name) {
  for (const auto& [file, text] : kernel_texts()) {
    const std::vector<std::string> names = kernel_names(text);
    if (std::find(names.begin(), names.end(), name) == names.end()) continue;
    const std::string code = machine_code(file, text);
    CUmodule module = nullptr;  // stays loaded
    check(call_->load(&module, code.data()), std::string("The kernels of ") + file + " cannot be loaded");
    for (const std::string& other : names) {
      Kernel kernel;
      check(call_->find(&kernel.function, module, other.c_str()), "The kernel '" + other + "' cannot be found");
      int threads = 0;
      check(call_->attribute(&threads, CU_FUNC_ATTRIBUTE_MAX_THREADS_PER_BLOCK, kernel.function),
            "The threads of the kernel '" + other + "' cannot be asked for");
      kernel.threads = static_cast<unsigned>(threads);  // that of __launch_bounds__
      std::size_t offset = 0;
      if (call_->parameter != nullptr) {
        check(call_->parameter(kernel.function, 0, &offset, &kernel.arguments),
              "The arguments of the kernel '" + other + "' cannot be asked for");
      }
      kernels_.emplace(other, kernel);
    }
    return;
  }
  throw Error("ERR_BYOL_NATIVE", "There is no kernel '" + name + "'.");
}

std::string Kernels::machine_code(const char* file, const char* text) {
  // The compiler is opened each time that there is something to compile, which is once a file: a second dlopen is free.
  const Nvrtc nvrtc = Nvrtc::open(nvrtc_);
  const std::vector<std::string> options = kernel_options(capability_to_compile_for(nvrtc, capability_));

  const std::string newline = "\n";
  std::string key = nvrtc.version() + newline + version_text(driver_.version()) + newline;
  for (const std::string& option : options) key += option + newline;
  key += file + newline;
  for (const auto& [name, source] : kernel_texts()) key += name + newline + source + newline;

  const std::string short_name = std::filesystem::path(file).stem();
  if (const auto known = cache_.get(short_name, key)) return *known;
  const CompiledSource compiled = nvrtc.compile({file, text}, kernel_texts(), options);
  if (compiled.cubin.empty()) {
    throw Error("ERR_BYOL_DEVICE",
                std::string("The kernels of ") + file + " do not compile by NVRTC " + nvrtc.version() + ":\n" + compiled.log);
  }
  cache_.put(short_name, key, compiled.cubin);
  return compiled.cubin;
}

}  // namespace byol::cuda

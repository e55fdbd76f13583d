// libcuda.so.1 as far as byol::cuda::Driver asks it, without any card: FAKE_CUDA_VERSION, FAKE_CUDA_INIT (what cuInit returns),
// FAKE_CUDA_DEVICES and FAKE_CUDA_CAPABILITY in the environment say what it answers.

#include <cstddef>
#include <cstdio>
#include <cstdlib>

#define EXPORTED extern "C" __attribute__((visibility("default")))

static int setting(const char* name, int otherwise) {
  const char* const text = std::getenv(name);
  return text == nullptr ? otherwise : std::atoi(text);
}

EXPORTED int cuDriverGetVersion(int* version) {
  *version = setting("FAKE_CUDA_VERSION", 13000);
  return 0;
}

EXPORTED int cuInit(unsigned) { return setting("FAKE_CUDA_INIT", 0); }

EXPORTED int cuDeviceGetCount(int* count) {
  *count = setting("FAKE_CUDA_DEVICES", 1);
  return 0;
}

EXPORTED int cuDeviceGet(int* device, int index) {
  *device = index;
  return index < setting("FAKE_CUDA_DEVICES", 1) ? 0 : 101;
}

EXPORTED int cuDeviceGetName(char* name, int size, int device) {
  std::snprintf(name, static_cast<std::size_t>(size), "Fake card %d", device);
  return 0;
}

EXPORTED int cuDeviceGetAttribute(int* value, int attribute, int) {
  const int capability = setting("FAKE_CUDA_CAPABILITY", 90);
  *value = attribute == 75 ? capability / 10 : attribute == 76 ? capability % 10 : 1;
  return 0;
}

EXPORTED int cuDeviceTotalMem_v2(std::size_t* bytes, int) {
  *bytes = std::size_t{80} << 30;
  return 0;
}

EXPORTED int cuGetErrorString(int result, const char** text) {
  *text = result == 803 ? "system has unsupported display driver / cuda driver combination" : "another error";
  return 0;
}

// Loading kernels: any code is taken, each function has 256 threads.

EXPORTED int cuModuleLoadData(void** module, const void* code) {
  *module = const_cast<void*>(code);
  return static_cast<const char*>(code)[0] == '\x7f' ? 0 : 200;  // ELF, as a cubin is
}

EXPORTED int cuModuleGetFunction(void** function, void* module, const char* name) {
  *function = module;
  return name[0] == '\0' ? 500 : 0;
}

EXPORTED int cuFuncGetAttribute(int* value, int, void*) {
  *value = 256;
  return 0;
}

EXPORTED int cuFuncSetAttribute(void*, int, int bytes) { return bytes > setting("FAKE_CUDA_SHARED", 227 * 1024) ? 1 : 0; }

EXPORTED int cuFuncGetParamInfo(void*, std::size_t, std::size_t* offset, std::size_t* size) {
  *offset = 0;
  *size = 64;
  return 0;
}

// NVRTC asks any driver that it finds.
EXPORTED int cuGetExportTable(const void** table, const void*) {
  *table = nullptr;
  return 500;
}

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

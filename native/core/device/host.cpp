#include "core/device/host.h"

#include <sys/resource.h>
#include <unistd.h>

#include <fstream>
#include <string>
#include <thread>

namespace byol {
namespace {

/// What stands behind `name:` in a file of lines such as "MemTotal:  32 kB"; empty where nothing does.
std::string field_of(const char* file, const std::string& name) {
  std::ifstream lines(file);
  for (std::string line; std::getline(lines, line);) {
    if (line.rfind(name, 0) != 0) continue;
    const size_t colon = line.find(':');
    const size_t begin = line.find_first_not_of(" \t", colon + 1);
    if (colon != std::string::npos && begin != std::string::npos) return line.substr(begin);
  }
  return {};
}

/// A field in kB as bytes; 0 where there is none.
std::int64_t bytes_of(const char* file, const std::string& name) {
  const std::string text = field_of(file, name);
  return text.empty() ? 0 : std::stoll(text) * 1024;
}

std::int64_t physical_memory() { return std::int64_t{sysconf(_SC_PHYS_PAGES)} * sysconf(_SC_PAGESIZE); }

std::int64_t peak_of_process() {
  const std::int64_t peak = bytes_of("/proc/self/status", "VmHWM");
  if (peak > 0) {
    std::ofstream("/proc/self/clear_refs") << "5";  // counts anew: proc(5)
    return peak;
  }
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
#ifdef __APPLE__
  return usage.ru_maxrss;
#else
  return usage.ru_maxrss * std::int64_t{1024};
#endif
}

}  // namespace

DeviceFacts host_facts() {
  DeviceFacts facts;
  facts.name = field_of("/proc/cpuinfo", "model name");
  if (facts.name.empty()) facts.name = "CPU";
  facts.multiprocessors = static_cast<int>(std::thread::hardware_concurrency());
  facts.total_memory = physical_memory();
  return facts;
}

DeviceMemory host_memory() {
  const std::int64_t free = bytes_of("/proc/meminfo", "MemAvailable");
  return {free > 0 ? free : std::int64_t{sysconf(_SC_AVPHYS_PAGES)} * sysconf(_SC_PAGESIZE), physical_memory(),
          peak_of_process()};
}

}  // namespace byol

#include "core/model/convolution_memory.h"

#include <ATen/Version.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <torch/version.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <mutex>
#include <set>
#include <sstream>
#include <thread>

#include "core/io/crc32c.h"

namespace byol {
namespace {

using Forms = std::map<std::pair<int, ConvolutionKey>, ConvolutionForm>;

// To be raised with every change after which another form could be the fastest.
constexpr int kRevision = 1;
// A network has about 40 lines. What a long life has gathered beyond this is of networks that nobody trains any more.
constexpr int64_t kMostBytes = 1 << 20;
// Whoever holds the lock writes a line; longer than this only a process that was stopped holds it.
constexpr auto kPatience = std::chrono::milliseconds(200);

// What /proc/cpuinfo says of the first processor's kind. Elsewhere: nothing.
std::string processor() {
  const std::set<std::string> kinds{"model name",       "cpu family",  "model",    "stepping",     "CPU implementer",
                                    "CPU architecture", "CPU variant", "CPU part", "CPU revision", "flags",
                                    "Features"};
  std::ifstream file("/proc/cpuinfo");
  std::ostringstream out;
  for (std::string line; std::getline(file, line) && !line.empty();) {
    const size_t colon = line.find(':'), end = line.find_last_not_of(" \t", colon - 1);
    if (colon == std::string::npos || end == std::string::npos || kinds.count(line.substr(0, end + 1)) == 0) continue;
    const std::string value = line.substr(std::min(colon + 2, line.size()));
    const bool list = value.size() > 100;
    out << (list ? std::to_string(crc32c(0, value.data(), value.size())) : value) << ' ';
  }
  return out.str();
}

const std::string& machine() {
  static const std::string text = [] {
    std::ostringstream out;
    out << kRevision << ' ' << processor() << at::get_cpu_capability() << " LibTorch " << TORCH_VERSION;
    for (const char* name : {"ONEDNN_MAX_CPU_ISA", "DNNL_MAX_CPU_ISA"}) {
      if (const char* limit = std::getenv(name)) out << ' ' << limit;
    }
    std::string line = out.str();
    std::replace_if(
        line.begin(), line.end(), [](char c) { return c == '\t' || c == '\n'; }, ' ');
    return line;
  }();
  return text;
}

// An open file that no other process writes while this one reads what is there and adds to it.
class LockedFile {
 public:
  explicit LockedFile(const std::string& path) {
    std::error_code ignored;
    std::filesystem::create_directories(std::filesystem::path(path).parent_path(), ignored);
    file_ = open(path.c_str(), O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC | O_NONBLOCK | O_NOCTTY, 0644);
    struct stat facts {};
    if (file_ >= 0 && (fstat(file_, &facts) != 0 || !S_ISREG(facts.st_mode))) close_it();
    const auto end = std::chrono::steady_clock::now() + kPatience;
    while (file_ >= 0 && flock(file_, LOCK_EX | LOCK_NB) != 0) {
      if (std::chrono::steady_clock::now() > end) {
        close_it();
      } else {
        std::this_thread::sleep_for(std::chrono::milliseconds(1));
      }
    }
    if (file_ >= 0 && facts.st_size > kMostBytes && ftruncate(file_, 0) != 0) close_it();
  }
  ~LockedFile() { close_it(); }
  LockedFile(const LockedFile&) = delete;
  LockedFile& operator=(const LockedFile&) = delete;

  std::string read_all() const {
    std::string text;
    std::array<char, 1 << 16> part;
    for (ssize_t count; file_ >= 0 && (count = pread(file_, part.data(), part.size(), text.size())) > 0;) {
      text.append(part.data(), count);
    }
    return text;
  }
  // A line that could be written in part only is no choice to those who read it.
  void add(const std::string& text) const {
    if (file_ >= 0 && write(file_, text.data(), text.size()) < 0) return;
  }

 private:
  void close_it() {
    if (file_ >= 0) close(file_);
    file_ = -1;
  }
  int file_ = -1;
};

// "machine <tab> threads <tab> choice", of this machine. The first line of a key counts.
Forms forms_in(const std::string& text) {
  Forms forms;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    const size_t first = line.find('\t'), second = line.find('\t', first + 1);
    if (second == std::string::npos || line.substr(0, first) != machine()) continue;
    const int threads = std::atoi(line.substr(first + 1, second - first - 1).c_str());
    if (const auto choice = to_choice(line.substr(second + 1)))
      forms.insert({{threads, choice->first}, choice->second});
  }
  return forms;
}

class Memory {
 public:
  void use(const std::string& path) {
    const std::lock_guard lock(mutex_);
    path_ = path;
    std::error_code ignored;
    if (!std::filesystem::is_regular_file(path_, ignored)) return;
    std::ostringstream text;
    text << std::ifstream(path_).rdbuf();
    forms_.merge(forms_in(text.str()));
  }
  std::optional<ConvolutionForm> find(int threads, const ConvolutionKey& key) {
    const std::lock_guard lock(mutex_);
    const auto found = forms_.find({threads, key});
    return found == forms_.end() ? std::nullopt : std::optional(found->second);
  }
  ConvolutionForm add(int threads, const ConvolutionChoice& choice) {
    const std::lock_guard lock(mutex_);
    if (!path_.empty()) {
      const LockedFile file(path_);
      const std::string text = file.read_all();
      forms_.merge(forms_in(text));
      if (forms_.count({threads, choice.first}) == 0) {
        std::ostringstream line;
        if (!text.empty() && text.back() != '\n') line << '\n';
        line << machine() << '\t' << threads << '\t' << to_text(choice) << '\n';
        file.add(line.str());
      }
    }
    return forms_.insert({{threads, choice.first}, choice.second}).first->second;
  }

 private:
  std::mutex mutex_;
  std::string path_;
  Forms forms_;
};

Memory& memory() {
  static Memory instance;
  return instance;
}

}  // namespace

void remember_forms_in(const std::string& path) { memory().use(path); }

std::optional<ConvolutionForm> remembered_form(int threads, const ConvolutionKey& key) {
  return memory().find(threads, key);
}

ConvolutionForm remember_form(int threads, const ConvolutionChoice& choice) { return memory().add(threads, choice); }

}  // namespace byol

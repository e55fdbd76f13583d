#pragma once

// The input in progress, kept where the process dies, hangs or finds something wrong.

#include <signal.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <vector>

extern "C" void __sanitizer_set_death_callback(void (*callback)());

namespace fuzz {

constexpr unsigned kHangSeconds = 20;
constexpr const char* kFoundFile = "fuzz-found-native";

inline const std::vector<uint8_t>* input_in_progress = nullptr;

inline void keep_input() {
  if (input_in_progress == nullptr) return;
  if (std::FILE* file = std::fopen(kFoundFile, "wb")) {
    std::fwrite(input_in_progress->data(), 1, input_in_progress->size(), file);
    std::fclose(file);
    std::fprintf(stderr, "The input is in %s.\n", kFoundFile);
  }
}

[[noreturn]] inline void found(const char* what) {
  std::fprintf(stderr, "FOUND: %s\n", what);
  keep_input();
  std::_Exit(1);
}

inline void watch() {
  __sanitizer_set_death_callback(keep_input);
  signal(SIGALRM, [](int) { found("an input took too long"); });
}

/// Sets the alarm for one input; destroyed, it lets it be.
class Attempt {
 public:
  explicit Attempt(const std::vector<uint8_t>& input) {
    input_in_progress = &input;
    alarm(kHangSeconds);
  }
  ~Attempt() {
    alarm(0);
    input_in_progress = nullptr;
  }
  Attempt(const Attempt&) = delete;
};

/// Memory that ends where no memory is: code that no sanitizer has seen cannot write behind it either.
class GuardedBytes {
 public:
  explicit GuardedBytes(size_t size) : size_(size) {
    const auto page = static_cast<size_t>(sysconf(_SC_PAGESIZE));
    mapped_ = (size + page - 1) / page * page + page;
    memory_ = static_cast<uint8_t*>(mmap(nullptr, mapped_, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
    if (memory_ == MAP_FAILED || mprotect(memory_ + mapped_ - page, page, PROT_NONE) != 0)
      found("no memory to decode to");
    data_ = memory_ + mapped_ - page - size;
  }
  ~GuardedBytes() { munmap(memory_, mapped_); }
  GuardedBytes(const GuardedBytes&) = delete;

  uint8_t* data() { return data_; }
  const uint8_t* data() const { return data_; }
  size_t size() const { return size_; }

 private:
  size_t size_, mapped_ = 0;
  uint8_t *memory_ = nullptr, *data_ = nullptr;
};

}  // namespace fuzz

// Machine code that was kept comes back as it was, or not at all.
#include "cuda/kernel_cache.h"

#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <iterator>

#include "check.h"
#include "cuda/kernel_compiler.h"

namespace {

namespace fs = std::filesystem;
using byol::cuda::KernelCache;

struct Folder {
  fs::path path = fs::temp_directory_path() / ("byol-kernel-cache-" + std::to_string(getpid()));
  Folder() { fs::remove_all(path); }
  ~Folder() { fs::remove_all(path); }
  fs::path only_file() const { return fs::directory_iterator(path)->path(); }
};

const std::string kCode = std::string("\0machine code\n", 14);

TEST(kernel_cache_gives_back_what_it_was_given) {
  const Folder folder;
  const KernelCache cache(folder.path / "deep" / "in");
  CHECK(!cache.get("norm", "key"));
  cache.put("norm", "key", kCode);
  CHECK(cache.get("norm", "key") == kCode);
  CHECK(!cache.get("norm", "another key"));
  CHECK(!cache.get("update", "key"));
  cache.put("norm", "key", "newer");
  CHECK(cache.get("norm", "key") == "newer");
}

TEST(kernel_cache_does_not_take_a_damaged_file) {
  const Folder folder;
  const KernelCache cache(folder.path);
  cache.put("norm", "key", kCode);
  const fs::path file = folder.only_file();
  std::ifstream stream(file, std::ios::binary);
  const std::string whole((std::istreambuf_iterator<char>(stream)), std::istreambuf_iterator<char>());
  for (size_t at = 0; at < whole.size(); ++at) {
    std::string damaged = whole;
    damaged[at] = static_cast<char>(damaged[at] ^ 1);
    std::ofstream(file, std::ios::binary) << damaged;
    CHECK(!cache.get("norm", "key"));
    std::ofstream(file, std::ios::binary) << whole.substr(0, at);
    CHECK(!cache.get("norm", "key"));
  }
  cache.put("norm", "key", kCode);
  CHECK(cache.get("norm", "key") == kCode);
}

TEST(kernel_cache_that_cannot_be_written_keeps_nothing) {
  const Folder folder;
  std::ofstream(folder.path) << "a file where the folder should be";
  const KernelCache cache(folder.path);
  cache.put("norm", "key", kCode);
  CHECK(!cache.get("norm", "key"));
  const KernelCache none("");
  none.put("norm", "key", kCode);
  CHECK(!none.get("norm", "key"));
}

TEST(kernel_names_are_those_that_a_file_defines) {
  const auto names = byol::cuda::kernel_names(
      "#define BYOL_KERNEL(name, Arguments, count) x\nBYOL_KERNEL(first, A, 256) {}\n"
      "// BYOL_KERNEL(no, A, 1)\nBYOL_KERNEL( second_2, B, kThreads) {\n");
  CHECK((names == std::vector<std::string>{"first", "second_2"}));
}

}  // namespace

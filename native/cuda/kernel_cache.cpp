#include "cuda/kernel_cache.h"

#include <cstdint>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "core/error.h"
#include "core/io/atomic_file.h"
#include "core/io/crc32c.h"

namespace byol::cuda {
namespace {

// A file: these eight bytes, the lengths of key and code, both, and the checksum of everything before it.
constexpr char kMagic[9] = "BYOLCUB1";

template <class Number>
void append(std::string& out, Number number) {
  out.append(reinterpret_cast<const char*>(&number), sizeof number);
}

std::string contents(const std::string& key, const std::string& code) {
  std::string out(kMagic, 8);
  append(out, static_cast<std::uint64_t>(key.size()));
  append(out, static_cast<std::uint64_t>(code.size()));
  out += key;
  out += code;
  append(out, crc32c(0, out.data(), out.size()));
  return out;
}

// For the file's name only: the key itself decides.
std::uint64_t fnv1a(const std::string& text) {
  std::uint64_t hash = 0xcbf29ce484222325U;
  for (const unsigned char c : text) hash = (hash ^ c) * 0x100000001b3U;
  return hash;
}

}  // namespace

std::string KernelCache::path(const std::string& name, const std::string& key) const {
  char hash[17];
  std::snprintf(hash, sizeof hash, "%016llx", static_cast<unsigned long long>(fnv1a(key)));
  return (std::filesystem::path(folder_) / (name + "-" + hash + ".cubin")).string();
}

std::optional<std::string> KernelCache::get(const std::string& name, const std::string& key) const {
  if (folder_.empty()) return std::nullopt;
  std::ifstream file(path(name, key), std::ios::binary);
  if (!file) return std::nullopt;
  const std::string bytes((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
  const std::size_t begin = 8 + 2 * sizeof(std::uint64_t) + key.size();
  if (bytes.size() < begin + sizeof(std::uint32_t)) return std::nullopt;
  // Equal in all its bytes, checksum included, to what put() would write for this key and the code that lies there.
  std::string code = bytes.substr(begin, bytes.size() - begin - sizeof(std::uint32_t));
  if (bytes != contents(key, code)) return std::nullopt;
  return code;
}

void KernelCache::put(const std::string& name, const std::string& key, const std::string& code) const {
  if (folder_.empty()) return;
  std::error_code failed;
  std::filesystem::create_directories(folder_, failed);
  if (failed) return;
  try {
    const std::string bytes = contents(key, code);
    AtomicFile file(path(name, key));
    file.write(bytes.data(), bytes.size());
    file.commit();
  } catch (const Error&) {
    // A full disk, or a home without write access: as good as no cache.
  }
}

}  // namespace byol::cuda

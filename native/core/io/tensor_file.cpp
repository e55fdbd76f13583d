#include "core/io/tensor_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <numeric>
#include <set>
#include <stdexcept>
#include <system_error>

#include "core/error.h"
#include "core/io/atomic_file.h"
#include "core/io/crc32c.h"
#include "core/io/json_cursor.h"
#include "core/io/safetensors_header.h"
#include "core/interrupt.h"

namespace byol {
namespace {

constexpr int64_t kLengthBytes = 8;
constexpr int64_t kLargestHeader = 100'000'000;  // the limit of the reference implementation
constexpr size_t kLargestRead = size_t{1} << 30;

[[noreturn]] void cannot_read(const std::string& path, const std::string& reason) {
  throw Error("ERR_BYOL_IO", "Cannot read " + path + ": " + reason + ".");
}

constexpr const char* kChecksumPrefix = "crc32c:";

std::array<unsigned char, kLengthBytes> length_bytes(const std::string& header) {
  std::array<unsigned char, kLengthBytes> out{};
  for (size_t i = 0; i < out.size(); ++i) out[i] = static_cast<unsigned char>(header.size() >> (8 * i));
  return out;
}

class InputFile {
 public:
  explicit InputFile(const std::string& path) : path_(path), descriptor_(::open(path.c_str(), O_RDONLY | O_CLOEXEC)) {
    if (descriptor_ < 0) cannot_read(path_, std::generic_category().message(errno));
  }
  ~InputFile() { ::close(descriptor_); }
  InputFile(const InputFile&) = delete;
  InputFile& operator=(const InputFile&) = delete;

  int64_t size() const {
    struct stat status = {};
    if (::fstat(descriptor_, &status) != 0) cannot_read(path_, std::generic_category().message(errno));
    if (!S_ISREG(status.st_mode)) cannot_read(path_, "it is not a file");
    return status.st_size;
  }

  void read(void* out, int64_t size, int64_t offset) const {
    char* rest = static_cast<char*>(out);
    while (size > 0) {
      const ssize_t got = ::pread(descriptor_, rest, std::min(static_cast<size_t>(size), kLargestRead), offset);
      if (got < 0) {
        if (errno == EINTR) continue;
        cannot_read(path_, std::generic_category().message(errno));
      }
      if (got == 0) throw std::invalid_argument("it became shorter while it was read");
      rest += got;
      size -= got;
      offset += got;
    }
  }

 private:
  std::string path_;
  int descriptor_;
};

// Only tensors without padding between them: what load() has made sure of, and save_tensors() writes.
std::uint32_t checksum_of(const std::string& header, const std::vector<const at::Tensor*>& in_file_order) {
  const auto length = length_bytes(header);
  std::uint32_t crc = crc32c(0, length.data(), length.size());
  crc = crc32c(crc, header.data(), header.size());
  for (const at::Tensor* tensor : in_file_order) {
    throw_if_interrupted();
    crc = crc32c(crc, tensor->const_data_ptr(), tensor->nbytes());
  }
  return crc;
}

std::string checksum_text(std::uint32_t crc) {
  std::string text(kChecksumPrefix);
  for (int shift = 28; shift >= 0; shift -= 4) text += "0123456789abcdef"[crc >> shift & 15];
  return text;
}

// Where the header has this value of the metadata, as format_header() writes it; npos: nowhere.
size_t find_checksum(const std::string& header, const std::string& value) {
  const std::string entry = json_string(kChecksumKey) + ':' + json_string(value);
  const size_t found = header.find(entry);
  return found == std::string::npos ? found : found + entry.size() - 1 - value.size();
}

void check_checksum(const SafetensorsHeader& header, std::string text, const NamedTensors& tensors) {
  const auto said = header.metadata.find(kChecksumKey);
  if (said == header.metadata.end()) return;
  std::vector<size_t> order(tensors.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::sort(order.begin(), order.end(), [&](size_t a, size_t b) {
    const TensorEntry &left = header.entries[a], &right = header.entries[b];
    return left.begin != right.begin ? left.begin < right.begin : left.end < right.end;
  });
  std::vector<const at::Tensor*> in_file_order;
  for (const size_t index : order) in_file_order.push_back(&tensors[index].second);

  const std::string zeros = checksum_text(0);
  const size_t place = find_checksum(text, said->second);
  const bool ours = place != std::string::npos && said->second.size() == zeros.size();
  if (ours) text.replace(place, zeros.size(), zeros);
  if (!ours || checksum_text(checksum_of(text, in_file_order)) != said->second) {
    throw std::invalid_argument("its checksum is not that of its contents");
  }
}

std::string read_header(const InputFile& file, int64_t size) {
  if (size < kLengthBytes)
    throw std::invalid_argument("it has " + std::to_string(size) + " bytes, fewer than any such file");
  unsigned char bytes[kLengthBytes];
  file.read(bytes, kLengthBytes, 0);
  uint64_t length = 0;
  for (int i = kLengthBytes; i-- > 0;) length = length << 8 | bytes[i];
  if (length > static_cast<uint64_t>(kLargestHeader))
    throw std::invalid_argument("its first 8 bytes are not a header's length");
  if (static_cast<int64_t>(length) > size - kLengthBytes) throw std::invalid_argument("it ends inside its header");
  std::string text(length, '\0');
  file.read(text.data(), static_cast<int64_t>(length), kLengthBytes);
  return text;
}

at::Tensor read_tensor(const InputFile& file, const TensorEntry& entry, int64_t data_start) {
  at::Tensor tensor = at::empty(entry.shape, at::TensorOptions().dtype(entry.type));
  file.read(tensor.data_ptr(), entry.end - entry.begin, data_start + entry.begin);
  if (entry.type == at::kBool) {  // any other byte in a bool is undefined behaviour later on
    const auto* bytes = static_cast<const uint8_t*>(tensor.data_ptr());
    if (std::any_of(bytes, bytes + tensor.numel(), [](uint8_t byte) { return byte > 1; })) {
      throw std::invalid_argument("tensor '" + entry.name + "' is BOOL but holds other values than 0 and 1");
    }
  }
  return tensor;
}

std::pair<NamedTensors, Metadata> load(const InputFile& file) {
  const int64_t size = file.size();
  const std::string text = read_header(file, size);
  SafetensorsHeader header = parse_header(text);
  const int64_t data_start = kLengthBytes + static_cast<int64_t>(text.size());
  const int64_t needed = header.data_size(), found = size - data_start;
  if (found != needed) {
    throw std::invalid_argument("it holds " + std::to_string(found) + " bytes of data, its header lists " +
                                std::to_string(needed));
  }
  NamedTensors tensors;
  for (const TensorEntry& entry : header.entries) {
    throw_if_interrupted();
    tensors.emplace_back(entry.name, read_tensor(file, entry, data_start));
  }
  check_checksum(header, text, tensors);
  return {std::move(tensors), std::move(header.metadata)};
}

}  // namespace

void save_tensors(const std::string& path, const NamedTensors& tensors, const Metadata& metadata, Checksum checksum) {
  SafetensorsHeader header{{}, metadata};
  if (checksum == Checksum::Crc32c) header.metadata[kChecksumKey] = checksum_text(0);
  std::set<std::string> names;
  for (const auto& [name, tensor] : tensors) {
    if (name == "__metadata__" || !names.insert(name).second) {
      throw Error("ERR_BYOL_VALUE",
                  "Cannot save two tensors, or metadata and a tensor, under the name '" + name + "'.");
    }
    safetensors_type(tensor.scalar_type());
    header.entries.push_back({name, tensor.scalar_type(), tensor.sizes().vec(), 0, 0});
  }

  // Widest types first, so that every tensor lies on a multiple of its element's size; readers map files into memory.
  std::vector<size_t> layout(tensors.size());
  std::iota(layout.begin(), layout.end(), size_t{0});
  std::stable_sort(layout.begin(), layout.end(), [&](size_t a, size_t b) {
    return tensors[a].second.element_size() > tensors[b].second.element_size();
  });
  int64_t position = 0;
  for (const size_t index : layout) {
    header.entries[index].begin = position;
    position += static_cast<int64_t>(tensors[index].second.nbytes());
    header.entries[index].end = position;
  }

  std::string text = format_header(header);
  std::vector<at::Tensor> plain;
  for (const size_t index : layout) {
    throw_if_interrupted();
    plain.push_back(tensors[index].second.detach().to(at::kCPU).contiguous());
  }
  if (checksum == Checksum::Crc32c) {
    std::vector<const at::Tensor*> in_file_order;
    for (const at::Tensor& tensor : plain) in_file_order.push_back(&tensor);
    const std::string zeros = checksum_text(0);
    text.replace(find_checksum(text, zeros), zeros.size(), checksum_text(checksum_of(text, in_file_order)));
  }

  AtomicFile file(path);
  const auto length = length_bytes(text);
  file.write(length.data(), length.size());
  file.write(text.data(), text.size());
  for (const at::Tensor& tensor : plain) {
    throw_if_interrupted();
    file.write(tensor.const_data_ptr(), tensor.nbytes());
  }
  file.commit();
}

std::pair<NamedTensors, Metadata> load_tensors(const std::string& path) {
  const InputFile file(path);
  try {
    return load(file);
  } catch (const std::invalid_argument& problem) {
    throw Error("ERR_BYOL_CHECKPOINT", path + " is truncated, damaged or no safetensors file: " + problem.what() +
                                           ". Use another checkpoint or copy the file again.");
  }
}

}  // namespace byol

// Safetensors: round trips, the bytes themselves, and every way in which a file can be broken.
#include "core/io/tensor_file.h"

#include <ATen/ATen.h>
#include <fcntl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

#include "check.h"
#include "core/error.h"
#include "core/io/crc32c.h"

namespace {

namespace fs = std::filesystem;
using byol::load_tensors;
using byol::Metadata;
using byol::NamedTensors;
using byol::save_tensors;

class Folder {
 public:
  Folder() : path_((fs::temp_directory_path() / "byol-tensor-file-XXXXXX").string()) {
    if (::mkdtemp(path_.data()) == nullptr) throw std::runtime_error("cannot make a temporary folder");
  }
  ~Folder() { fs::remove_all(path_); }
  std::string file(const std::string& name) const { return path_ + "/" + name; }
  size_t entries() const { return std::distance(fs::directory_iterator(path_), fs::directory_iterator()); }

 private:
  std::string path_;
};

std::string read_bytes(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

void write_bytes(const std::string& path, const std::string& bytes) {
  std::ofstream(path, std::ios::binary | std::ios::trunc) << bytes;
}

std::string with_length(const std::string& header, const std::string& data) {
  std::string out;
  for (int i = 0; i < 8; ++i) out.push_back(static_cast<char>(header.size() >> (8 * i)));
  return out + header + data;
}

// The code and text that loading throws, "" if it does not.
std::pair<std::string, std::string> failure(const std::string& path) {
  try {
    load_tensors(path);
  } catch (const byol::Error& error) {
    return {error.code(), error.what()};
  }
  return {"", ""};
}

void check_refused(const std::string& bytes, const std::string& words) {
  const Folder folder;
  const std::string path = folder.file("broken.safetensors");
  write_bytes(path, bytes);
  const auto [code, text] = failure(path);
  if (code != "ERR_BYOL_CHECKPOINT" || text.find(words) == std::string::npos || text.find(path) == std::string::npos) {
    check::fail(__FILE__, __LINE__, "expected a refusal with '" + words + "', got '" + code + ": " + text + "'");
  }
}

void check_header_refused(const std::string& header, const std::string& words) {
  check_refused(with_length(header, std::string(8, '\0')), words);
}

NamedTensors one_of_each() {
  const at::Tensor x = at::arange(24, at::kFloat).sub_(7.5).view({2, 3, 2, 2});
  return {{"zulu.f32", x},
          {"u8", x.abs().to(at::kByte)},
          {"bool", x.gt(0)},
          {"f64", x.to(at::kDouble) / 3},
          {"bf16", (x / 3).to(at::kBFloat16)},
          {"f16", (x / 3).to(at::kHalf)},
          {"i64", at::full({}, int64_t{1} << 40, at::kLong)},
          {"i32", at::full({1}, -5, at::kInt)},
          {"empty", at::empty({0, 4}, at::kFloat)},
          {"channels_last", (x * 2).contiguous(at::MemoryFormat::ChannelsLast)},
          {"slice", at::arange(12, at::kFloat).view({3, 4}).slice(1, 1, 3)}};
}

}  // namespace

TEST(tensor_file_round_trip_keeps_order_types_shapes_and_values) {
  const Folder folder;
  const std::string path = folder.file("a.safetensors");
  const NamedTensors before = one_of_each();
  const Metadata metadata = {{"empty", ""}, {"quote \"\\/", "line\nbreak \x01 \xC3\xBC \xE2\x82\xAC \xF0\x9F\x98\x80"}};
  save_tensors(path, before, metadata);
  const auto [after, read] = load_tensors(path);
  CHECK(read == metadata);
  CHECK(after.size() == before.size());
  for (size_t i = 0; i < before.size(); ++i) {
    CHECK(after[i].first == before[i].first);
    CHECK(after[i].second.scalar_type() == before[i].second.scalar_type());
    CHECK(after[i].second.sizes() == before[i].second.sizes());
    CHECK(after[i].second.is_contiguous());
    CHECK(at::equal(after[i].second, before[i].second));
  }
  CHECK(folder.entries() == 1);
  save_tensors(path, {}, {});
  CHECK(load_tensors(path).first.empty());
}

// Bytes written by hand from the format's description.
TEST(tensor_file_writes_the_documented_bytes) {
  const Folder folder;
  const std::string path = folder.file("a.safetensors");
  save_tensors(path, {{"b", at::tensor({1, 0}, at::kByte).to(at::kBool)}, {"a", at::tensor({1.0F})}}, {{"k", "v"}});
  std::string header = R"({"__metadata__":{"k":"v"},"b":{"dtype":"BOOL","shape":[2],"data_offsets":[4,6]},)"
                       R"("a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}})";
  header.append((8 - header.size() % 8) % 8, ' ');
  const std::string data("\x00\x00\x80\x3F\x01\x00", 6);
  CHECK(read_bytes(path) == with_length(header, data));
}

TEST(tensor_file_reads_other_writers_json) {
  const Folder folder;
  const std::string path = folder.file("a.safetensors");
  // Keys in any order, white space, escapes of every kind, an empty tensor between two others.
  const std::string header =
      "{ \"w\\u00fc\\ud83d\\ude00\\t\\/\" :\n{\"data_offsets\":[0, 4],\"shape\":[],\"dtype\":\"I32\"},"
      "\"none\":{\"dtype\":\"F32\",\"shape\":[3,0],\"data_offsets\":[4,4]},"
      "\"x\":{\"dtype\":\"U8\",\"shape\":[2],\"data_offsets\":[4,6]},\"__metadata__\":{} }\r\n  ";
  write_bytes(path, with_length(header, std::string("\x2A\0\0\0\x07\x09", 6)));
  const auto [tensors, metadata] = load_tensors(path);
  CHECK(tensors.size() == 3 && metadata.empty());
  CHECK(tensors[0].first == "w\xC3\xBC\xF0\x9F\x98\x80\t/");
  CHECK(tensors[0].second.item<int>() == 42);
  CHECK(tensors[1].second.sizes() == (at::IntArrayRef{3, 0}));
  CHECK(at::equal(tensors[2].second, at::tensor({7, 9}, at::kByte)));
}

TEST(crc32c_of_the_published_vectors) {
  const std::string digits = "123456789";
  CHECK(byol::crc32c(0, digits.data(), digits.size()) == 0xE3069283U);
  // RFC 3720, B.4.
  std::string ascending, zeros(32, '\0'), ones(32, '\xFF');
  for (int i = 0; i < 32; ++i) ascending.push_back(static_cast<char>(i));
  CHECK(byol::crc32c(0, zeros.data(), 32) == 0x8A9136AAU);
  CHECK(byol::crc32c(0, ones.data(), 32) == 0x62A8AB43U);
  CHECK(byol::crc32c(0, ascending.data(), 32) == 0x46DD794EU);
  for (size_t cut = 0; cut <= 32; ++cut) {
    const std::uint32_t head = byol::crc32c(0, ascending.data(), cut);
    CHECK(byol::crc32c(head, ascending.data() + cut, 32 - cut) == 0x46DD794EU);
  }
}

TEST(tensor_file_with_a_checksum_refuses_every_flipped_byte) {
  const Folder folder;
  const std::string path = folder.file("a.safetensors");
  // Written in another order than listed, one without data, one without memory of its own order.
  const NamedTensors tensors = {{"b", at::ones({2}, at::kByte)},
                                {"none", at::empty({0})},
                                {"a", at::arange(6, at::kFloat).view({2, 3}).t()}};
  save_tensors(path, tensors, {{"epoch", "3"}}, byol::Checksum::Crc32c);
  const std::string bytes = read_bytes(path);
  const auto [whole, metadata] = load_tensors(path);
  CHECK(metadata.at(byol::kChecksumKey).size() == 15 && at::equal(whole[2].second, tensors[2].second));
  const size_t key = bytes.find(byol::kChecksumKey), key_end = key + std::string(byol::kChecksumKey).size();
  for (size_t i = 0; i < bytes.size(); ++i) {
    for (const unsigned char bits : {0x01, 0x20, 0x80}) {
      std::string flipped = bytes;
      flipped[i] = static_cast<char>(flipped[i] ^ bits);
      write_bytes(path, flipped);
      if (failure(path).first == "ERR_BYOL_CHECKPOINT") continue;
      // Its name is all that can be lost without a refusal: then it is missing, as in a file that never had one.
      CHECK(i >= key && i < key_end && load_tensors(path).second.count(byol::kChecksumKey) == 0);
    }
  }
  // Without one, and what another program makes of it.
  save_tensors(path, tensors, {{"epoch", "3"}});
  CHECK(load_tensors(path).second.size() == 1);
  write_bytes(path, with_length("{\"__metadata__\":{ \"byol-torch.checksum\":\"1\"}}", ""));
  CHECK(failure(path).second.find("its checksum is not that of its contents") != std::string::npos);
}

TEST(tensor_file_refuses_every_truncation) {
  const Folder folder;
  const std::string whole = folder.file("whole.safetensors"), part = folder.file("part.safetensors");
  save_tensors(whole, {{"a", at::ones({3})}, {"b", at::ones({2}, at::kByte)}}, {{"epoch", "3"}});
  const std::string bytes = read_bytes(whole);
  for (size_t length = 0; length < bytes.size(); ++length) {
    write_bytes(part, bytes.substr(0, length));
    CHECK(failure(part).first == "ERR_BYOL_CHECKPOINT");
  }
  check_refused(bytes + '\0', "its header lists");
}

TEST(tensor_file_refuses_damaged_headers) {
  const auto tensor = [](const std::string& fields) { return "{\"a\":{" + fields + "}}"; };
  check_refused("", "0 bytes");
  check_refused(std::string(8, '\xFF') + "{}", "header's length");
  check_refused(with_length("", ""), "does not start with '{'");
  check_header_refused(" {}", "does not start with '{'");
  check_header_refused("{\"a\"", "expected ':'");
  check_header_refused("{} x", "follows the closing brace");
  check_header_refused("{\"a", "ends inside a string");
  check_header_refused("{\"\\ud800x\":1}", "high surrogate");
  check_header_refused("{\"\\udc00\":1}", "low surrogate");
  check_header_refused("{\"\\u00g0\":1}", "hexadecimal");
  check_header_refused("{\"\\x\":1}", "unknown escape");
  check_header_refused("{\"a\nb\":1}", "control character");
  check_header_refused("{\"__metadata__\":{\"k\":1}}", "expected '\"'");
  check_header_refused("{\"__metadata__\":{\"k\":\"1\",\"k\":\"2\"}}", "twice");
  check_header_refused(tensor(R"("dtype":"F32","shape":[2])"), "lacks its");
  check_header_refused(tensor(R"("dtype":"F32","dtype":"F32","shape":[2],"data_offsets":[0,8])"), "twice");
  check_header_refused(tensor(R"("dtype":"F32","shape":[2],"data_offsets":[0,8],"more":"1")"), "unknown key");
  check_header_refused(tensor(R"("dtype":"C64","shape":[1],"data_offsets":[0,8])"), "type 'C64'");
  check_header_refused(tensor(R"("dtype":"F32","shape":[-2],"data_offsets":[0,8])"), "expected a whole number");
  check_header_refused(tensor(R"("dtype":"F32","shape":[2.0],"data_offsets":[0,8])"), "expected ']'");
  check_header_refused(tensor(R"("dtype":"F32","shape":[02],"data_offsets":[0,8])"), "leading zero");
  check_header_refused(tensor(R"("dtype":"F32","shape":[3],"data_offsets":[0,8])"), "need 12");
  check_header_refused(tensor(R"("dtype":"F32","shape":[2],"data_offsets":[8,0])"), "invalid data_offsets");
  check_header_refused(tensor(R"("dtype":"F32","shape":[2],"data_offsets":[0,4,8])"), "invalid data_offsets");
  check_header_refused(tensor(R"("dtype":"F32","shape":[4],"data_offsets":[0,16])"), "its header lists 16");
}

TEST(tensor_file_refuses_overflowing_sizes) {
  const auto header = [](const std::string& shape, const std::string& offsets) {
    return "{\"a\":{\"dtype\":\"F32\",\"shape\":[" + shape + "],\"data_offsets\":[" + offsets + "]}}";
  };
  check_header_refused(header("4611686018427387904,4", "0,0"), "beyond 2^63");
  check_header_refused(header("0,4611686018427387904,4", "0,0"), "beyond 2^63");
  check_header_refused(header("2", "18446744073709551608,18446744073709551616"), "above 2^63 - 1");
  check_header_refused(header("2", "9223372036854775800,9223372036854775807"), "takes 7 bytes");
  check_header_refused(header("2", "9223372036854775792,9223372036854775800"), "does not start where");
}

TEST(tensor_file_refuses_duplicates_overlaps_holes_and_bad_bools) {
  const auto entry = [](const std::string& name, const std::string& type, int length, int begin, int end) {
    return "\"" + name + "\":{\"dtype\":\"" + type + "\",\"shape\":[" + std::to_string(length) +
           "],\"data_offsets\":[" + std::to_string(begin) + "," + std::to_string(end) + "]}";
  };
  check_header_refused("{" + entry("a", "U8", 4, 0, 4) + "," + entry("a", "U8", 4, 4, 8) + "}", "listed twice");
  check_header_refused("{" + entry("a", "U8", 6, 0, 6) + "," + entry("b", "U8", 4, 4, 8) + "}", "'b' overlaps");
  check_header_refused("{" + entry("a", "U8", 8, 0, 8) + "," + entry("b", "U8", 8, 0, 8) + "}", "overlaps");
  check_header_refused("{" + entry("a", "U8", 3, 0, 3) + "," + entry("b", "U8", 4, 4, 8) + "}", "'b' does not start");
  check_refused(with_length("{" + entry("a", "BOOL", 2, 0, 2) + "}", "\x01\x02"), "other values than 0 and 1");
}

TEST(tensor_file_says_what_cannot_be_opened_or_saved) {
  const Folder folder;
  const auto [missing, missing_text] = failure(folder.file("none.safetensors"));
  CHECK(missing == "ERR_BYOL_IO" && missing_text.find("No such file") != std::string::npos);
  CHECK(failure(folder.file("")).first == "ERR_BYOL_IO");
  const auto code_of_save = [](const std::string& path, const NamedTensors& tensors) -> std::string {
    try {
      save_tensors(path, tensors, {});
    } catch (const byol::Error& error) {
      return error.code();
    }
    return "";
  };
  CHECK(code_of_save(folder.file("no/such/folder.safetensors"), {}) == "ERR_BYOL_IO");
  CHECK(code_of_save(folder.file("a"), {{"x", at::ones({1})}, {"x", at::ones({1})}}) == "ERR_BYOL_VALUE");
  CHECK(code_of_save(folder.file("a"), {{"__metadata__", at::ones({1})}}) == "ERR_BYOL_VALUE");
  CHECK(code_of_save(folder.file("a"), {{"x", at::ones({1}, at::kComplexFloat)}}) == "ERR_BYOL_VALUE");
  CHECK(folder.entries() == 0);
}

// A file-size limit fails write() part of the way through, as a full disk does.
TEST(tensor_file_that_cannot_be_finished_leaves_the_old_one) {
  const Folder folder;
  const std::string path = folder.file("a.safetensors");
  save_tensors(path, {{"a", at::ones({4})}}, {});
  const std::string before = read_bytes(path);

  rlimit old_limit = {};
  CHECK(::getrlimit(RLIMIT_FSIZE, &old_limit) == 0);
  const auto old_handler = std::signal(SIGXFSZ, SIG_IGN);
  const rlimit limit = {4096, old_limit.rlim_max};
  CHECK(::setrlimit(RLIMIT_FSIZE, &limit) == 0);
  std::string code, text;
  try {
    save_tensors(path, {{"a", at::ones({4})}, {"b", at::ones({1 << 20})}}, {});
  } catch (const byol::Error& error) {
    code = error.code();
    text = error.what();
  }
  ::setrlimit(RLIMIT_FSIZE, &old_limit);
  std::signal(SIGXFSZ, old_handler);

  CHECK(code == "ERR_BYOL_IO");
  CHECK(text.find(path) != std::string::npos && text.find("File too large") != std::string::npos);
  CHECK(read_bytes(path) == before);
  CHECK(folder.entries() == 1);
}

TEST(tensor_file_follows_links_and_replaces_nothing_but_files) {
  const Folder folder;
  const NamedTensors tensors = {{"a", at::ones({4})}};
  fs::create_directory(folder.file("real"));
  write_bytes(folder.file("real/old"), "old");
  fs::create_symlink("real/old", folder.file("link"));
  fs::create_symlink("real/new", folder.file("dangling"));
  for (const char* name : {"link", "dangling"}) {
    save_tensors(folder.file(name), tensors, {});
    CHECK(fs::is_symlink(folder.file(name)));
  }
  for (const char* name : {"real/old", "real/new"}) CHECK(load_tensors(folder.file(name)).first.size() == 1);

  const auto code_of_save = [&](const std::string& name) -> std::string {
    try {
      save_tensors(folder.file(name), tensors, {});
    } catch (const byol::Error& error) {
      return error.code();
    }
    return "";
  };
  CHECK(code_of_save("real") == "ERR_BYOL_IO");
  fs::create_symlink("circle", folder.file("circle"));
  CHECK(code_of_save("circle") == "ERR_BYOL_IO");

  // With a reader already there, opening a named pipe for writing does not wait.
  CHECK(::mkfifo(folder.file("pipe").c_str(), 0600) == 0);
  const int reader = ::open(folder.file("pipe").c_str(), O_RDONLY | O_NONBLOCK);
  save_tensors(folder.file("pipe"), tensors, {});
  char byte = 0;
  CHECK(::read(reader, &byte, 1) == 1);
  ::close(reader);
  CHECK(fs::is_fifo(folder.file("pipe")));
}

// What Snappy packs, by elements that are made here as its format says.
#include "core/data/snappy.h"

#include <algorithm>
#include <string>
#include <vector>

#include "check.h"

using byol::unpack_snappy;

namespace {

using Bytes = std::vector<uint8_t>;

Bytes operator+(Bytes a, const Bytes& b) {
  a.insert(a.end(), b.begin(), b.end());
  return a;
}

Bytes text(const std::string& characters) { return {characters.begin(), characters.end()}; }

Bytes literal(const Bytes& bytes) {
  const size_t length = bytes.size() - 1;
  if (length < 60) return Bytes{static_cast<uint8_t>(length << 2)} + bytes;
  Bytes tag = {0};
  for (size_t left = length; left > 0; left >>= 8) tag.push_back(static_cast<uint8_t>(left));
  tag[0] = static_cast<uint8_t>((58 + tag.size()) << 2);
  return tag + bytes;
}

/// A copy with a distance of 1, 2 or 4 bytes.
Bytes copy(size_t distance, size_t length, int digits) {
  if (digits == 1) {
    return {static_cast<uint8_t>(1 | (length - 4) << 2 | (distance >> 8) << 5), static_cast<uint8_t>(distance)};
  }
  Bytes result = {static_cast<uint8_t>((digits == 2 ? 2 : 3) | (length - 1) << 2)};
  for (int i = 0; i < digits; ++i) result.push_back(static_cast<uint8_t>(distance >> (8 * i)));
  return result;
}

Bytes unpacked(const Bytes& packed, size_t length) {
  Bytes bytes(length, 77);
  CHECK(unpack_snappy(packed, bytes));
  return bytes;
}

bool is_damaged(const Bytes& packed, size_t length) {
  Bytes bytes(length);
  return !unpack_snappy(packed, bytes);
}

}  // namespace

TEST(snappy_unpacks_literals_of_every_length) {
  for (const size_t length : {1, 60, 61, 255, 256, 257, 65'536, 65'537, 70'000}) {
    Bytes bytes(length);
    for (size_t i = 0; i < length; ++i) bytes[i] = static_cast<uint8_t>(i * 7 + i / 256);
    CHECK(unpacked(literal(bytes), length) == bytes);
  }
}

TEST(snappy_unpacks_copies_that_overlap_and_that_do_not) {
  const Bytes start = literal(text("abcd"));
  CHECK(unpacked(start + copy(4, 4, 1), 8) == text("abcdabcd"));
  CHECK(unpacked(start + copy(2, 10, 1), 14) == text("abcdcdcdcdcdcd"));
  CHECK(unpacked(start + copy(1, 3, 2), 7) == text("abcdddd"));
  CHECK(unpacked(start + copy(4, 64, 4), 68) == unpacked(start + copy(4, 64, 2), 68));
  Bytes far(2000);
  for (size_t i = 0; i < far.size(); ++i) far[i] = static_cast<uint8_t>(i % 251);
  const Bytes part(far.begin() + 24, far.begin() + 28);
  CHECK(unpacked(literal(far) + copy(1976, 4, 1), 2004) == far + part);
}

TEST(snappy_unpacks_no_further_than_is_asked) {
  const Bytes packed = literal(text("abcdef")) + copy(6, 6, 2);
  const Bytes whole = text("abcdefabcdef");
  for (size_t length = 0; length <= whole.size(); ++length) {
    CHECK(unpacked(packed, length) == Bytes(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(length)));
  }
  // What is after it need not be there.
  const Bytes some(packed.begin(), packed.begin() + 4);
  CHECK(unpacked(some, 3) == text("abc"));
}

TEST(snappy_refuses_what_is_damaged) {
  const Bytes packed = literal(text("abcdef")) + copy(6, 6, 2);
  for (size_t end = 0; end < packed.size(); ++end) {
    CHECK(is_damaged({packed.begin(), packed.begin() + static_cast<std::ptrdiff_t>(end)}, 12));
  }
  CHECK(is_damaged(packed, 13));
  CHECK(is_damaged(literal(text("abcd")) + copy(5, 4, 1), 8));  // from before the beginning
  CHECK(is_damaged(literal(text("abcd")) + copy(0, 4, 2), 8));
  CHECK(is_damaged(copy(1, 4, 1), 8));
  CHECK(is_damaged({0xFC, 0xFF, 0xFF, 0xFF, 0xFF, 1}, 8));  // a literal of 4 GiB
}

#include "core/io/json_cursor.h"

#include <cstdio>
#include <limits>
#include <stdexcept>

namespace byol {
namespace {

void append_utf8(std::string& out, uint32_t code) {
  const auto byte = [&](uint32_t bits) { out.push_back(static_cast<char>(bits)); };
  if (code < 0x80) {
    byte(code);
  } else if (code < 0x800) {
    byte(0xC0 | code >> 6);
    byte(0x80 | (code & 0x3F));
  } else if (code < 0x10000) {
    byte(0xE0 | code >> 12);
    byte(0x80 | (code >> 6 & 0x3F));
    byte(0x80 | (code & 0x3F));
  } else {
    byte(0xF0 | code >> 18);
    byte(0x80 | (code >> 12 & 0x3F));
    byte(0x80 | (code >> 6 & 0x3F));
    byte(0x80 | (code & 0x3F));
  }
}

}  // namespace

void JsonCursor::fail(const std::string& problem) const {
  throw std::invalid_argument("the header is not valid at byte " + std::to_string(position_) + ": " + problem);
}

void JsonCursor::skip_space() {
  while (position_ < text_.size()) {
    const char c = text_[position_];
    if (c != ' ' && c != '\n' && c != '\r' && c != '\t') return;
    ++position_;
  }
}

bool JsonCursor::accept(char c) {
  skip_space();
  if (position_ >= text_.size() || text_[position_] != c) return false;
  ++position_;
  return true;
}

void JsonCursor::expect(char c) {
  if (!accept(c)) fail(std::string("expected '") + c + "'");
}

char JsonCursor::next() {
  if (position_ >= text_.size()) fail("it ends inside a string");
  return text_[position_++];
}

uint32_t JsonCursor::hex4() {
  uint32_t value = 0;
  for (int i = 0; i < 4; ++i) {
    const char c = next();
    uint32_t digit = 0;
    if (c >= '0' && c <= '9') {
      digit = c - '0';
    } else if (c >= 'a' && c <= 'f') {
      digit = c - 'a' + 10;
    } else if (c >= 'A' && c <= 'F') {
      digit = c - 'A' + 10;
    } else {
      fail("a \\u escape needs four hexadecimal digits");
    }
    value = value << 4 | digit;
  }
  return value;
}

void JsonCursor::append_escape(std::string& out) {
  const char c = next();
  switch (c) {
    case '"':
    case '\\':
    case '/':
      out.push_back(c);
      return;
    case 'b':
      out.push_back('\b');
      return;
    case 'f':
      out.push_back('\f');
      return;
    case 'n':
      out.push_back('\n');
      return;
    case 'r':
      out.push_back('\r');
      return;
    case 't':
      out.push_back('\t');
      return;
    case 'u':
      break;
    default:
      fail("unknown escape");
  }
  uint32_t code = hex4();
  if (code >= 0xDC00 && code < 0xE000) fail("a low surrogate without its high one");
  if (code >= 0xD800 && code < 0xDC00) {  // a pair, two escapes for one character beyond U+FFFF
    if (next() != '\\' || next() != 'u') fail("a high surrogate without its low one");
    const uint32_t low = hex4();
    if (low < 0xDC00 || low >= 0xE000) fail("a high surrogate without its low one");
    code = 0x10000 + ((code - 0xD800) << 10) + (low - 0xDC00);
  }
  append_utf8(out, code);
}

std::string JsonCursor::string() {
  expect('"');
  std::string out;
  for (char c = next(); c != '"'; c = next()) {
    if (static_cast<unsigned char>(c) < 0x20) fail("a control character inside a string");
    if (c == '\\') {
      append_escape(out);
    } else {
      out.push_back(c);
    }
  }
  return out;
}

int64_t JsonCursor::whole_number() {
  skip_space();
  const size_t start = position_;
  int64_t value = 0;
  while (position_ < text_.size() && text_[position_] >= '0' && text_[position_] <= '9') {
    const int64_t digit = text_[position_] - '0';
    if (value > (std::numeric_limits<int64_t>::max() - digit) / 10) fail("a number above 2^63 - 1");
    value = value * 10 + digit;
    ++position_;
  }
  const size_t digits = position_ - start;
  if (digits == 0) fail("expected a whole number");
  if (digits > 1 && text_[start] == '0') fail("a number with a leading zero");
  return value;
}

void JsonCursor::end() {
  skip_space();
  if (position_ != text_.size()) fail("something follows the closing brace");
}

std::string json_string(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') {
      out.push_back('\\');
      out.push_back(c);
    } else if (static_cast<unsigned char>(c) < 0x20) {
      char escape[7];
      std::snprintf(escape, sizeof escape, "\\u%04x", static_cast<unsigned>(c));
      out += escape;
    } else {
      out.push_back(c);
    }
  }
  out.push_back('"');
  return out;
}

}  // namespace byol

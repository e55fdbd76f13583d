#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace byol {

/// Reads the strict JSON of a safetensors header from front to back: objects, arrays, strings and whole numbers, which
/// is all that the format has. Anything else throws std::invalid_argument with the byte where it was found.
class JsonCursor {
 public:
  explicit JsonCursor(std::string_view text) : text_(text) {}

  /// Calls `member(key)` for each member; `member` reads the value.
  template <typename Member>
  void object(Member member) {
    expect('{');
    if (accept('}')) return;
    do {
      const std::string key = string();
      expect(':');
      member(key);
    } while (accept(','));
    expect('}');
  }

  /// Calls `element()` for each element, which it reads.
  template <typename Element>
  void array(Element element) {
    expect('[');
    if (accept(']')) return;
    do element();
    while (accept(','));
    expect(']');
  }

  /// UTF-8, escapes resolved.
  std::string string();
  /// A whole number from 0 to 2^63 - 1, without sign, fraction, exponent or leading zero.
  int64_t whole_number();
  /// Throws if anything but white space is left.
  void end();
  [[noreturn]] void fail(const std::string& problem) const;

 private:
  bool accept(char c);
  void expect(char c);
  void skip_space();
  char next();
  uint32_t hex4();
  void append_escape(std::string& out);

  std::string_view text_;
  size_t position_ = 0;
};

/// `text` as a JSON string with its quotes; `text` is UTF-8.
std::string json_string(std::string_view text);

}  // namespace byol

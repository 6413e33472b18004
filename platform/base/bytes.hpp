// Compact binary records: numbers as varints, texts with their length; a reader that no bytes can lead
// astray.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

namespace sundial {

class ByteWriter {
 public:
  void put_byte(std::uint8_t value) { bytes_ += static_cast<char>(value); }
  void put_flag(bool value) { put_byte(value ? 1 : 0); }

  void put_number(std::uint64_t value) {
    for (; value >= 0x80; value >>= 7U) put_byte(static_cast<std::uint8_t>(value | 0x80U));
    put_byte(static_cast<std::uint8_t>(value));
  }

  // Small absolute values are short, of either sign.
  void put_signed(std::int64_t value) {
    const auto bits = static_cast<std::uint64_t>(value);
    put_number(bits << 1U ^ (value < 0 ? ~std::uint64_t{0} : 0));
  }

  void put_fixed32(std::uint32_t value) {
    for (unsigned shift = 0; shift < 32; shift += 8) put_byte(static_cast<std::uint8_t>(value >> shift));
  }
  void put_fixed64(std::uint64_t value) {
    for (unsigned shift = 0; shift < 64; shift += 8) put_byte(static_cast<std::uint8_t>(value >> shift));
  }

  void put_text(std::string_view text) {
    put_number(text.size());
    bytes_ += text;
  }

  const std::string& bytes() const { return bytes_; }
  std::string take() { return std::move(bytes_); }

 private:
  std::string bytes_;
};

// Past the end everything reads as zero and empty, and ok() is false.
class ByteReader {
 public:
  explicit ByteReader(std::string_view bytes) : rest_(bytes) {}

  std::uint8_t byte() {
    if (rest_.empty()) return fail(), std::uint8_t{0};
    const auto value = static_cast<std::uint8_t>(rest_.front());
    rest_.remove_prefix(1);
    return value;
  }

  bool flag() {
    const std::uint8_t value = byte();
    if (value > 1) fail();
    return value == 1;
  }

  std::uint64_t number() {
    std::uint64_t value = 0;
    for (unsigned shift = 0; shift < 64; shift += 7) {
      const std::uint8_t part = byte();
      if (shift == 63 && part > 1) break;
      value |= std::uint64_t{part & 0x7FU} << shift;
      if ((part & 0x80U) == 0) return value;
    }
    return fail(), std::uint64_t{0};
  }

  std::int64_t signed_number() {
    const std::uint64_t bits = number();
    return static_cast<std::int64_t>(bits >> 1U ^ ((bits & 1U) != 0 ? ~std::uint64_t{0} : 0));
  }

  std::uint32_t fixed32() {
    std::uint32_t value = 0;
    for (unsigned shift = 0; shift < 32; shift += 8) value |= std::uint32_t{byte()} << shift;
    return value;
  }
  std::uint64_t fixed64() {
    std::uint64_t value = 0;
    for (unsigned shift = 0; shift < 64; shift += 8) value |= std::uint64_t{byte()} << shift;
    return value;
  }

  // As long as the bytes that are read from.
  std::string_view text() {
    const std::uint64_t length = number();
    if (length > rest_.size()) return fail(), std::string_view{};
    const std::string_view value = rest_.substr(0, static_cast<std::size_t>(length));
    rest_.remove_prefix(static_cast<std::size_t>(length));
    return value;
  }

  bool ok() const { return ok_; }
  bool at_end() const { return rest_.empty(); }

 private:
  void fail() {
    ok_ = false;
    rest_ = {};
  }

  std::string_view rest_;
  bool ok_ = true;
};

}  // namespace sundial

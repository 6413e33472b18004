// The bytes in which state is kept on disk: compact, and read back without trust.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "agent/core/rules/number.hpp"
#include "platform/base/time.hpp"
#include "platform/base/value.hpp"

namespace sundial::rules {

class StateWriter {
 public:
  void byte(std::uint8_t value) { bytes_.push_back(static_cast<char>(value)); }
  void flag(bool value) { byte(value ? 1 : 0); }
  void natural(std::uint64_t value);
  void integer(std::int64_t value);
  void real(double value);
  void fixed(std::uint64_t value);  // always eight bytes, so that what follows stays in its place
  void text(std::string_view value);
  void number(const Number& value);
  void value(const Value& value);
  void instant(Instant value) { integer(value.time_since_epoch().count()); }
  void elapsed(Elapsed value) { integer(value.time_since_epoch().count()); }

  std::string take() { return std::move(bytes_); }
  std::string_view view() const { return bytes_; }
  // For the next one; a little memory stays with it.
  void clear() {
    constexpr std::size_t kStays = 16 * 1024;
    if (bytes_.capacity() > kStays) bytes_ = {};
    bytes_.clear();
  }

 private:
  std::string bytes_;
};

// Once something was not as expected, `ok` is false and all that is read is empty.
class StateReader {
 public:
  explicit StateReader(std::string_view bytes) : rest_(bytes) {}

  std::uint8_t byte();
  bool flag() { return byte() != 0; }
  std::uint64_t natural();
  std::int64_t integer();
  double real();
  std::uint64_t fixed();
  std::string_view text();
  Number number();
  Value value() { return value(0); }
  Instant instant() { return Instant{Millis{integer()}}; }
  Elapsed elapsed() { return Elapsed{Millis{integer()}}; }
  // A number of things of which each takes at least `least` bytes.
  std::size_t count(std::size_t least = 1);

  bool ok() const { return ok_; }
  bool done() const { return ok_ && rest_.empty(); }
  void fail() { ok_ = false; }

 private:
  Value value(int depth);

  std::string_view rest_;
  bool ok_ = true;
};

}  // namespace sundial::rules

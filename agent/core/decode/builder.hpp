// Builder: puts decoded items together into one value, without recursion and within bounds.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "platform/base/result.hpp"
#include "platform/base/value.hpp"

namespace sundial::decode {

// The bytes that are left, with a memory of whether there were enough.
class Reader {
 public:
  explicit Reader(std::string_view bytes) : rest_(bytes) {}

  bool empty() const { return rest_.empty(); }
  std::size_t left() const { return rest_.size(); }
  // The next byte, which must be there.
  std::uint8_t peek() const { return static_cast<std::uint8_t>(rest_.front()); }
  std::optional<std::uint8_t> byte();
  // A number of this many bytes, the highest first.
  std::optional<std::uint64_t> number(std::size_t size);
  std::optional<std::string_view> take(std::uint64_t size);

 private:
  std::string_view rest_;
};

class Builder {
 public:
  // Adds an item. Names of members are items too: a map takes them in turns. An error where a map's key
  // is no text.
  Result<void> add(Value value);
  // Opens a list or map of this many items or members; not set: until `close`. An error beyond the
  // depth of JSON.
  Result<void> open(bool is_map, std::optional<std::uint64_t> count);
  // Ends what was opened without a count; false where nothing such is open, or a value is missing.
  bool close();

  bool is_done() const { return done_; }
  Value take() { return std::move(root_); }

 private:
  struct Open {
    bool is_map;
    std::optional<std::uint64_t> left;
    std::optional<std::string> name;  // of the member whose value comes next
    std::vector<Map::Member> members;
    List items;
  };

  void finish_full();
  Result<void> put(Value value);

  std::vector<Open> open_;
  Value root_;
  bool done_ = false;
};

// Half of IEEE 754's single precision.
double half_to_double(std::uint16_t half);
// NaN and the infinities become null, since JSON has none.
Value number_or_null(double number);
// An int where it fits signed 64 bits, else a double.
Value whole_number(std::uint64_t magnitude, bool negative_minus_one);

Error truncated();
Error not_supported(std::string_view what);

}  // namespace sundial::decode

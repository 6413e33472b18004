// Value: what a payload, a template or a JSON document is made of, with CEL's types.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace sundial {

class Value;

using List = std::vector<Value>;

// A map that keeps its members in the order in which they came. Keys are text in all that comes
// from outside; CEL literals may have int, uint and bool keys too.
class Map {
 public:
  using Member = std::pair<Value, Value>;

  Map();
  Map(const Map&);
  Map(Map&&) noexcept;
  Map& operator=(const Map&);
  Map& operator=(Map&&) noexcept;
  ~Map();
  // From members whose keys are known to differ.
  static Map of(std::vector<Member> members);

  std::size_t size() const;
  bool empty() const;
  const Value* find(std::string_view key) const;
  Value* find(std::string_view key);
  // Adds the member, or replaces the value of the one that has this key.
  void set(std::string_view key, Value value);
  // Adds the member without looking whether the key is there: for readers that know it is not.
  void append(Value key, Value value);
  bool erase(std::string_view key);

  std::vector<Member>::const_iterator begin() const;
  std::vector<Member>::const_iterator end() const;
  std::vector<Member>::iterator begin();
  std::vector<Member>::iterator end();

 private:
  std::vector<Member> members_;
};

struct Null {};
struct Bytes {
  std::string data;
};
// CEL's timestamp and duration: seconds with nanoseconds, 0 <= nanos < 1e9 for a timestamp, and of
// the seconds' sign for a duration.
struct Timestamp {
  std::int64_t seconds = 0;
  std::int32_t nanos = 0;
};
struct TimeSpan {
  std::int64_t seconds = 0;
  std::int32_t nanos = 0;
};
// A CEL type as a value: "int", "null_type".
struct TypeName {
  std::string name;
};
// JSON text that is passed on byte for byte: the `{payload}` that was received.
struct Verbatim {
  std::string json;
};

class Value {
 public:
  using Variant = std::variant<Null, bool, std::int64_t, std::uint64_t, double, std::string, Bytes, List, Map,
                               Timestamp, TimeSpan, TypeName, Verbatim>;

  Value() = default;
  Value(Null) {}                                                // NOLINT: values convert
  Value(bool value) : data_(value) {}                           // NOLINT
  Value(std::int64_t value) : data_(value) {}                   // NOLINT
  Value(int value) : data_(std::int64_t{value}) {}              // NOLINT
  Value(std::uint64_t value) : data_(value) {}                  // NOLINT
  Value(double value) : data_(value) {}                         // NOLINT
  Value(std::string value) : data_(std::move(value)) {}         // NOLINT
  Value(std::string_view value) : data_(std::string(value)) {}  // NOLINT
  Value(const char* value) : data_(std::string(value)) {}       // NOLINT
  Value(Bytes value) : data_(std::move(value)) {}               // NOLINT
  Value(List value) : data_(std::move(value)) {}                // NOLINT
  Value(Map value) : data_(std::move(value)) {}                 // NOLINT
  Value(Timestamp value) : data_(value) {}                      // NOLINT
  Value(TimeSpan value) : data_(value) {}                       // NOLINT
  Value(TypeName value) : data_(std::move(value)) {}            // NOLINT
  Value(Verbatim value) : data_(std::move(value)) {}            // NOLINT

  template <typename T>
  const T* get_if() const {
    return std::get_if<T>(&data_);
  }
  template <typename T>
  T* get_if() {
    return std::get_if<T>(&data_);
  }
  template <typename T>
  bool is() const {
    return std::holds_alternative<T>(data_);
  }

  bool is_null() const { return is<Null>(); }
  // The text, or nothing where the value is of another type.
  const std::string* text() const { return get_if<std::string>(); }
  // The member of this name, or nothing where the value is no map or has none.
  const Value* find(std::string_view key) const;

  const Variant& variant() const { return data_; }
  Variant& variant() { return data_; }

 private:
  Variant data_;
};

// Equality of structure and type, as tests and change detection need it (CEL's own, in which
// 1 == 1.0, is agent/core/expression's).
bool operator==(const Value& left, const Value& right);
bool operator==(const Map& left, const Map& right);

}  // namespace sundial

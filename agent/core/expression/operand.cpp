// Equality and order of operands, exact across the types of numbers.
#include "agent/core/expression/operand.hpp"

#include <cmath>
#include <limits>

namespace sundial::expression {
namespace {

constexpr double kTwo63 = 9223372036854775808.0;
constexpr double kTwo64 = 18446744073709551616.0;

template <typename Int>
std::partial_ordering compare_with_double(Int whole, double number, double beyond) {
  if (std::isnan(number)) return std::partial_ordering::unordered;
  if (number > beyond) return std::partial_ordering::less;
  // At the end of the range CEL compares as doubles: the largest int is not less than 2^63.
  if (number == beyond) {
    return static_cast<double>(whole) < beyond ? std::partial_ordering::less
                                               : std::partial_ordering::equivalent;
  }
  if (number < static_cast<double>(std::numeric_limits<Int>::min())) return std::partial_ordering::greater;
  const double floor = std::floor(number);
  const auto as_int = static_cast<Int>(floor);
  if (whole != as_int) return whole < as_int ? std::partial_ordering::less : std::partial_ordering::greater;
  return floor < number ? std::partial_ordering::less : std::partial_ordering::equivalent;
}

std::partial_ordering compare_int_uint(std::int64_t left, std::uint64_t right) {
  if (left < 0) return std::partial_ordering::less;
  return static_cast<std::uint64_t>(left) <=> right;
}

std::partial_ordering reversed(std::partial_ordering order) {
  return 0 <=> order;
}

std::partial_ordering compare_numbers(const Operand& left, const Operand& right) {
  if (left.kind == right.kind) {
    if (left.kind == Kind::integer) return left.integer <=> right.integer;
    if (left.kind == Kind::unsigned_integer) return left.unsigned_integer <=> right.unsigned_integer;
    return left.number <=> right.number;
  }
  if (left.kind == Kind::integer) {
    return right.kind == Kind::number ? compare_with_double(left.integer, right.number, kTwo63)
                                      : compare_int_uint(left.integer, right.unsigned_integer);
  }
  if (left.kind == Kind::unsigned_integer && right.kind == Kind::number) {
    return compare_with_double(left.unsigned_integer, right.number, kTwo64);
  }
  return reversed(compare_numbers(right, left));
}

template <typename Time>
std::partial_ordering compare_times(const Time& left, const Time& right) {
  return left.seconds != right.seconds ? left.seconds <=> right.seconds : left.nanos <=> right.nanos;
}

bool equal_lists(const List& left, const List& right, Steps& steps) {
  if (left.size() != right.size()) return false;
  for (std::size_t i = 0; i < left.size() && steps > 0; ++i) {
    if (!equal(Operand::of(left[i]), Operand::of(right[i]), steps)) return false;
  }
  return steps > 0;
}

bool equal_maps(const Map& left, const Map& right, Steps& steps) {
  if (left.size() != right.size()) return false;
  // Members mostly come in the same order; where they do not, the key is looked for.
  auto beside = right.begin();
  for (const auto& [key, value] : left) {
    const Operand name = Operand::of(key);
    const Value* other =
        equal(name, Operand::of(beside->first), steps) ? &beside->second : find_member(right, name, steps);
    if (steps == 0 || other == nullptr || !equal(Operand::of(value), Operand::of(*other), steps))
      return false;
    ++beside;
  }
  return true;
}

}  // namespace

Operand Operand::of(bool value) {
  Operand operand(Kind::boolean);
  operand.boolean = value;
  return operand;
}
Operand Operand::of(std::int64_t value) {
  Operand operand(Kind::integer);
  operand.integer = value;
  return operand;
}
Operand Operand::of(std::uint64_t value) {
  Operand operand(Kind::unsigned_integer);
  operand.unsigned_integer = value;
  return operand;
}
Operand Operand::of(double value) {
  Operand operand(Kind::number);
  operand.number = value;
  return operand;
}
Operand Operand::of(Timestamp value) {
  Operand operand(Kind::timestamp);
  operand.timestamp = value;
  return operand;
}
Operand Operand::of(TimeSpan value) {
  Operand operand(Kind::duration);
  operand.duration = value;
  return operand;
}
Operand Operand::of_text(std::string_view text) {
  Operand operand(Kind::text);
  operand.view = {text.data(), text.size()};
  return operand;
}
Operand Operand::of_type(std::string_view name) {
  Operand operand(Kind::type);
  operand.view = {name.data(), name.size()};
  return operand;
}

namespace {

Operand borrowed(Kind kind, const Value& value) {
  Operand operand(kind);
  operand.value = &value;
  return operand;
}

template <typename T, typename... Types>
constexpr std::size_t place_in(const std::variant<Types...>*) {
  std::size_t place = 0;
  bool found = false;
  ((found = found || std::is_same_v<T, Types>, place += found ? 0 : 1), ...);
  return place;
}
template <typename T>
constexpr std::size_t index_of = place_in<T>(static_cast<const Value::Variant*>(nullptr));

}  // namespace

// By the index and not by std::visit, which calls through a table for so many types: this is done for
// every value that is touched.
Operand Operand::of(const Value& value) {
  const Value::Variant& data = value.variant();
  switch (data.index()) {
    case index_of<bool>:
      return of(*std::get_if<bool>(&data));
    case index_of<std::int64_t>:
      return of(*std::get_if<std::int64_t>(&data));
    case index_of<std::uint64_t>:
      return of(*std::get_if<std::uint64_t>(&data));
    case index_of<double>:
      return of(*std::get_if<double>(&data));
    case index_of<std::string>:
      return of_text(*std::get_if<std::string>(&data));
    case index_of<Bytes>: {
      Operand bytes = of_text(std::get_if<Bytes>(&data)->data);
      bytes.kind = Kind::bytes;
      return bytes;
    }
    case index_of<List>:
      return borrowed(Kind::list, value);
    case index_of<Map>:
      return borrowed(Kind::map, value);
    case index_of<Timestamp>:
      return of(*std::get_if<Timestamp>(&data));
    case index_of<TimeSpan>:
      return of(*std::get_if<TimeSpan>(&data));
    case index_of<TypeName>:
      return of_type(std::get_if<TypeName>(&data)->name);
    // Verbatim is what templates make; an expression that meets it sees its text.
    case index_of<Verbatim>:
      return of_text(std::get_if<Verbatim>(&data)->json);
    default:
      return Operand(Kind::null);
  }
}

bool is_number(Kind kind) {
  return kind == Kind::integer || kind == Kind::unsigned_integer || kind == Kind::number;
}

double as_double(const Operand& number) {
  if (number.kind == Kind::integer) return static_cast<double>(number.integer);
  if (number.kind == Kind::unsigned_integer) return static_cast<double>(number.unsigned_integer);
  return number.number;
}

std::partial_ordering compare(const Operand& left, const Operand& right) {
  if (is_number(left.kind) && is_number(right.kind)) return compare_numbers(left, right);
  if (left.kind != right.kind) return std::partial_ordering::unordered;
  switch (left.kind) {
    case Kind::boolean:
      return left.boolean <=> right.boolean;
    case Kind::text:
    case Kind::bytes:
      return left.text() <=> right.text();
    case Kind::timestamp:
      return compare_times(left.timestamp, right.timestamp);
    case Kind::duration:
      return compare_times(left.duration, right.duration);
    case Kind::error:
    case Kind::null:
    case Kind::integer:
    case Kind::unsigned_integer:
    case Kind::number:
    case Kind::list:
    case Kind::map:
    case Kind::type:
      return std::partial_ordering::unordered;
  }
  return std::partial_ordering::unordered;
}

// Recursion is bounded: no Value is nested deeper than kMaxValueDepth.
bool equal(const Operand& left, const Operand& right, Steps& steps) {
  if (steps == 0) return false;
  --steps;
  if (is_number(left.kind) && is_number(right.kind)) return compare_numbers(left, right) == 0;
  if (left.kind != right.kind) return false;
  switch (left.kind) {
    case Kind::error:
      return false;
    case Kind::null:
      return true;
    case Kind::type:
    case Kind::text:
    case Kind::bytes:
      return left.text() == right.text();
    case Kind::list:
      return equal_lists(left.list(), right.list(), steps);
    case Kind::map:
      return equal_maps(left.map(), right.map(), steps);
    case Kind::boolean:
    case Kind::timestamp:
    case Kind::duration:
    case Kind::integer:
    case Kind::unsigned_integer:
    case Kind::number:
      return compare(left, right) == 0;
  }
  return false;
}

const Value* find_member(const Map& map, const Operand& key, Steps& steps) {
  steps -= std::min<Steps>(steps, map.size() / 16);
  if (steps == 0) return nullptr;
  if (key.kind == Kind::text) return map.find(key.text());
  if (key.kind != Kind::boolean && !is_number(key.kind)) return nullptr;
  for (const auto& [name, value] : map) {
    if (equal(key, Operand::of(name), steps)) return &value;
  }
  return nullptr;
}

std::string_view type_name(Kind kind) {
  switch (kind) {
    case Kind::error:
      return "error";
    case Kind::null:
      return "null_type";
    case Kind::boolean:
      return "bool";
    case Kind::integer:
      return "int";
    case Kind::unsigned_integer:
      return "uint";
    case Kind::number:
      return "double";
    case Kind::text:
      return "string";
    case Kind::bytes:
      return "bytes";
    case Kind::list:
      return "list";
    case Kind::map:
      return "map";
    case Kind::timestamp:
      return "google.protobuf.Timestamp";
    case Kind::duration:
      return "google.protobuf.Duration";
    case Kind::type:
      return "type";
  }
  return "error";
}

}  // namespace sundial::expression

// Operand: a value on the evaluator's stack. It borrows texts, lists and maps from where they are kept.
#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "platform/base/value.hpp"

namespace sundial::expression {

enum class Kind : std::uint8_t {
  error,
  null,
  boolean,
  integer,
  unsigned_integer,
  number,
  text,
  bytes,
  list,
  map,
  timestamp,
  duration,
  type,
};

enum class Failure : std::uint8_t {
  wrong_type,
  no_field,
  no_key,
  out_of_range,
  overflow,
  division_by_zero,
  conversion,
  bad_time,
  bad_zone,
  bad_pattern,
  bad_key,
  repeated_key,
  not_bool,
  unbound,
  too_deep,
  steps,
  memory,
};

struct Operand {
  Kind kind;
  bool temporary;       // made by this evaluation and used nowhere else: may be changed or moved from
  std::uint16_t depth;  // of a temporary list or map: how deep it is nested
  std::uint32_t slot;   // of a temporary: its place in the arena. Of an error: the instruction that failed

  struct View {
    const char* data;
    std::size_t size;
  };
  struct Reason {
    Failure failure;
    Kind left;
    Kind right;
  };
  union {
    bool boolean;
    std::int64_t integer;
    std::uint64_t unsigned_integer;
    double number;
    View view;           // text, bytes, type
    const Value* value;  // list, map
    Timestamp timestamp;
    TimeSpan duration;
    Reason reason;  // error
  };

  // Left as it is: a stack of them costs nothing until it is used.
  Operand() {}  // NOLINT(modernize-use-equals-default): the union has no default
  explicit Operand(Kind of) : kind(of), temporary(false), depth(0), slot(0), integer(0) {}

  std::string_view text() const { return {view.data, view.size}; }
  const List& list() const { return *value->get_if<List>(); }
  const Map& map() const { return *value->get_if<Map>(); }

  static Operand of(bool value);
  static Operand of(std::int64_t value);
  static Operand of(std::uint64_t value);
  static Operand of(double value);
  static Operand of(Timestamp value);
  static Operand of(TimeSpan value);
  static Operand of_text(std::string_view text);
  static Operand of_type(std::string_view name);
  // Borrows.
  static Operand of(const Value& value);
};

// What comparing may cost: each element that is looked at takes a step; at 0 the answer is worthless.
using Steps = std::size_t;

bool equal(const Operand& left, const Operand& right, Steps& steps);
// unordered: there is no order between these two.
std::partial_ordering compare(const Operand& left, const Operand& right);
bool is_number(Kind kind);
double as_double(const Operand& number);

// The member with this key, numbers compared across types; null where there is none.
const Value* find_member(const Map& map, const Operand& key, Steps& steps);

std::string_view type_name(Kind kind);

}  // namespace sundial::expression

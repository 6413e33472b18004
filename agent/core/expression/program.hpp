// Program: a compiled expression, as instructions for a stack machine. Flat, so that neither long chains
// nor their evaluation recurse.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "agent/core/expression/pattern.hpp"
#include "agent/core/expression/scope.hpp"
#include "platform/base/value.hpp"

namespace sundial::expression {

enum class Op : std::uint8_t {
  push_constant,   // a: constant
  load,            // a: Variable; the whole of it
  load_field,      // a: Field
  has_field,       // a: Field
  load_topic,      // a: index of the level
  load_window,     // a: index of the window's field
  has_window,      // a: as before
  load_local,      // a: the frame whose element it is
  load_aggregate,  // a: index of the result
  select,          // a: name
  has,             // a: name
  index,
  negate,
  not_,
  add,
  subtract,
  multiply,
  divide,  // a: 1 for the division of ints
  modulo,
  less,
  less_equal,
  greater,
  greater_equal,
  equal,
  not_equal,
  in,
  jump,           // a: target
  jump_if_false,  // a: target; the value stays
  jump_if_true,
  and_,
  or_,
  branch,       // takes the condition; a: where `false` goes, b: where an error goes
  make_list,    // a: count
  make_map,     // a: count of members
  call,         // a: Function, b: arguments with the receiver
  matches,      // a: pattern
  begin_loop,   // a: Macro, b: behind the loop
  filter_loop,  // takes the predicate of map(x, p, t)
  next_loop,    // takes the body's value
};

enum class Macro : std::uint8_t { all, exists, exists_one, filter, map };

enum class Function : std::uint8_t {
  size,
  int_,
  uint_,
  double_,
  string,
  bytes,
  bool_,
  type,
  timestamp,
  duration,
  matches,
  contains,
  starts_with,
  ends_with,
  get_date,
  get_day_of_month,
  get_day_of_week,
  get_day_of_year,
  get_full_year,
  get_hours,
  get_milliseconds,
  get_minutes,
  get_month,
  get_seconds,
};

// The fields of variables that are no maps of the payload's kind.
enum class Field : std::uint8_t {
  message_id,
  message_topic,
  message_qos,
  message_retained,
  message_duplicate,
  message_time,
  message_properties,
  device_name,
  device_time_zone,
  state_count,
  state_previous,
  state_fired,
  fired_time,
  fired_payload,
  schedule_id,
  schedule_time,
  rule_id,
};

struct Instruction {
  Op op;
  std::uint32_t a = 0;
  std::uint32_t b = 0;
  std::uint32_t offset = 0;  // in the text, for errors
};

struct Program {
  std::string text;
  std::vector<Instruction> code;
  std::vector<Value> constants;
  std::vector<std::string> names;
  std::vector<Pattern> patterns;
  // Zones that the text names; others are asked of `zone_source`.
  std::vector<std::pair<std::string, std::shared_ptr<const TimeZone>>> zones;
  const ZoneSource* zone_source = nullptr;
  std::size_t stack = 0;  // the most operands at any time
  Variables uses;
  std::vector<Field> fields;                            // named anywhere
  std::vector<std::pair<Variable, std::string>> paths;  // `window.start`, `topic.device`: named anywhere
  Variables wholes;                                     // used as a whole
};

// The variable's field of this name; `fired` stands for what follows `state.fired`.
std::optional<Field> field_of(Variable variable, std::string_view name);
std::optional<Field> field_of_fired(std::string_view name);
// All names that may follow, for suggestions.
std::vector<std::string_view> field_names(Variable variable);

}  // namespace sundial::expression

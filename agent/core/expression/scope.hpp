// What an expression may name (Scope, when it is compiled) and what the names mean (Bindings, when it
// is evaluated). Nothing is copied: bindings point to what the caller keeps alive meanwhile.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "agent/core/model/input.hpp"
#include "platform/base/time.hpp"
#include "platform/base/time_zone.hpp"
#include "platform/base/value.hpp"

namespace sundial::expression {

enum class Variable : std::uint8_t {
  payload,
  topic,
  message,
  device,
  now,
  state,
  window,
  schedule,
  rule,
  each,
  result,  // of a workflow that ended: only in `result_to`
  status,
};
inline constexpr std::size_t kVariables = 12;

std::string_view name_of(Variable variable);

// A set of variables.
class Variables {
 public:
  constexpr Variables() = default;
  constexpr Variables(std::initializer_list<Variable> variables) {
    for (Variable variable : variables) add(variable);
  }
  constexpr void add(Variable variable) { bits_ |= bit(variable); }
  constexpr void add(Variables others) { bits_ |= others.bits_; }
  constexpr bool has(Variable variable) const { return (bits_ & bit(variable)) != 0; }
  constexpr bool within(Variables others) const { return (bits_ & ~others.bits_) == 0; }

 private:
  static constexpr std::uint32_t bit(Variable variable) { return 1U << static_cast<unsigned>(variable); }
  std::uint32_t bits_ = 0;
};

// The names that an expression may use. A name that is not in it is a compile error.
struct Scope {
  Variables variables;
  // The names of the topic's levels, in the order of TopicLevels::values; another `topic.x` does not
  // compile. Not set: any name compiles, and is looked for in TopicLevels::names.
  std::optional<std::vector<std::string>> topic_names;
  // What `window.` may be followed by, in the order of WindowView's index: start, end, count, key,
  // truncated and the names that `collect` gives.
  std::vector<std::string> window_names;
  // For getHours('Europe/Berlin') and its like; must outlive the expression. Null: UTC and offsets only.
  const ZoneSource* zones = nullptr;
};

// The named levels of a topic: names[i] is the name of values[i].
struct TopicLevels {
  std::span<const std::string> names;
  std::span<const std::string_view> values;
};

// The state of a key, as it was when the message came. What is not there yet fails, and has() tells.
struct StateView {
  std::int64_t count = 0;
  const Value* previous = nullptr;
  std::optional<Instant> fired_time;
  const Value* fired_payload = nullptr;
};

// What `window.` names, asked for one by one, so that only what an expression uses is computed.
class WindowView {
 public:
  virtual ~WindowView() = default;
  // The field of this index in Scope::window_names. It must stay where it is until the evaluation
  // (or the rendering of the whole action) has ended. Null: it is not there.
  virtual const Value* field(std::size_t index) const = 0;
};

struct DeviceView {
  std::string_view name;
  std::string_view time_zone;
};

struct ScheduleView {
  std::string_view id;
  Instant time;
};

// The meaning of each variable. What the scope of an expression does not hold may be left out here; a
// variable that is asked for and left out makes the evaluation fail.
struct Bindings {
  const Value* payload = nullptr;
  // The payload as it was received, where it was decoded as JSON: for `{payload}` alone.
  std::optional<std::string_view> payload_json;
  TopicLevels topic;
  const model::Message* message = nullptr;
  Instant message_time{};  // message->time, or the moment of its arrival
  const DeviceView* device = nullptr;
  std::optional<Instant> now;
  const StateView* state = nullptr;
  const WindowView* window = nullptr;
  const ScheduleView* schedule = nullptr;
  std::optional<std::string_view> rule;  // the rule's id
  const Value* each = nullptr;
  const Value* result = nullptr;
  const Value* status = nullptr;
};

}  // namespace sundial::expression

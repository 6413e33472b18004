// The keys of actions: which kind has which, and what their values must be.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "agent/core/model/action.hpp"
#include "platform/base/value.hpp"

namespace sundial::actions {

// What a value must be.
enum class Form {
  text,   // or a number, which is written out
  id,     // the same, without a slash, not empty, not too long
  type,   // the same, not empty
  name,   // the same, and without a slash: it stands in a path
  topic,  // the same as text, without wildcards
  list,
  table,
  any,
  duration,  // "1h30m"
  whole,     // an int from 0
  qos,
  boolean,
  failure,  // text, or { message, type, non_retryable, details }
  retry,    // { initial, backoff, maximum, attempts }
  if_running,
  if_running_with_signal,
  reuse,
  merge,
  expression,  // `each`: no template but an expression
  result_to,   // { topic, payload }, kept as it is written
};

struct Key {
  std::string_view name;
  Form form;
  bool required = false;
};

// Every key that an action of this kind may have.
const std::vector<Key>& keys_of(model::ActionKind kind);
const Key* find_key(model::ActionKind kind, std::string_view name);

// Brings the value into its form (a number becomes text where text is due); what is wrong and what would
// be right, where it has another.
std::optional<std::string> fit(Form form, Value& value);

// The longest id that Temporal takes, in bytes.
inline constexpr std::size_t kMaxId = 1000;

}  // namespace sundial::actions

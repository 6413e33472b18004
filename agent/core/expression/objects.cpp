// Variables that are not the payload: message, topic, state, window, schedule, rule and device.
#include <array>

#include "agent/core/expression/machine.hpp"

namespace sundial::expression {
namespace {

struct NamedField {
  Variable variable;
  std::string_view name;
  Field field;
};
constexpr std::array<NamedField, 15> kFields{{{Variable::message, "id", Field::message_id},
                                              {Variable::message, "topic", Field::message_topic},
                                              {Variable::message, "qos", Field::message_qos},
                                              {Variable::message, "retained", Field::message_retained},
                                              {Variable::message, "duplicate", Field::message_duplicate},
                                              {Variable::message, "time", Field::message_time},
                                              {Variable::message, "properties", Field::message_properties},
                                              {Variable::device, "name", Field::device_name},
                                              {Variable::device, "time_zone", Field::device_time_zone},
                                              {Variable::state, "count", Field::state_count},
                                              {Variable::state, "previous", Field::state_previous},
                                              {Variable::state, "fired", Field::state_fired},
                                              {Variable::schedule, "id", Field::schedule_id},
                                              {Variable::schedule, "time", Field::schedule_time},
                                              {Variable::rule, "id", Field::rule_id}}};

Timestamp timestamp_of(Instant instant) {
  const auto seconds = std::chrono::floor<std::chrono::seconds>(instant);
  const auto nanos = std::chrono::duration_cast<std::chrono::nanoseconds>(instant - seconds);
  return {seconds.time_since_epoch().count(), static_cast<std::int32_t>(nanos.count())};
}

Value properties_of(const model::MessageProperties& properties) {
  Map map;
  if (properties.content_type) map.append("content_type", *properties.content_type);
  if (properties.response_topic) map.append("response_topic", *properties.response_topic);
  if (properties.correlation_data) map.append("correlation_data", Bytes{*properties.correlation_data});
  if (properties.message_expiry) map.append("message_expiry", *properties.message_expiry);
  if (!properties.user.empty()) {
    Map user;
    for (const auto& [name, value] : properties.user) user.set(name, value);
    map.append("user", std::move(user));
  }
  return map;
}

// The fields of a variable, for where it is used as a whole.
std::span<const NamedField> fields_of(Variable variable) {
  const auto* first = kFields.begin();
  while (first != kFields.end() && first->variable != variable) ++first;
  const auto* last = first;
  while (last != kFields.end() && last->variable == variable) ++last;
  return {first, last};
}

}  // namespace

std::optional<Field> field_of(Variable variable, std::string_view name) {
  for (const NamedField& known : fields_of(variable)) {
    if (known.name == name) return known.field;
  }
  return std::nullopt;
}

std::optional<Field> field_of_fired(std::string_view name) {
  if (name == "time") return Field::fired_time;
  if (name == "payload") return Field::fired_payload;
  return std::nullopt;
}

std::vector<std::string_view> field_names(Variable variable) {
  std::vector<std::string_view> names;
  for (const NamedField& known : fields_of(variable)) names.push_back(known.name);
  return names;
}

std::string_view name_of(Variable variable) {
  constexpr std::array<std::string_view, kVariables> names{"payload", "topic", "message", "device",
                                                           "now",     "state", "window",  "schedule",
                                                           "rule",    "each",  "result",  "status"};
  return names[static_cast<std::size_t>(variable)];
}

Operand Machine::load(Variable variable) {
  const auto borrowed = [this](const Value* value) {
    return value == nullptr ? fail(Failure::unbound) : Operand::of(*value);
  };
  switch (variable) {
    case Variable::payload:
      return borrowed(bindings_.payload);
    case Variable::each:
      return borrowed(bindings_.each);
    case Variable::result:
      return borrowed(bindings_.result);
    case Variable::status:
      return borrowed(bindings_.status);
    case Variable::now:
      return bindings_.now ? Operand::of(timestamp_of(*bindings_.now)) : fail(Failure::unbound);
    case Variable::topic: {
      Map map;
      for (std::size_t i = 0; i < bindings_.topic.values.size(); ++i) {
        map.set(bindings_.topic.names[i], bindings_.topic.values[i]);
      }
      return keep(std::move(map), 1);
    }
    case Variable::window:
      // Nothing but the fields of a window is there; the compiler refuses the whole.
      return fail(Failure::unbound);
    case Variable::message:
    case Variable::device:
    case Variable::state:
    case Variable::schedule:
    case Variable::rule:
      break;
  }
  Map map;
  std::size_t depth = 0;
  for (const NamedField& known : fields_of(variable)) {
    const Operand value = load_field(known.field);
    if (value.kind == Kind::error) continue;
    std::size_t inner = 0;
    std::optional<Value> own_value = own(value, inner);
    if (!own_value) return fail(Failure::memory);
    depth = std::max(depth, inner + 1);
    map.append(known.name, std::move(*own_value));
  }
  return map.empty() ? fail(Failure::unbound) : keep(std::move(map), depth);
}

Operand Machine::load_field(Field field) {
  const model::Message* message = bindings_.message;
  const StateView* state = bindings_.state;
  const Operand unbound = fail(Failure::unbound);
  switch (field) {
    case Field::message_id:
      return message ? Operand::of_text(message->id) : unbound;
    case Field::message_topic:
      return message ? Operand::of_text(message->topic) : unbound;
    case Field::message_qos:
      return message ? Operand::of(std::int64_t{message->qos}) : unbound;
    case Field::message_retained:
      return message ? Operand::of(message->retained) : unbound;
    case Field::message_duplicate:
      return message ? Operand::of(message->duplicate) : unbound;
    case Field::message_time:
      return message ? Operand::of(timestamp_of(bindings_.message_time)) : unbound;
    case Field::message_properties:
      return message ? keep(properties_of(message->properties), 2) : unbound;
    case Field::device_name:
      return bindings_.device ? Operand::of_text(bindings_.device->name) : unbound;
    case Field::device_time_zone:
      return bindings_.device ? Operand::of_text(bindings_.device->time_zone) : unbound;
    case Field::state_count:
      return state ? Operand::of(state->count) : unbound;
    case Field::state_previous:
      return state && state->previous ? Operand::of(*state->previous) : unbound;
    case Field::fired_time:
      return state && state->fired_time ? Operand::of(timestamp_of(*state->fired_time)) : unbound;
    case Field::fired_payload:
      return state && state->fired_payload ? Operand::of(*state->fired_payload) : unbound;
    case Field::state_fired: {
      if (!state || !state->fired_time) return unbound;
      Map map;
      map.append("time", timestamp_of(*state->fired_time));
      std::size_t depth = 1;
      if (state->fired_payload) {
        std::size_t inner = 0;
        std::optional<Value> payload = own(Operand::of(*state->fired_payload), inner);
        if (!payload) return fail(Failure::memory);
        map.append("payload", std::move(*payload));
        depth = inner + 1;
      }
      return keep(std::move(map), depth);
    }
    case Field::schedule_id:
      return bindings_.schedule ? Operand::of_text(bindings_.schedule->id) : unbound;
    case Field::schedule_time:
      return bindings_.schedule ? Operand::of(timestamp_of(bindings_.schedule->time)) : unbound;
    case Field::rule_id:
      return bindings_.rule ? Operand::of_text(*bindings_.rule) : unbound;
  }
  return unbound;
}

Operand Machine::has_field(Field field) {
  if (field == Field::state_fired)
    return Operand::of(bindings_.state != nullptr && bindings_.state->fired_time);
  const bool of_fired = field == Field::fired_time || field == Field::fired_payload;
  if (of_fired && (bindings_.state == nullptr || !bindings_.state->fired_time)) return fail(Failure::unbound);
  return Operand::of(load_field(field).kind != Kind::error);
}

Operand Machine::load_topic(std::uint32_t index) const {
  if (index >= bindings_.topic.values.size()) return fail(Failure::unbound);
  return Operand::of_text(bindings_.topic.values[index]);
}

Operand Machine::load_window(std::uint32_t index) const {
  const Value* value = bindings_.window == nullptr ? nullptr : bindings_.window->field(index);
  return value == nullptr ? fail(Failure::unbound) : Operand::of(*value);
}

}  // namespace sundial::expression

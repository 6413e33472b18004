// Lanes, request ids and origins.
#include "agent/core/engine/recorder.hpp"

#include <fmt/format.h>

#include "agent/core/rules/fingerprint.hpp"
#include "agent/core/rules/state_codec.hpp"

namespace sundial::engine {
namespace {

using model::ActionKind;

std::string text_at(const Map& action, std::string_view key) {
  const Value* value = action.find(key);
  const std::string* text = value == nullptr ? nullptr : value->text();
  return text == nullptr ? std::string() : *text;
}

// Records of one lane go in the order decided.
std::string lane_of(ActionKind kind, const Map& action) {
  switch (kind) {
    case ActionKind::start:
    case ActionKind::signal:
    case ActionKind::signal_with_start:
    case ActionKind::cancel:
    case ActionKind::terminate:
      return text_at(action, "id");
    case ActionKind::complete:
    case ActionKind::fail:
    case ActionKind::heartbeat:
      return text_at(action, "workflow_id");
    case ActionKind::publish:
      return "publish:" + text_at(action, "topic");
  }
  return {};
}

// In the form of a UUID, as Temporal's own clients make them.
std::string request_id(const std::string& identity, std::string_view place) {
  rules::StateWriter out;
  out.text(identity);
  out.text(place);
  const rules::Fingerprint mark = rules::fingerprint(out.take());
  return fmt::format("{:08x}-{:04x}-{:04x}-{:04x}-{:012x}", mark.high >> 32, (mark.high >> 16) & 0xffff,
                     mark.high & 0xffff, mark.low >> 48, mark.low & 0xffff'ffff'ffff);
}

}  // namespace

std::string event_of(const actions::Firing& firing) {
  if (!firing.message_id.empty()) return std::string(firing.message_id);
  const bool scheduled = firing.kind == actions::Firing::Kind::schedule;
  return format_rfc3339(scheduled ? firing.schedule_time : firing.at, Fraction::always);
}

std::string trace_of(const model::Message& message) {
  for (const auto& [name, value] : message.properties.user) {
    if (name == "traceparent" && model::is_traceparent(value)) return value;
  }
  return {};
}

Cause cause_of(std::string_view device, const rules::Fired& fired) {
  const actions::Firing& firing = fired.firing;
  rules::StateWriter identity;
  identity.text(device);
  identity.text("rule");
  identity.text(firing.owner);
  identity.text(firing.key);
  identity.byte(static_cast<std::uint8_t>(firing.kind));
  identity.text(firing.message_id);
  identity.instant(firing.window_start);
  identity.instant(firing.window_end);
  if (firing.message_id.empty()) identity.instant(firing.at);
  Cause cause;
  cause.origin = {model::OriginKind::rule, std::string(firing.owner), std::string(firing.key),
                  event_of(firing)};
  cause.identity = identity.take();
  cause.paced = true;
  cause.decided = fired.at;
  return cause;
}

Cause cause_of(std::string_view device, std::string_view schedule, const actions::Firing& firing,
               std::string_view how, Moment at) {
  rules::StateWriter identity;
  identity.text(device);
  identity.text("schedule");
  identity.text(schedule);
  identity.instant(firing.schedule_time);
  identity.text(how);
  Cause cause;
  cause.origin = {model::OriginKind::schedule, std::string(schedule), {}, event_of(firing)};
  cause.identity = identity.take();
  cause.decided = at;
  return cause;
}

model::OutboxRecord record_of(const Cause& cause, std::string_view place, actions::RenderedAction rendered) {
  model::OutboxRecord record;
  record.kind = rendered.kind;
  record.lane = lane_of(rendered.kind, rendered.action);
  record.action = std::move(rendered.action);
  record.request_id = request_id(cause.identity, place);
  record.id_left_out = rendered.id_left_out;
  record.id_names_event = rendered.id_names_event;
  record.paced = cause.paced;
  record.origin = cause.origin;
  record.decided = cause.decided;
  record.expires = rendered.expires;
  record.priority = rendered.priority;
  record.result_to = std::move(rendered.result_to);
  return record;
}

}  // namespace sundial::engine

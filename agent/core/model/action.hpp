// Actions: what a rule or a schedule does, as written, and as decided.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "agent/core/model/node.hpp"
#include "platform/base/time.hpp"
#include "platform/base/value.hpp"

namespace sundial::model {

enum class ActionKind {
  start,
  signal,
  signal_with_start,
  cancel,
  terminate,
  complete,
  fail,
  heartbeat,
  publish
};

std::string_view name_of(ActionKind kind);
std::optional<ActionKind> action_kind(std::string_view name);

// One table of the configuration, its strings being templates (keys of tables are none).
struct ActionDefinition {
  ActionKind kind;
  SharedNode table;  // always a Table
};

enum class OriginKind { rule, schedule, http, command_line };
std::string_view name_of(OriginKind kind);

// Who decided an action, and on what.
struct Origin {
  OriginKind kind = OriginKind::rule;
  std::string id;       // the rule's or schedule's id
  std::string key;      // the rule's key
  std::string event;    // the message's id, or the due time
  std::string trace{};  // the W3C traceparent that came with it
};

// "00-<32 hex digits>-<16>-<2>", as W3C's Trace Context has it; neither id all zeros.
bool is_traceparent(std::string_view text);
// Its 32 digits, by which people look for it.
std::string_view trace_id_of(std::string_view traceparent);

// An action that was decided, all of whose texts are final: what the outbox holds.
struct OutboxRecord {
  std::uint64_t number = 0;  // ascending in the order of decisions; given at the commit
  ActionKind kind = ActionKind::start;
  Map action;              // the table, rendered: what `replay` shows
  std::string lane;        // records of one lane go in order: the workflow's id, or "publish:" and the topic
  std::string request_id;  // fixed here, so that a repeat is recognised
  bool id_left_out = false;  // a start whose id Sundial made: a clash is renamed, not refused
  bool id_names_event =
      false;           // the id holds this firing's own message, time or window: reuse defaults to reject
  bool paced = false;  // decided by a rule: counts against signals_per_second
  Origin origin;
  Moment decided{};
  std::optional<Millis> expires;  // dropped when not delivered so long after it was decided
  int priority = 0;               // 0 first; between lanes only
  // A start's `result_to` with everything filled in but {result} and {status}: actions::bind_result
  // makes the message of it once the workflow has ended.
  std::optional<Value> result_to;
};

}  // namespace sundial::model

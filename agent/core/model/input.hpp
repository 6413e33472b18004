// Inputs: everything that the engine is told. Each is written to the journal before it has an effect.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "agent/core/model/action.hpp"
#include "agent/core/model/schedule.hpp"
#include "platform/base/time.hpp"

namespace sundial::model {

// MQTT 5's properties, as far as rules can see them.
struct MessageProperties {
  std::optional<std::string> content_type;
  std::optional<std::string> response_topic;
  std::optional<std::string> correlation_data;  // bytes
  std::optional<std::int64_t> message_expiry;   // seconds
  std::vector<std::pair<std::string, std::string>> user;
};

// An MQTT message, a webhook call or a message handed in over HTTP.
struct Message {
  std::string id;     // unique; given when it was first accepted, kept by a redelivery
  std::string topic;  // or the webhook's name
  bool webhook = false;
  std::string payload;
  int qos = 0;
  bool retained = false;
  bool duplicate = false;
  std::optional<Instant> time;  // what `message.time` shows; not set: the moment of arrival
  MessageProperties properties;
  // MQTT 5: by which of the agent's subscriptions this copy came. Empty: there is only one copy.
  std::vector<int> subscription_ids;
};

// The broker or the agent went (true) or is back (false): silence meanwhile is nobody's silence.
struct Absence {
  bool away = false;
  bool full = false;  // the store is full (on_full = "block"): due times wait too
};

// The wall clock was set while the agent ran; `Moment` already carries the new time.
struct ClockStep {
  Instant before;
};

// Whether the wall clock can be believed, as it became known.
struct ClockTrust {
  bool trusted = false;
};

// What the API and the command line ask of schedules.
struct ScheduleCommand {
  enum class Verb { create, update, remove, pause, unpause, trigger, backfill };
  Verb verb = Verb::trigger;
  std::string id;
  std::optional<ScheduleDefinition> definition;  // create, update
  std::string definition_json;                   // create, update: as it is kept over a restart
  std::string note;                              // pause, unpause
  std::optional<Overlap> overlap;                // trigger, backfill
  Instant start{};                               // backfill
  Instant end{};
};

// What became of a workflow that a schedule started.
struct RunEnded {
  std::string schedule;
  std::string workflow_id;
  bool failed = false;
  std::optional<Instant> ended;  // when, by Temporal's clock; not set: now
};

// Whether Temporal answers. While it does not, a run that was not seen to end may have ended: what is
// due under `overlap` waits for the answer.
struct TemporalLink {
  bool up = true;
};

// The store takes nothing more (true), or does again: while it is full due times wait.
struct StoreFull {
  bool full = false;
};

// Forgets the state of one key of a rule, or of all its keys.
struct ResetKeys {
  std::string rule;
  std::optional<std::string> key;
};

using Input = std::variant<Message, Absence, ClockStep, ClockTrust, ScheduleCommand, RunEnded, TemporalLink,
                           ResetKeys, StoreFull>;

}  // namespace sundial::model

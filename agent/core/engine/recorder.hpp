// Makes records of rendered actions: their lane, their request id and what else delivery goes by.
#pragma once

#include <string>
#include <string_view>

#include "agent/core/actions/actions.hpp"
#include "agent/core/model/action.hpp"
#include "agent/core/model/effects.hpp"
#include "agent/core/rules/decisions.hpp"

namespace sundial::engine {

// Who fired, and on what; fixed before anything is sent, so that a repeat is recognised.
struct Cause {
  model::Origin origin;
  std::string identity;  // differs between any two firings of any rule or schedule of this device
  bool paced = false;
  Moment decided;
};

// The cause of a rule's firing, and of a schedule's.
Cause cause_of(std::string_view device, const rules::Fired& fired);
// The traceparent that came with a message as a user property, or "".
std::string trace_of(const model::Message& message);
Cause cause_of(std::string_view device, std::string_view schedule, const actions::Firing& firing,
               std::string_view how, Moment at);

// The event in an origin or a ledger entry: the message's id, or the time of the firing.
std::string event_of(const actions::Firing& firing);

// `place` is that of the action among all that the firing may make.
model::OutboxRecord record_of(const Cause& cause, std::string_view place, actions::RenderedAction rendered);

}  // namespace sundial::engine

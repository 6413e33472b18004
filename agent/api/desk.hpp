// What the handlers of all calls share.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>

#include "agent/api/agent_control.hpp"
#include "agent/api/event_hub.hpp"
#include "agent/api/load_history.hpp"
#include "agent/api/metrics_text.hpp"
#include "agent/api/recordings.hpp"
#include "agent/api/result_waiters.hpp"
#include "platform/event_loop.hpp"

namespace sundial::api {

struct Desk {
  EventLoop& loop;
  AgentControl& agent;
  EventHub& events;
  Recordings& recordings;
  ResultWaiters& results;
  const LoadHistory& load;
  const std::function<ProcessFigures()>& process;
  const std::function<std::optional<std::uint64_t>()>& disk_bytes;
  const std::uint64_t& denied;  // calls that were turned away at the gate since the start
};

}  // namespace sundial::api

// What the handlers of all calls share.
#pragma once

#include <functional>

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
};

}  // namespace sundial::api

// What the verbs of `sundial schedule` share: on the device they ask the agent, on the server Temporal.
#pragma once

#include <string>

#include "agent/cli/agent_session.hpp"
#include "agent/cli/schedule_flags.hpp"
#include "agent/cli/workflow.hpp"

namespace sundial::cli {

struct ScheduleOptions {
  SessionOptions session;
  ScheduleFlags flags;
  std::string note;
  std::string on = "device";
  bool wait = false;           // backfill: until what it caused is delivered
  std::string timeout = "0s";  // and no longer
  WorkflowOptions temporal;    // where the server is
};

// create, list, describe, pause, unpause, trigger, backfill, update or delete of a Temporal Schedule; the
// exit code.
int run_on_server(World& world, const std::string& verb, ScheduleOptions options);

}  // namespace sundial::cli

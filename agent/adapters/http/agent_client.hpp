// The command line's way to the agent, over HTTP.
#pragma once

#include <memory>

#include "agent/ports/agent_client.hpp"

namespace sundial::http {

// invalid: the address is no http:// or https:// URL.
Result<std::unique_ptr<AgentClient>> make_agent_client(const AgentAddress& address);

}  // namespace sundial::http

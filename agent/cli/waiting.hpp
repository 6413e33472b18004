// Waits until what the agent has to deliver is delivered, with its progress.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>

#include "agent/cli/agent_session.hpp"
#include "platform/base/time.hpp"

namespace sundial::cli {

// How much is left; nothing where the question failed, which has been said.
using AskLeft = std::function<std::optional<std::uint64_t>()>;

// Asks until nothing is left, no longer than `limit` where that is above zero. Says where time is up; the
// exit code.
int wait_until_delivered(Session& session, Millis limit, const AskLeft& ask);

}  // namespace sundial::cli

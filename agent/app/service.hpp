// The agent as a running program: every concrete part, made and joined in one place.
#pragma once

#include "agent/cli/verb.hpp"

namespace sundial::app {

// Runs until a signal ends it; returns the exit code.
int run_agent(cli::World& world, const cli::RunOptions& options);

}  // namespace sundial::app

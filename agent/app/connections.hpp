// Tries what a configuration connects to.
#pragma once

#include <vector>

#include "agent/cli/verb.hpp"
#include "agent/core/model/settings.hpp"

namespace sundial::app {

std::vector<cli::ConnectionTrial> try_connections(const model::Configuration& configuration);

}  // namespace sundial::app

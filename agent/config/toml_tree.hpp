// TOML text to a tree of nodes in the order of the source, every node with its place.
#pragma once

#include <string>
#include <string_view>

#include "agent/core/model/node.hpp"

namespace sundial::config {

// The table that the text is. Text that is no TOML is a problem, and an empty table is returned.
// Local dates and times, which name no instant, are kept as their text.
model::Node parse_toml(std::string_view text, const std::string& file, std::vector<model::Problem>& problems);

}  // namespace sundial::config

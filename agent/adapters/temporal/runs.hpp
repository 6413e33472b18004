// The runs of a workflow id that may have heard a request whose answer was lost.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "agent/adapters/temporal/frontend.hpp"

namespace sundial::temporal {

struct RunsFound {
  std::vector<Run> runs;                  // oldest first
  std::optional<DeliveryAnswer> trouble;  // they could not be found out: try again, or dead
};

// Those that were open at `since` or began later. Walks the chain back from the present run; where the
// chain began after `since`, earlier chains of the id are found by listing.
RunsFound runs_since(Frontend& frontend, const std::string& workflow_id, std::optional<Instant> since,
                     const std::string& request_id);

}  // namespace sundial::temporal

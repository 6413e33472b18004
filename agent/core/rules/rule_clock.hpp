// The two clocks of the rules, and the time during which nothing could be heard.
#pragma once

#include <algorithm>
#include <optional>

#include "platform/base/time.hpp"

namespace sundial::rules {

struct RuleClock {
  Millis offset{0};                   // wall minus elapsed, as of the last input
  std::optional<Elapsed> away_since;  // the broker or the agent is away
  Millis away_total{0};               // of all absences that ended
  std::optional<Moment> returned;     // from the last of them

  Instant wall_of(Elapsed elapsed) const { return Instant{elapsed.time_since_epoch() + offset}; }
  Elapsed elapsed_of(Instant wall) const { return Elapsed{wall.time_since_epoch() - offset}; }

  // How much of all time until `when` was absence.
  Millis away_until(Elapsed when) const {
    return away_total + (away_since ? std::max(Millis{0}, when - *away_since) : Millis{0});
  }
};

}  // namespace sundial::rules

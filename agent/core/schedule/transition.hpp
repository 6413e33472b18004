// What the next change of the wall clock does to a schedule, in words.
#pragma once

#include <optional>
#include <string>

#include "agent/core/schedule/timetable.hpp"

namespace sundial::schedule {

// One line; nothing where the zone's next change, within a year or so, does not touch the schedule.
std::optional<std::string> next_transition_note(const Timetable& timetable, Instant after);

}  // namespace sundial::schedule

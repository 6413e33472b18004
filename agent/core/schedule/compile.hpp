// Compiles a schedule's times from what was written; everything wrong is reported in one go.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "agent/core/model/node.hpp"
#include "agent/core/model/schedule.hpp"
#include "agent/core/schedule/timetable.hpp"

namespace sundial::schedule {

// Where a schedule lives: what it takes its zone from, and what spreads its jitter and `H`.
struct Place {
  std::string_view device;
  std::string_view time_zone;  // of the device
};

struct CompiledTimes {
  Timetable timetable;
  std::vector<std::string> notes;  // legal, but often misread; one line each
};

// Nothing where a problem was added.
std::optional<CompiledTimes> compile_times(const model::ScheduleDefinition& definition, const Place& place,
                                           ZoneTables& zones, std::vector<model::Problem>& problems);

}  // namespace sundial::schedule

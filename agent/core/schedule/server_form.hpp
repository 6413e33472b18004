// What a schedule becomes when it is sent to Temporal's server, and what of it is otherwise there.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "agent/core/model/schedule.hpp"
#include "agent/core/schedule/timetable.hpp"
#include "platform/base/result.hpp"

namespace sundial::schedule {

struct ServerForm {
  std::vector<std::string> crons;  // in Temporal's own dialect, with the same days and times
  std::vector<std::string> notes;  // one line each, for who sends it
};

// Of a definition that compiles, to `timetable`. An error: a cron string that the server has no form for.
Result<ServerForm> server_form(const model::ScheduleDefinition& definition, const Timetable& timetable,
                               Instant now);

}  // namespace sundial::schedule

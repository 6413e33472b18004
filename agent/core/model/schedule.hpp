// A schedule as it is written, in the file or over the API.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "agent/core/model/action.hpp"
#include "agent/core/model/node.hpp"

namespace sundial::model {

enum class DaylightSaving { once, every };
enum class Overlap { skip, buffer_one, buffer_all, cancel_other, terminate_other, allow_all };

struct IntervalDefinition {
  Millis every{};
  Millis offset{};
  Position at;
};

// One structured calendar; a field that is absent is not set here either.
struct CalendarDefinition {
  std::optional<Text> second, minute, hour, day_of_month, month, year, day_of_week;
  std::string comment;
  Position at;
};

struct ScheduleDefinition {
  std::string id;
  Position at;
  std::vector<Text> crons;
  std::vector<IntervalDefinition> intervals;
  std::vector<CalendarDefinition> calendars;
  std::vector<CalendarDefinition> exclusions;
  std::optional<Instant> once_at;  // `at`: a single run
  std::optional<Text> time_zone;   // left out: the device's
  DaylightSaving dst = DaylightSaving::once;
  Millis jitter{0};
  std::optional<Instant> start_at;
  std::optional<Instant> end_at;
  Millis catch_up = std::chrono::minutes{10};
  Overlap overlap = Overlap::skip;
  std::int64_t limit = 0;
  bool paused = false;
  bool pause_on_failure = false;
  std::string note;
  std::vector<ActionDefinition> actions;
  // The table as JSON: all that was written. Equal for the same text: then a reload keeps its state.
  std::string fingerprint;
};

}  // namespace sundial::model

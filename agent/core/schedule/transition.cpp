// Looks for a due time among those that the wall clock skips or shows twice.
#include "agent/core/schedule/transition.hpp"

#include <algorithm>

#include <fmt/format.h>

namespace sundial::schedule {
namespace {

using std::chrono::days;
using std::chrono::seconds;

constexpr days kHorizon{400};

std::string date_of(CivilSeconds civil) {
  const Instant as_utc{civil.time_since_epoch()};
  return format_rfc3339(as_utc, Fraction::when_needed).substr(0, 10);
}

std::string clock_of(CivilSeconds civil) {
  const Instant as_utc{civil.time_since_epoch()};
  const std::string text = format_rfc3339(as_utc, Fraction::when_needed);
  return text.substr(11, text.ends_with(":00Z") ? 5 : 8);
}

std::string effect(const Timetable& timetable, const Calendar& calendar, bool skipped, CivilSeconds due,
                   CivilSeconds resumes) {
  const bool once = timetable.once() && calendar.fixed_time;
  if (skipped) {
    return once ? fmt::format("{} is due at {} instead", clock_of(due), clock_of(resumes))
                : fmt::format("{} is left out", clock_of(due));
  }
  return once ? fmt::format("{} is due the first time only", clock_of(due))
              : fmt::format("{} is due twice", clock_of(due));
}

}  // namespace

std::optional<std::string> next_transition_note(const Timetable& timetable, Instant after) {
  const Seconds now = std::chrono::floor<seconds>(after);
  for (Span span = timetable.zone().at(now); span.end - now < kHorizon;) {
    const Span following = timetable.zone().at(span.end);
    const CivilSeconds stops = span.civil(span.end);
    const CivilSeconds resumes = following.civil(span.end);
    for (const Calendar& calendar : timetable.calendars()) {
      const auto due = calendar.next(std::min(stops, resumes));
      if (!due || *due >= std::max(stops, resumes)) continue;
      const bool skipped = stops < resumes;
      return fmt::format("on {} the clocks of {} go from {} to {}: {}", date_of(stops),
                         timetable.zone().name(), clock_of(stops), clock_of(resumes),
                         effect(timetable, calendar, skipped, *due, resumes));
    }
    span = following;
  }
  return std::nullopt;
}

}  // namespace sundial::schedule

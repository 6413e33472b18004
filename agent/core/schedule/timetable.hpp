// Timetable: all due times of one schedule, as a function of nothing but the question.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "agent/core/schedule/calendar.hpp"
#include "agent/core/schedule/cron.hpp"
#include "agent/core/schedule/zone_table.hpp"
#include "platform/base/seldom.hpp"
#include "platform/base/time.hpp"

namespace sundial::schedule {

// What a timetable is made of; the due times are the union of the parts, less the exclusions,
// between start and end, both of which belong to it.
struct TimetableParts {
  std::shared_ptr<const ZoneTable> zone;
  std::vector<Calendar> calendars;  // of cron strings and of structured calendars
  Seldom<Interval> intervals;
  Seldom<Calendar> exclusions;
  std::optional<Instant> at;  // a single run
  std::optional<Instant> start;
  std::optional<Instant> end;
  bool once = true;  // dst: each intended occurrence once, else every match of the wall clock
  Millis jitter{0};
  std::uint64_t jitter_seed = 0;
};

class Timetable {
 public:
  explicit Timetable(TimetableParts parts) : parts_(std::move(parts)) {}

  // The first due time that is strictly later; nothing when no more follow. The work is bounded,
  // whatever the parts.
  std::optional<Instant> next(Instant after) const;
  // The same, of the calendars, cron strings and `at` alone, and of the intervals alone: without a
  // clock that can be trusted only the latter run, on the steady clock.
  std::optional<Instant> next_by_calendar(Instant after) const;
  std::optional<Instant> next_by_interval(Instant after) const;
  // Whether any time at all is ever due, leaving start and end aside.
  bool ever_fires() const;

  // When the due time really fires: later by less than `jitter` and than the distance to the
  // following due time, and always the same.
  Instant fire_time(Instant due) const;

  const ZoneTable& zone() const { return *parts_.zone; }
  const std::vector<Calendar>& calendars() const { return parts_.calendars; }
  bool once() const { return parts_.once; }
  // The same under the other meaning of `dst`.
  Timetable with_once(bool once) const {
    Timetable other = *this;
    other.parts_.once = once;
    return other;
  }
  const std::vector<Interval>& intervals() const { return parts_.intervals.items(); }
  bool has_calendar() const { return !parts_.calendars.empty() || parts_.at.has_value(); }
  bool has_interval() const { return !parts_.intervals.empty(); }
  Millis jitter() const { return parts_.jitter; }

 private:
  // dst = "once": whether a time that the wall clock skipped is due where the span begins.
  bool due_after_gap(const Calendar& calendar, const Span& span) const;
  std::optional<Seconds> calendar_after(const Calendar& calendar, Seconds after) const;
  std::optional<Instant> interval_after(const Interval& interval, Instant after) const;
  std::optional<Seconds> first_allowed(Seconds from) const;
  bool excluded(Instant instant) const;
  Instant not_before_start(Instant after) const;
  std::optional<Instant> within_end(std::optional<Instant> due) const;

  TimetableParts parts_;
};

}  // namespace sundial::schedule

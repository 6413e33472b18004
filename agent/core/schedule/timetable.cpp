// Walks the spans of constant offset; within one, wall clock and instants differ by a constant.
#include "agent/core/schedule/timetable.hpp"

#include <algorithm>

namespace sundial::schedule {
namespace {

using std::chrono::hours;
using std::chrono::seconds;

// No two offsets of a zone differ by more, and none is larger.
constexpr seconds kLargestShift = hours{30};
// Times are written with four digits of the year.
constexpr Seconds kLastInstant =
    std::chrono::sys_days{std::chrono::year{9999} / 12 / 31} + hours{24} - seconds{1};
// Transitions that one search walks over before it gives up: two a year for 150 years. What a gap swallows
// so often it swallows for ever: no zone's rules differ from year to year after 2087 (Morocco's), and
// any 41 years have all kinds of years.
constexpr int kMaxSpans = 300;
// Excluded intervals that one search steps over before it gives up.
constexpr int kMaxExcluded = 100'000;

// The time of day that is excluded from nothing.
Calendar every_second() {
  Calendar all;
  all.seconds = all.minutes = (std::uint64_t{1} << 60U) - 1;
  all.hours = (1U << 24U) - 1;
  return all;
}

// Where the wall clock already showed this time within the span before: the civil time from which
// on times are new again.
std::optional<CivilSeconds> repeats_until(const ZoneTable& zone, const Span& span, CivilSeconds civil) {
  const Seconds instant = span.instant(civil);
  Span before = span;
  while (instant - before.begin < kLargestShift) {
    before = zone.at(before.begin - seconds{1});
    const Seconds earlier = before.instant(civil);
    if (earlier >= before.begin && earlier < before.end) return before.civil(before.end);
  }
  return std::nullopt;
}

std::optional<Seconds> in_reach(Seconds due) {
  return due <= kLastInstant ? std::optional(due) : std::nullopt;
}

std::optional<Instant> earlier_of(std::optional<Instant> left, std::optional<Instant> right) {
  if (!left) return right;
  if (!right) return left;
  return std::min(*left, *right);
}

}  // namespace

bool Timetable::due_after_gap(const Calendar& calendar, const Span& span) const {
  const Span before = parts_.zone->at(span.begin - seconds{1});
  if (before.offset >= span.offset) return false;
  const auto skipped = calendar.next(before.civil(span.begin));
  return skipped && *skipped < span.civil(span.begin) && !excluded(span.begin);
}

std::optional<Seconds> Timetable::calendar_after(const Calendar& calendar, Seconds after) const {
  const bool once = parts_.once && calendar.fixed_time;
  Seconds from = after + seconds{1};
  CivilSeconds looked_from{};  // `found` is the first match from there on
  std::optional<CivilSeconds> found;
  for (int spans = 0; spans < kMaxSpans && from <= kLastInstant;) {
    const Span span = parts_.zone->at(from);
    if (once && from == span.begin && due_after_gap(calendar, span)) return from;
    const CivilSeconds civil = span.civil(from);
    if (!found || civil < looked_from || civil > *found) {
      found = calendar.next(civil, parts_.exclusions.items());
      looked_from = civil;
    }
    if (found && span.instant(*found) < span.end) {
      const auto repeated = once ? repeats_until(*parts_.zone, span, *found) : std::nullopt;
      if (!repeated) return in_reach(span.instant(*found));
      from = std::min(span.instant(*repeated), span.end);
      continue;
    }
    ++spans;
    // Nothing matches before `found`, whatever the clock does, once no repetition can reach back
    // behind `from`; so the spans between need no look, save for gaps that hold an excluded time.
    const bool far = span.end - from >= kLargestShift;
    if (far && !found) return std::nullopt;
    const bool jump = far && (!once || parts_.exclusions.empty());
    from = jump ? std::max(span.end, Seconds{found->time_since_epoch()} - kLargestShift) : span.end;
  }
  return std::nullopt;
}

// The first instant at or after `from` whose wall-clock time no exclusion matches.
std::optional<Seconds> Timetable::first_allowed(Seconds from) const {
  const Calendar all = every_second();
  for (int spans = 0; spans < kMaxSpans && from <= kLastInstant; ++spans) {
    const Span span = parts_.zone->at(from);
    const auto found = all.next(span.civil(from), parts_.exclusions.items());
    if (found && span.instant(*found) < span.end) return span.instant(*found);
    if (!found && span.end - from >= kLargestShift) return std::nullopt;
    from = span.end;
  }
  return std::nullopt;
}

bool Timetable::excluded(Instant instant) const {
  if (parts_.exclusions.empty()) return false;
  const CivilSeconds civil = parts_.zone->civil(std::chrono::floor<seconds>(instant));
  return std::any_of(parts_.exclusions.begin(), parts_.exclusions.end(),
                     [civil](const Calendar& exclusion) { return exclusion.matches(civil); });
}

std::optional<Instant> Timetable::interval_after(const Interval& interval, Instant after) const {
  for (int tries = 0; tries < kMaxExcluded; ++tries) {
    const Millis passed = after.time_since_epoch() - interval.phase;
    const bool before_epoch = passed < Millis{0} && passed % interval.every != Millis{0};
    const Instant due{interval.phase + (passed / interval.every + (before_epoch ? 0 : 1)) * interval.every};
    if (due > kLastInstant) return std::nullopt;
    if (!excluded(due)) return due;
    const auto allowed = first_allowed(std::chrono::floor<seconds>(due));
    if (!allowed) return std::nullopt;
    after = std::max(due, Instant{*allowed} - Millis{1});
  }
  return std::nullopt;
}

Instant Timetable::not_before_start(Instant after) const {
  return parts_.start ? std::max(after, *parts_.start - Millis{1}) : after;
}

std::optional<Instant> Timetable::within_end(std::optional<Instant> due) const {
  return due && parts_.end && *due > *parts_.end ? std::nullopt : due;
}

std::optional<Instant> Timetable::next_by_calendar(Instant after) const {
  after = not_before_start(after);
  std::optional<Instant> first;
  for (const Calendar& calendar : parts_.calendars) {
    first = earlier_of(first, calendar_after(calendar, std::chrono::floor<seconds>(after)));
  }
  if (parts_.at && *parts_.at > after && !excluded(*parts_.at)) first = earlier_of(first, *parts_.at);
  return within_end(first);
}

std::optional<Instant> Timetable::next_by_interval(Instant after) const {
  after = not_before_start(after);
  std::optional<Instant> first;
  for (const Interval& interval : parts_.intervals)
    first = earlier_of(first, interval_after(interval, after));
  return within_end(first);
}

std::optional<Instant> Timetable::next(Instant after) const {
  return earlier_of(next_by_calendar(after), next_by_interval(after));
}

bool Timetable::ever_fires() const {
  const Seconds beginning = std::chrono::sys_days{std::chrono::year{kFirstYear} / 1 / 1} - seconds{1};
  if (parts_.at && !excluded(*parts_.at)) return true;
  for (const Calendar& calendar : parts_.calendars) {
    if (calendar_after(calendar, beginning)) return true;
  }
  return std::any_of(parts_.intervals.begin(), parts_.intervals.end(), [&](const Interval& interval) {
    return interval_after(interval, beginning).has_value();
  });
}

Instant Timetable::fire_time(Instant due) const {
  if (parts_.jitter <= Millis{0}) return due;
  const auto following = next(due);
  const Millis room = following ? std::min(parts_.jitter, *following - due) : parts_.jitter;
  const auto drawn =
      stable_hash({}, parts_.jitter_seed ^ static_cast<std::uint64_t>(due.time_since_epoch().count()));
  return due + Millis{static_cast<std::int64_t>(drawn % static_cast<std::uint64_t>(room.count()))};
}

}  // namespace sundial::schedule

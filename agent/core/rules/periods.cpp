// Period arithmetic over civil time.
#include "agent/core/rules/periods.hpp"

#include <array>

#include <fmt/format.h>

namespace sundial::rules {
namespace {

using std::chrono::days;
using std::chrono::hours;

constexpr std::array kHours{hours{1}, hours{2}, hours{3}, hours{4}, hours{6}, hours{8}, hours{12}};
constexpr std::chrono::local_days kFirstMonday{days{4}};  // 1970-01-05
// Longer ones would leave the calendar that the arithmetic is sure of.
constexpr Millis kLongest = days{36'500};

bool is_right(Millis every) {
  if (every < hours{1}) return every > Millis{0};
  if (every % days{1} == Millis{0}) return every <= kLongest;
  for (const hours length : kHours) {
    if (every == length) return true;
  }
  return false;
}

Millis nearest_right(Millis every) {
  if (every <= Millis{0}) return std::chrono::seconds{1};
  if (every > kLongest) return kLongest;
  Millis best = hours{1};
  const auto nearer = [&](Millis candidate) {
    if (std::chrono::abs(candidate - every) < std::chrono::abs(best - every)) best = candidate;
  };
  for (const hours length : kHours) nearer(length);
  const Millis whole = std::chrono::floor<days>(every);
  if (whole > Millis{0}) nearer(whole);
  nearer(whole + days{1});
  return best;
}

}  // namespace

Result<Periods> Periods::of(Millis every, std::shared_ptr<const TimeZone> zone) {
  if (!is_right(every)) {
    return Error(
        ErrorKind::invalid,
        fmt::format("a period is anything below an hour, 1h, 2h, 3h, 4h, 6h, 8h, 12h or whole days; the "
                    "nearest to {} is {}",
                    format_duration(every), format_duration(nearest_right(every))));
  }
  return Periods(every, std::move(zone));
}

Period Periods::containing(Instant instant) const {
  if (last_ && last_->holds(instant)) return *last_;
  if (every_ < hours{1}) {
    last_ = short_period(instant);
  } else if (every_ == hours{1}) {
    last_ = hour_period(instant);
  } else if (every_ < days{1}) {
    last_ = clock_period(instant);
  } else {
    last_ = day_period(instant);
  }
  return *last_;
}

Period Periods::later(Period period, std::int64_t steps) const {
  if (every_ < hours{1}) return {period.start + steps * every_, period.end + steps * every_};
  for (; steps > 0; --steps) period = containing(period.end);
  return period;
}

Period Periods::earlier(Period period, std::int64_t steps) const {
  if (every_ < hours{1}) return {period.start - steps * every_, period.end - steps * every_};
  for (; steps > 0; --steps) period = containing(period.start - Millis{1});
  return period;
}

Instant Periods::first_shown(CivilSeconds civil) const {
  const CivilLookup found = zone_->lookup(civil);
  return found.kind == CivilLookup::Kind::skipped ? found.transition : found.before;
}

std::chrono::local_days Periods::local_day(Instant instant) const {
  return std::chrono::floor<days>(zone_->civil(std::chrono::floor<std::chrono::seconds>(instant)));
}

Period Periods::short_period(Instant instant) const {
  const Millis since = instant.time_since_epoch();
  Millis into = since % every_;
  if (into < Millis{0}) into += every_;
  return {instant - into, instant - into + every_};
}

Period Periods::hour_period(Instant instant) const {
  // A clock that goes back over midnight shows the old day again: the new one has begun nevertheless.
  std::chrono::local_days day = local_day(instant) + days{1};
  while (first_shown(day) > instant) day -= days{1};
  std::chrono::local_days next = day + days{1};
  while (first_shown(next) <= instant) next += days{1};
  const Instant midnight = first_shown(day);
  const Instant start = midnight + std::chrono::floor<hours>(instant - midnight);
  return {start, std::min<Instant>(start + hours{1}, first_shown(next))};
}

Period Periods::clock_period(Instant instant) const {
  // From the end of tomorrow backwards to the first boundary that has come; a boundary that was
  // skipped together with the next one makes no period.
  CivilSeconds boundary = local_day(instant) + days{2};
  const auto step = std::chrono::duration_cast<std::chrono::seconds>(every_);
  Instant end = first_shown(boundary);
  for (;;) {
    boundary -= step;
    const Instant start = first_shown(boundary);
    if (start <= instant) return {start, end};
    end = start;
  }
}

Period Periods::day_period(Instant instant) const {
  const std::int64_t length = every_ / days{1};
  const std::int64_t day = (local_day(instant) - kFirstMonday).count();
  std::int64_t index = (day >= 0 ? day : day - length + 1) / length + 1;
  const auto boundary = [&](std::int64_t number) {
    return first_shown(kFirstMonday + days{static_cast<int>(number * length)});
  };
  Instant end = boundary(index + 1);
  while (boundary(index) > instant) end = boundary(index--);
  return {boundary(index), end};
}

}  // namespace sundial::rules

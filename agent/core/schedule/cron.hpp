// Cron strings: 5, 6 or 7 fields, macros, @every and the zone prefix.
#pragma once

#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "agent/core/schedule/calendar.hpp"
#include "agent/core/schedule/field.hpp"
#include "platform/base/result.hpp"
#include "platform/base/time.hpp"

namespace sundial::schedule {

// Due at every instant t with (t - phase) divisible by the length, from the Unix epoch on.
struct Interval {
  Millis every{};
  Millis phase{};
};

// Refuses what can't be right; both at least what the reference says: 1 s, and 0 <= phase < every.
Result<Interval> make_interval(Millis every, Millis phase);

using CronMeaning = std::variant<Calendar, Interval>;

// `zone` is the schedule's own, which a CRON_TZ= prefix may only repeat. Every error is one line
// that points at the field, says what is wrong, and gives a right example.
Result<CronMeaning> read_cron(std::string_view text, std::string_view zone, const HashSeed& seed,
                              std::vector<std::string>& notes);

}  // namespace sundial::schedule

// Calendar: the wall-clock times that one cron string or structured calendar names, as bit masks.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <optional>
#include <span>

#include "platform/base/time_zone.hpp"

namespace sundial::schedule {

inline constexpr int kFirstYear = 1970;
inline constexpr int kLastYear = 2199;  // what a year field may name; a star goes on beyond it

// The exclusions of a schedule are looked through for every candidate, so they are few.
inline constexpr std::size_t kMaxExclusions = 64;

struct Calendar {
  std::uint64_t seconds = 1;  // bit n: second n
  std::uint64_t minutes = 1;
  std::uint32_t hours = 1;
  std::uint32_t days = 0x7FFF'FFFF;  // bit 0: the 1st
  std::uint16_t months = 0x0FFF;     // bit 0: January
  std::uint8_t weekdays = 0x7F;      // bit 0: Sunday
  bool every_year = true;
  std::array<std::uint64_t, 4> years{};  // bit n: kFirstYear + n; where !every_year

  std::uint32_t days_before_last = 0;  // bit n: n days before the month's last (L, L-n)
  std::uint32_t nearest_workdays = 0;  // bit 0: the workday nearest to the 1st (1W)
  bool last_workday = false;           // LW
  std::uint8_t last_weekdays = 0;      // bit 0: the month's last Sunday (0L)
  std::uint64_t nth_weekdays = 0;      // bit 5 d + n - 1: the n-th weekday d (d#n)

  bool either_day = false;  // day of month or day of week; else both must match
  bool fixed_time = false;  // neither minute nor hour begins with a star: see dst = "once"

  bool matches(CivilSeconds civil) const;

  // The first matching time at or after `from` that no exclusion matches. Nothing: there is none
  // within 400 years, after which the calendar repeats.
  std::optional<CivilSeconds> next(CivilSeconds from, std::span<const Calendar> exclusions = {}) const;

  // The days of a month that match, bit 0 being the 1st; none where month or year don't.
  std::uint32_t days_of(int year, unsigned month) const;
};

}  // namespace sundial::schedule

// Bit-mask search for the next wall-clock time: years, months, days, then the time of day.
#include "agent/core/schedule/calendar.hpp"

#include <algorithm>
#include <bit>

namespace sundial::schedule {
namespace {

using std::chrono::days;
using std::chrono::local_days;

constexpr int kCycleYears = 400;
// Days of which exclusions take a part are looked at by hours and minutes; a search that has looked at
// so many in vain ends.
constexpr int kMaxLooks = 200'000;

struct Day {
  int year;
  unsigned month;  // 0: January
  unsigned day;    // 0: the 1st
};

unsigned length_of_month(int year, unsigned month) {
  constexpr std::array<unsigned, 12> lengths{31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  return month == 1 && std::chrono::year{year}.is_leap() ? 29 : lengths[month];
}

local_days day_number(int year, unsigned month) {
  return local_days{std::chrono::year{year} / std::chrono::month{month + 1} / 1};
}

// 0: Sunday.
unsigned weekday_of(local_days day) {
  return std::chrono::weekday{day}.c_encoding();
}

// Bits from `first` up.
template <typename Mask>
constexpr Mask from_bit(unsigned first) {
  return first >= sizeof(Mask) * 8 ? Mask{0} : static_cast<Mask>(~Mask{0} << first);
}

template <typename Mask>
unsigned lowest(Mask mask) {
  return static_cast<unsigned>(std::countr_zero(mask));
}

// A weekly pattern laid over a month whose 1st is the weekday `first`.
std::uint32_t spread_weekdays(std::uint8_t weekdays, unsigned first) {
  const std::uint32_t doubled = weekdays | static_cast<std::uint32_t>(weekdays) << 7U;
  const std::uint32_t week = doubled >> first & 0x7FU;
  return week * 0x1020'4081U;  // at bits 0, 7, 14, 21 and 28
}

// The Monday-to-Friday day nearest to `day` (0: the 1st) that stays within the month.
unsigned nearest_workday(unsigned day, unsigned length, unsigned first) {
  const unsigned weekday = (first + day) % 7;
  if (weekday == 6) return day == 0 ? 2 : day - 1;
  if (weekday == 0) return day + 1 == length ? day - 2 : day + 1;
  return day;
}

std::uint32_t named_days(const Calendar& calendar, unsigned length, unsigned first) {
  std::uint32_t found = calendar.days;
  for (std::uint32_t rest = calendar.days_before_last; rest != 0; rest &= rest - 1) {
    if (lowest(rest) < length) found |= 1U << (length - 1 - lowest(rest));
  }
  for (std::uint32_t rest = calendar.nearest_workdays; rest != 0; rest &= rest - 1) {
    if (lowest(rest) < length) found |= 1U << nearest_workday(lowest(rest), length, first);
  }
  if (calendar.last_workday) {
    unsigned day = length - 1;
    while ((first + day) % 7 == 0 || (first + day) % 7 == 6) --day;
    found |= 1U << day;
  }
  return found;
}

std::uint32_t named_weekdays(const Calendar& calendar, unsigned length, unsigned first) {
  std::uint32_t found = spread_weekdays(calendar.weekdays, first);
  for (std::uint64_t rest = calendar.nth_weekdays; rest != 0; rest &= rest - 1) {
    const unsigned day = (lowest(rest) / 5 + 7 - first) % 7 + 7 * (lowest(rest) % 5);
    if (day < length) found |= 1U << day;
  }
  if (calendar.last_weekdays != 0) {
    found |= spread_weekdays(calendar.last_weekdays, first) & from_bit<std::uint32_t>(length - 7);
  }
  return found;
}

bool year_matches(const Calendar& calendar, int year) {
  if (calendar.every_year) return true;
  if (year < kFirstYear || year > kLastYear) return false;
  const auto bit = static_cast<unsigned>(year - kFirstYear);
  return (calendar.years[bit / 64] >> bit % 64 & 1U) != 0;
}

// Whether an exclusion takes every time of day that the calendar has.
bool covers_day(const Calendar& exclusion, const Calendar& calendar) {
  return (calendar.seconds & ~exclusion.seconds) == 0 && (calendar.minutes & ~exclusion.minutes) == 0 &&
         (calendar.hours & ~exclusion.hours) == 0;
}

// One search: the calendar, what is excluded, and how much has been looked at.
class Search {
 public:
  Search(const Calendar& calendar, std::span<const Calendar> exclusions)
      : calendar_(calendar), exclusions_(exclusions.first(std::min(exclusions.size(), kMaxExclusions))) {}

  std::optional<CivilSeconds> run(CivilSeconds from) {
    const local_days today = std::chrono::floor<days>(from);
    const std::chrono::year_month_day date{today};
    const int first_year = static_cast<int>(date.year());
    const unsigned this_month = static_cast<unsigned>(date.month()) - 1;
    const unsigned this_day = static_cast<unsigned>(date.day()) - 1;
    const auto second_of_day = static_cast<unsigned>((from - today).count());

    std::uint32_t open = open_days(first_year, this_month);
    if ((open >> this_day & 1U) != 0) {
      if (const auto time = time_of_day({first_year, this_month, this_day}, second_of_day)) {
        return today + std::chrono::seconds{*time};
      }
    }
    open &= from_bit<std::uint32_t>(this_day + 1);
    if (const auto found = in_month(first_year, this_month, open)) return found;
    for (int year = first_year; year <= first_year + kCycleYears; ++year) {
      if (!year_matches(calendar_, year)) continue;
      std::uint16_t months = calendar_.months;
      if (year == first_year) months &= from_bit<std::uint16_t>(this_month + 1);
      for (; months != 0; months &= static_cast<std::uint16_t>(months - 1)) {
        if (const auto found = in_month(year, lowest(months), open_days(year, lowest(months)))) return found;
        if (looks_ > kMaxLooks) return std::nullopt;
      }
    }
    return std::nullopt;
  }

 private:
  // Days that match and are not excluded as a whole.
  std::uint32_t open_days(int year, unsigned month) const {
    std::uint32_t open = calendar_.days_of(year, month);
    for (const Calendar& exclusion : exclusions_) {
      if (open != 0 && covers_day(exclusion, calendar_)) open &= ~exclusion.days_of(year, month);
    }
    return open;
  }

  std::optional<CivilSeconds> in_month(int year, unsigned month, std::uint32_t open) {
    for (; open != 0; open &= open - 1) {
      if (const auto time = time_of_day({year, month, lowest(open)}, 0)) {
        return day_number(year, month) + days{lowest(open)} + std::chrono::seconds{*time};
      }
    }
    return std::nullopt;
  }

  // The first second of this day, at or after `from`, that matches.
  std::optional<unsigned> time_of_day(const Day& day, unsigned from) {
    std::uint64_t today = 0;  // the exclusions that match this day
    for (std::size_t i = 0; i < exclusions_.size(); ++i) {
      if ((exclusions_[i].days_of(day.year, day.month) >> day.day & 1U) != 0) today |= std::uint64_t{1} << i;
    }
    const unsigned from_hour = from / 3600;
    for (std::uint32_t hours = calendar_.hours & from_bit<std::uint32_t>(from_hour); hours != 0;
         hours &= hours - 1) {
      const unsigned hour = lowest(hours);
      if (today != 0) ++looks_;
      const unsigned begin = hour == from_hour ? from % 3600 : 0;
      const auto within = today == 0 ? plain_hour(begin) : excluded_hour(hour, begin, today);
      if (within) return hour * 3600 + *within;
    }
    return std::nullopt;
  }

  std::optional<unsigned> plain_hour(unsigned from) const {
    const unsigned minute = from / 60;
    if ((calendar_.minutes >> minute & 1U) != 0) {
      const std::uint64_t seconds = calendar_.seconds & from_bit<std::uint64_t>(from % 60);
      if (seconds != 0) return minute * 60 + lowest(seconds);
    }
    const std::uint64_t minutes = calendar_.minutes & from_bit<std::uint64_t>(minute + 1);
    if (minutes == 0) return std::nullopt;
    return lowest(minutes) * 60 + lowest(calendar_.seconds);
  }

  std::optional<unsigned> excluded_hour(unsigned hour, unsigned from, std::uint64_t today) {
    std::uint64_t now = 0;
    for (std::uint64_t rest = today; rest != 0; rest &= rest - 1) {
      const Calendar& exclusion = exclusions_[lowest(rest)];
      if ((exclusion.hours >> hour & 1U) == 0) continue;
      now |= rest & (~rest + 1);
      const bool whole_hour =
          (calendar_.seconds & ~exclusion.seconds) == 0 && (calendar_.minutes & ~exclusion.minutes) == 0;
      if (whole_hour) return std::nullopt;
    }
    if (now == 0) return plain_hour(from);
    for (std::uint64_t minutes = calendar_.minutes & from_bit<std::uint64_t>(from / 60); minutes != 0;
         minutes &= minutes - 1) {
      ++looks_;
      const unsigned minute = lowest(minutes);
      std::uint64_t seconds = calendar_.seconds;
      if (minute == from / 60) seconds &= from_bit<std::uint64_t>(from % 60);
      for (std::uint64_t rest = now; rest != 0; rest &= rest - 1) {
        const Calendar& exclusion = exclusions_[lowest(rest)];
        if ((exclusion.minutes >> minute & 1U) != 0) seconds &= ~exclusion.seconds;
      }
      if (seconds != 0) return minute * 60 + lowest(seconds);
    }
    return std::nullopt;
  }

  const Calendar& calendar_;
  std::span<const Calendar> exclusions_;
  int looks_ = 0;
};

}  // namespace

std::uint32_t Calendar::days_of(int year, unsigned month) const {
  if ((months >> month & 1U) == 0 || !year_matches(*this, year)) return 0;
  const unsigned length = length_of_month(year, month);
  const std::uint32_t whole = (1U << length) - 1;
  const bool any_day = days == 0x7FFF'FFFF;
  const bool any_weekday = weekdays == 0x7F;
  if (any_day && any_weekday) return whole;
  const bool weekday_counts = !any_weekday || either_day || nearest_workdays != 0 || last_workday;
  const unsigned first = weekday_counts ? weekday_of(day_number(year, month)) : 0;
  const std::uint32_t by_day = named_days(*this, length, first);
  const std::uint32_t by_weekday = any_weekday ? ~std::uint32_t{0} : named_weekdays(*this, length, first);
  return (either_day ? by_day | by_weekday : by_day & by_weekday) & whole;
}

bool Calendar::matches(CivilSeconds civil) const {
  const local_days day = std::chrono::floor<std::chrono::days>(civil);
  const std::chrono::year_month_day date{day};
  const auto second = static_cast<unsigned>((civil - day).count());
  return (seconds >> second % 60 & 1U) != 0 && (minutes >> second / 60 % 60 & 1U) != 0 &&
         (hours >> second / 3600 & 1U) != 0 &&
         (days_of(static_cast<int>(date.year()), static_cast<unsigned>(date.month()) - 1) >>
              (static_cast<unsigned>(date.day()) - 1) &
          1U) != 0;
}

std::optional<CivilSeconds> Calendar::next(CivilSeconds from, std::span<const Calendar> exclusions) const {
  return Search(*this, exclusions).run(from);
}

}  // namespace sundial::schedule

// Slow and plain on purpose.
#include "tests/agent/core/schedule/oracle.hpp"

#include <algorithm>
#include <array>
#include <cstdlib>
#include <sstream>

namespace sundial::schedule::oracle {
namespace {

using std::chrono::days;
using std::chrono::hours;
using std::chrono::seconds;

struct Date {
  int year, month, day, weekday, length;
};

Date date_of(CivilSeconds civil) {
  const auto day = std::chrono::floor<days>(civil);
  const std::chrono::year_month_day ymd{day};
  const std::chrono::year_month_day_last last{ymd.year() / ymd.month() / std::chrono::last};
  return {static_cast<int>(ymd.year()), static_cast<int>(static_cast<unsigned>(ymd.month())),
          static_cast<int>(static_cast<unsigned>(ymd.day())),
          static_cast<int>(std::chrono::weekday{day}.c_encoding()),
          static_cast<int>(static_cast<unsigned>(last.day()))};
}

std::vector<std::string> list_of(const std::string& text) {
  std::vector<std::string> items;
  std::stringstream stream(text);
  for (std::string item; std::getline(stream, item, ',');) items.push_back(item);
  return items;
}

int value_of(std::string text) {
  static const std::array<std::string, 19> names{"jan", "feb", "mar", "apr", "may", "jun", "jul",
                                                 "aug", "sep", "oct", "nov", "dec", "sun", "mon",
                                                 "tue", "wed", "thu", "fri", "sat"};
  for (char& c : text) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  for (std::size_t i = 0; i < names.size(); ++i) {
    if (text.substr(0, 3) == names[i]) return static_cast<int>(i < 12 ? i + 1 : i - 12);
  }
  return std::atoi(text.c_str());
}

// "*", "a", "a-b", with a step or without.
bool plain_match(const std::string& item, int value, int low, int high) {
  if (item == "*") return true;  // also of years before those that are stepped through
  const std::size_t slash = item.find('/');
  const int step = slash == std::string::npos ? 1 : std::atoi(item.c_str() + slash + 1);
  const std::string base = item.substr(0, slash);
  int from = low;
  int to = high;
  if (base != "*" && base != "?") {
    const std::size_t dash = base.find('-');
    from = value_of(base.substr(0, dash));
    to = dash != std::string::npos    ? value_of(base.substr(dash + 1))
         : slash != std::string::npos ? high
                                      : from;
  }
  return value >= from && value <= to && (value - from) % step == 0;
}

bool list_match(const std::string& text, int value, int low, int high) {
  for (const std::string& item : list_of(text)) {
    if (plain_match(item, value, low, high)) return true;
  }
  return false;
}

bool is_workday(const Date& date, int day) {
  const int weekday = ((date.weekday + day - date.day) % 7 + 7) % 7;
  return weekday >= 1 && weekday <= 5;
}

bool day_of_month_match(const std::string& text, const Date& date) {
  for (const std::string& item : list_of(text)) {
    if (item == "L") {
      if (date.day == date.length) return true;
    } else if (item == "LW") {
      int day = date.length;
      while (!is_workday(date, day)) --day;
      if (date.day == day) return true;
    } else if (item.starts_with("L-")) {
      if (date.day == date.length - std::atoi(item.c_str() + 2)) return true;
    } else if (item.ends_with("W")) {
      const int wanted = std::atoi(item.c_str());
      int best = 0;
      // Of two workdays at one distance only one is ever within two days of a weekend day.
      for (int day = 1; wanted <= date.length && day <= date.length; ++day) {
        if (is_workday(date, day) && (best == 0 || std::abs(day - wanted) < std::abs(best - wanted)))
          best = day;
      }
      if (date.day == best) return true;
    } else if (plain_match(item, date.day, 1, 31)) {
      return true;
    }
  }
  return false;
}

bool day_of_week_match(const std::string& text, const Date& date) {
  for (const std::string& item : list_of(text)) {
    const std::size_t mark = item.find('#');
    if (mark != std::string::npos) {
      const int nth = std::atoi(item.c_str() + mark + 1);
      if (value_of(item.substr(0, mark)) % 7 == date.weekday && (date.day + 6) / 7 == nth) return true;
    } else if (item.ends_with("L")) {
      const std::string day = item.substr(0, item.size() - 1);
      if (value_of(day) % 7 == date.weekday && date.day + 7 > date.length) return true;
    } else if (plain_match(item, date.weekday, 0, 7) || (date.weekday == 0 && plain_match(item, 7, 0, 7))) {
      return true;
    }
  }
  return false;
}

bool has_star(const std::string& text) {
  return text[0] == '*' || text[0] == '?';
}

}  // namespace

Stretch::Stretch(const TimeZone& zone, Seconds begin, Seconds end, bool by_second)
    : after(begin), until(end) {
  // Where offsets are whole minutes, whole minutes do.
  const auto odd = [&zone](Seconds instant) {
    return (zone.civil(instant).time_since_epoch() - instant.time_since_epoch()).count() % 60 != 0;
  };
  const Seconds early = std::chrono::floor<std::chrono::minutes>(after - hours{30});
  const seconds step{by_second || odd(early) || odd(until) ? 1 : 60};
  CivilSeconds expected = zone.civil(early);
  // What the wall clock has shown, by its distance from the earliest that it may show.
  const CivilSeconds base = expected - hours{30};
  std::vector<bool> seen(static_cast<std::size_t>((until - early + hours{90}) / step));
  for (Seconds instant = early; instant <= until; instant += step) {
    const CivilSeconds civil = zone.civil(instant);
    auto shown = seen[static_cast<std::size_t>((civil - base) / step)];
    if (instant > after) moments.push_back({instant, civil, expected, !shown});
    shown = true;
    expected = civil + step;
  }
}

Cron::Cron(std::string_view text, Days days) : days_(days) {
  std::stringstream stream{std::string(text)};
  for (std::string field; stream >> field;) {
    // One spelling of the extensions; names are read in any case.
    for (char& c : field) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
    fields_.push_back(field);
  }
  has_seconds_ = fields_.size() > 5;
  if (!has_seconds_) fields_.insert(fields_.begin(), "0");
  if (fields_.size() == 6) fields_.push_back("*");
  for (int value = 0; value < 60; ++value) {
    seconds_.push_back(list_match(fields_[0], value, 0, 59));
    minutes_.push_back(list_match(fields_[1], value, 0, 59));
    hours_.push_back(value < 24 && list_match(fields_[2], value, 0, 23));
  }
}

bool Cron::day_matches(CivilSeconds civil) const {
  const Date date = date_of(civil);
  // Steps through the years begin where a calendar's years do.
  const int first_year = days_ == Days::all ? 2000 : 1970;
  if (!list_match(fields_[4], date.month, 1, 12)) return false;
  if (!list_match(fields_[6], date.year, first_year, 2199)) return false;
  const bool by_day = day_of_month_match(fields_[3], date);
  const bool by_weekday = day_of_week_match(fields_[5], date);
  const bool either = days_ == Days::either && !has_star(fields_[3]) && !has_star(fields_[5]);
  return either ? by_day || by_weekday : by_day && by_weekday;
}

bool Cron::matches(CivilSeconds civil) const {
  const auto day = std::chrono::floor<days>(civil);
  const auto second = static_cast<std::size_t>((civil - day).count());
  if (!seconds_[second % 60] || !minutes_[second / 60 % 60] || !hours_[second / 3600]) return false;
  if (day != day_) {
    day_ = day;
    day_matches_ = day_matches(civil);
  }
  return day_matches_;
}

bool Cron::skipped_match(CivilSeconds from, CivilSeconds until) const {
  for (CivilSeconds civil = from; civil < until; civil += seconds{1}) {
    if (matches(civil)) return true;
  }
  return false;
}

std::vector<Seconds> Cron::times(const Stretch& stretch, bool once,
                                 const std::vector<Cron>& exclusions) const {
  const bool fixed = once && !has_star(fields_[1]) && !has_star(fields_[2]);
  std::vector<Seconds> found;
  for (const Stretch::Moment& moment : stretch.moments) {
    bool due = matches(moment.civil) && (!fixed || moment.first);
    if (fixed && moment.civil > moment.expected) due = due || skipped_match(moment.expected, moment.civil);
    const auto takes = [&moment](const Cron& exclusion) { return exclusion.matches(moment.civil); };
    if (due && std::none_of(exclusions.begin(), exclusions.end(), takes)) found.push_back(moment.instant);
  }
  return found;
}

}  // namespace sundial::schedule::oracle

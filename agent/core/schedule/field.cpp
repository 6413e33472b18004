// Reads lists of numbers, names, ranges and steps, and the extensions L, W, # and H.
#include "agent/core/schedule/field.hpp"

#include <algorithm>
#include <optional>
#include <span>

#include <fmt/format.h>

#include "platform/base/text.hpp"

namespace sundial::schedule {
namespace {

using std::string_view;

constexpr std::array<string_view, 12> kMonths{"january",   "february", "march",    "april",
                                              "may",       "june",     "july",     "august",
                                              "september", "october",  "november", "december"};
constexpr std::array<string_view, 8> kWeekdays{"sunday",   "monday", "tuesday",  "wednesday",
                                               "thursday", "friday", "saturday", "sunday"};
constexpr unsigned kHuge = 1'000'000;  // what a longer number is taken for: beyond every range

struct Syntax {
  string_view name;
  unsigned low;
  unsigned high;
  std::span<const string_view> names;  // of low, low + 1, ...
  string_view example;
};

const Syntax& syntax_of(Field field) {
  static constexpr std::array<Syntax, 8> table{{
      {"second", 0, 59, {}, "0, 30 or */10"},
      {"minute", 0, 59, {}, "0, */15 or 0,30"},
      {"hour", 0, 23, {}, "*, 8 or 9-17"},
      {"day of month", 1, 31, {}, "*, 1, 1,15 or L"},
      {"month", 1, 12, kMonths, "*, 1-6 or jan,jul"},
      {"day of week", 0, 7, kWeekdays, "*, mon-fri or 5#2"},
      {"year", kFirstYear, kLastYear, {}, "*, 2030 or 2026-2030"},
      {"year", 2000, 2100, {}, "*, 2030 or 2026-2030"},
  }};
  return table[static_cast<std::size_t>(field)];
}

struct Range {
  unsigned low = 0;
  unsigned high = 0;
  unsigned step = 1;
};

// The digits of all of `text`; nothing where it is no plain decimal number.
std::optional<unsigned> number(string_view text) {
  if (text.empty()) return std::nullopt;
  unsigned value = 0;
  for (char c : text) {
    if (c < '0' || c > '9') return std::nullopt;
    value = std::min(value * 10 + static_cast<unsigned>(c - '0'), kHuge);
  }
  return value;
}

// Reads one field. `lower_` is its text in lower case; errors quote it as it was written.
class Reader {
 public:
  Reader(Field field, string_view text, const HashSeed& seed, Calendar& into, std::vector<std::string>& notes)
      : field_(field),
        syntax_(syntax_of(field)),
        text_(text),
        lower_(lower_ascii(text)),
        seed_(seed),
        into_(into),
        notes_(notes) {}

  Result<void> run() {
    clear();
    if (text_.empty()) return wrong("it is empty");
    for (string_view item : split(lower_, ',')) {
      if (item.empty()) return wrong("a list has an empty place");
      if (auto read = read_item(item); !read) return read;
    }
    return {};
  }

 private:
  Error wrong(string_view what) const {
    return {ErrorKind::invalid, fmt::format("{} '{}': {}; right is, for example, {}", syntax_.name,
                                            printable(text_, 40), what, syntax_.example)};
  }

  void clear() {
    switch (field_) {
      case Field::second:
        into_.seconds = 0;
        break;
      case Field::minute:
        into_.minutes = 0;
        break;
      case Field::hour:
        into_.hours = 0;
        break;
      case Field::day_of_month:
        into_.days = 0;
        break;
      case Field::month:
        into_.months = 0;
        break;
      case Field::day_of_week:
        into_.weekdays = 0;
        break;
      case Field::year:
      case Field::calendar_year:
        into_.every_year = false;
        break;
    }
  }

  void set(unsigned value) {
    switch (field_) {
      case Field::second:
        into_.seconds |= std::uint64_t{1} << value;
        break;
      case Field::minute:
        into_.minutes |= std::uint64_t{1} << value;
        break;
      case Field::hour:
        into_.hours |= 1U << value;
        break;
      case Field::day_of_month:
        into_.days |= 1U << (value - 1);
        break;
      case Field::month:
        into_.months = static_cast<std::uint16_t>(into_.months | 1U << (value - 1));
        break;
      case Field::day_of_week:
        into_.weekdays = static_cast<std::uint8_t>(into_.weekdays | 1U << value % 7);
        break;
      case Field::year:
      case Field::calendar_year:
        into_.years[(value - kFirstYear) / 64] |= std::uint64_t{1} << (value - kFirstYear) % 64;
        break;
    }
  }

  void set_all(const Range& range) {
    for (unsigned value = range.low; value <= range.high; value += range.step) set(value);
  }

  Result<void> read_item(string_view item) {
    if (field_ == Field::day_of_month) {
      if (const auto done = read_month_extension(item)) return *done;
    }
    if (field_ == Field::day_of_week) {
      if (const auto done = read_week_extension(item)) return *done;
    }
    if (item.front() == 'h' && !is_year()) return read_hash(item);
    const std::size_t slash = item.find('/');
    const string_view base = item.substr(0, slash);
    Range range;
    bool single = false;
    if (auto read = read_base(base, range, single); !read) return read;
    if (slash != string_view::npos) {
      if (auto read = read_step(item.substr(slash + 1), range); !read) return read;
      if (single) range.high = syntax_.high;
    } else if (is_star(base) && is_year()) {
      into_.every_year = true;
    }
    set_all(range);
    return {};
  }

  bool is_year() const { return field_ == Field::year || field_ == Field::calendar_year; }

  bool is_star(string_view base) const {
    return base == "*" || (base == "?" && (field_ == Field::day_of_month || field_ == Field::day_of_week));
  }

  // "*", "a" or "a-b".
  Result<void> read_base(string_view base, Range& range, bool& single) const {
    if (is_star(base)) {
      range = {syntax_.low, syntax_.high, 1};
      return {};
    }
    if (base == "?") return wrong("? stands in day of month and day of week only, elsewhere write *");
    const std::size_t dash = base.find('-');
    const auto low = read_value(base.substr(0, dash));
    if (!low) return low.error();
    range.low = range.high = *low;
    single = dash == string_view::npos;
    if (single) return {};
    const auto high = read_value(base.substr(dash + 1));
    if (!high) return high.error();
    range.high = *high;
    return range.low <= range.high ? Result<void>{} : wrong(reversed(base, range));
  }

  std::string reversed(string_view base, const Range& range) const {
    const bool sunday = field_ == Field::day_of_week && range.high == 0;
    const std::string first = range.low == syntax_.high
                                  ? fmt::format("{}", range.low)
                                  : fmt::format("{}-{}", range.low, sunday ? 7 : syntax_.high);
    const std::string second = sunday                      ? ""
                               : range.high == syntax_.low ? fmt::format(",{}", range.high)
                                                           : fmt::format(",{}-{}", syntax_.low, range.high);
    return fmt::format("the range {} runs backwards, write {}{}", printable(base, 20), first, second);
  }

  Result<unsigned> read_value(string_view text) const {
    if (text.empty()) return wrong("a number is missing");
    if (const auto value = number(text)) {
      if (*value >= syntax_.low && *value <= syntax_.high) return *value;
      return wrong(fmt::format("{} is outside {}-{}", printable(text, 12), syntax_.low, syntax_.high));
    }
    for (std::size_t i = 0; i < syntax_.names.size(); ++i) {
      const string_view name = syntax_.names[i];
      if (text == name || text == name.substr(0, 3)) return syntax_.low + static_cast<unsigned>(i);
    }
    if (syntax_.names.empty()) return wrong(fmt::format("'{}' is not a number", printable(text, 20)));
    return wrong(
        fmt::format("'{}' is neither a number nor a name of three letters or in full", printable(text, 20)));
  }

  Result<void> read_step(string_view text, Range& range) {
    const auto step = number(text);
    if (!step) return wrong(fmt::format("the step '{}' is not a number", printable(text, 20)));
    if (*step == 0) return wrong("a step of 0 never moves");
    if (*step > syntax_.high - syntax_.low) note_big_step(*step);
    range.step = *step;
    return {};
  }

  void note_big_step(unsigned step) {
    const string_view unit = field_ == Field::second   ? "s"
                             : field_ == Field::minute ? "m"
                             : field_ == Field::hour   ? "h"
                                                       : "";
    std::string note =
        fmt::format("{} '{}': a step of {} picks the first value only", syntax_.name, printable(text_, 40),
                    step >= kHuge ? "that size" : fmt::format("{}", step));
    if (!unit.empty() && step < kHuge) note += fmt::format("; @every {}{} runs at that distance", step, unit);
    notes_.push_back(std::move(note));
  }

  // L, L-n, LW and nW.
  std::optional<Result<void>> read_month_extension(string_view item) {
    if (item == "l") return into_.days_before_last |= 1U, Result<void>{};
    if (item == "lw") return into_.last_workday = true, Result<void>{};
    if (item.starts_with("l-")) {
      const auto before = number(item.substr(2));
      if (!before || *before > 30) return wrong("L- is followed by 0 to 30 days, as in L-3");
      return into_.days_before_last |= 1U << *before, Result<void>{};
    }
    if (item.ends_with('w')) {
      const auto day = number(item.substr(0, item.size() - 1));
      if (!day || *day < 1 || *day > 31) return wrong("W stands after one day from 1 to 31, as in 15W");
      return into_.nearest_workdays |= 1U << (*day - 1), Result<void>{};
    }
    return std::nullopt;
  }

  // dL and d#n.
  std::optional<Result<void>> read_week_extension(string_view item) {
    if (item == "l") return wrong("a bare L is Saturday for some and Sunday for others, write 6L or 0L");
    const std::size_t mark = item.find('#');
    const bool last = mark == string_view::npos && item.ends_with('l');
    if (mark == string_view::npos && !last) return std::nullopt;
    const auto weekday = read_value(item.substr(0, last ? item.size() - 1 : mark));
    if (!weekday) return weekday.error();
    const unsigned day = *weekday % 7;
    if (last)
      return into_.last_weekdays = static_cast<std::uint8_t>(into_.last_weekdays | 1U << day), Result<void>{};
    const auto nth = number(item.substr(mark + 1));
    if (!nth || *nth < 1 || *nth > 5)
      return wrong("# is followed by 1 to 5, as in 5#2 for the second Friday");
    return into_.nth_weekdays |= std::uint64_t{1} << (day * 5 + *nth - 1), Result<void>{};
  }

  // H, H/n, H(a-b) and H(a-b)/n: a value that stays the same for this device and schedule.
  Result<void> read_hash(string_view item) {
    Range range = hash_range();
    string_view rest = item.substr(1);
    if (rest.starts_with('(')) {
      const std::size_t end = rest.find(')');
      bool single = false;
      if (end == string_view::npos) return wrong("H( is not closed, write H(0-29)");
      if (auto read = read_base(rest.substr(1, end - 1), range, single); !read) return read;
      rest.remove_prefix(end + 1);
    }
    const std::uint64_t drawn = stable_hash(seed_, static_cast<std::uint64_t>(field_) + 1);
    if (rest.empty()) {
      set(range.low + static_cast<unsigned>(drawn % (range.high - range.low + 1)));
      return {};
    }
    if (!rest.starts_with('/')) return wrong("H is written alone or as H/15, H(0-29) or H(0-29)/10");
    if (auto read = read_step(rest.substr(1), range); !read) return read;
    range.low += static_cast<unsigned>(drawn % std::min(range.step, range.high - range.low + 1));
    set_all(range);
    return {};
  }

  // Days that every month has, and each day of the week once.
  Range hash_range() const {
    if (field_ == Field::day_of_month) return {1, 28, 1};
    if (field_ == Field::day_of_week) return {0, 6, 1};
    return {syntax_.low, syntax_.high, 1};
  }

  Field field_;
  const Syntax& syntax_;
  string_view text_;
  std::string lower_;
  const HashSeed& seed_;
  Calendar& into_;
  std::vector<std::string>& notes_;
};

}  // namespace

string_view name_of(Field field) {
  return syntax_of(field).name;
}
string_view example_of(Field field) {
  return syntax_of(field).example;
}

// FNV-1a, then a mixer (SplitMix64's), since names of a fleet differ in their last digits only.
std::uint64_t stable_hash(const HashSeed& seed, std::uint64_t salt) {
  std::uint64_t hash = 0xCBF2'9CE4'8422'2325U;
  const auto add = [&hash](unsigned char byte) { hash = (hash ^ byte) * 0x0000'0100'0000'01B3U; };
  for (char c : seed.device) add(static_cast<unsigned char>(c));
  add(0xFF);  // occurs in no UTF-8: the pair's boundary
  for (char c : seed.schedule) add(static_cast<unsigned char>(c));
  hash += salt * 0x9E37'79B9'7F4A'7C15U;
  hash = (hash ^ hash >> 30U) * 0xBF58'476D'1CE4'E5B9U;
  hash = (hash ^ hash >> 27U) * 0x94D0'49BB'1331'11EBU;
  return hash ^ hash >> 31U;
}

Result<void> read_field(Field field, string_view text, const HashSeed& seed, Calendar& into,
                        std::vector<std::string>& notes) {
  return Reader(field, text, seed, into, notes).run();
}

bool begins_with_star(string_view text) {
  return text.starts_with('*') || text.starts_with('?');
}

}  // namespace sundial::schedule

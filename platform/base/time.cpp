// RFC 3339 and durations, read and written without a locale.
#include "platform/base/time.hpp"

#include <array>
#include <charconv>
#include <limits>

#include <fmt/format.h>

namespace sundial {
namespace {

using std::chrono::days;
using std::chrono::seconds;

// Reads exactly `count` digits, or nothing.
std::optional<int> take_digits(std::string_view& text, std::size_t count) {
  if (text.size() < count) return std::nullopt;
  int value = 0;
  for (char c : text.substr(0, count)) {
    if (c < '0' || c > '9') return std::nullopt;
    value = value * 10 + (c - '0');
  }
  text.remove_prefix(count);
  return value;
}

bool take(std::string_view& text, char expected) {
  if (text.empty() || text.front() != expected) return false;
  text.remove_prefix(1);
  return true;
}

bool take_one_of(std::string_view& text, std::string_view accepted) {
  if (text.empty() || accepted.find(text.front()) == std::string_view::npos) return false;
  text.remove_prefix(1);
  return true;
}

std::optional<Millis> take_fraction(std::string_view& text) {
  if (!take(text, '.')) return Millis{0};
  int millis = 0;
  int digits = 0;
  for (; !text.empty() && text.front() >= '0' && text.front() <= '9'; text.remove_prefix(1), ++digits) {
    if (digits < 3) millis = millis * 10 + (text.front() - '0');
  }
  if (digits == 0) return std::nullopt;
  for (; digits < 3; ++digits) millis *= 10;
  return Millis{millis};
}

std::optional<seconds> take_offset(std::string_view& text) {
  if (take_one_of(text, "Zz")) return seconds{0};
  const bool west = !text.empty() && text.front() == '-';
  if (!take_one_of(text, "+-")) return std::nullopt;
  const auto hours = take_digits(text, 2);
  if (!hours || !take(text, ':')) return std::nullopt;
  const auto minutes = take_digits(text, 2);
  if (!minutes || *hours > 23 || *minutes > 59) return std::nullopt;
  const seconds offset = std::chrono::hours{*hours} + std::chrono::minutes{*minutes};
  return west ? -offset : offset;
}

struct Unit {
  std::string_view name;
  Millis length;
};
// Largest first, as format_duration takes them; "ms" is looked for before "m" when reading.
constexpr std::array<Unit, 5> kUnits{{{"d", days{1}},
                                      {"h", std::chrono::hours{1}},
                                      {"m", std::chrono::minutes{1}},
                                      {"s", seconds{1}},
                                      {"ms", Millis{1}}}};

std::optional<Millis> take_unit(std::string_view& text) {
  if (text.starts_with("ms")) {
    text.remove_prefix(2);
    return Millis{1};
  }
  for (const Unit& unit : kUnits) {
    if (text.starts_with(unit.name)) {
      text.remove_prefix(unit.name.size());
      return unit.length;
    }
  }
  return std::nullopt;
}

Error no_duration(std::string_view text) {
  return {ErrorKind::invalid,
          fmt::format("'{}' is not a duration; write a number with ms, s, m, h or d, such as 90s or 1h30m",
                      text.substr(0, 40))};
}

}  // namespace

std::string format_rfc3339(Instant instant, Fraction fraction) {
  const auto day = std::chrono::floor<days>(instant);
  const std::chrono::year_month_day date{day};
  const std::chrono::hh_mm_ss clock{instant - day};
  std::string text = fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}", static_cast<int>(date.year()),
                                 static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
                                 clock.hours().count(), clock.minutes().count(), clock.seconds().count());
  if (fraction == Fraction::always || clock.subseconds().count() != 0) {
    text += fmt::format(".{:03}", clock.subseconds().count());
  }
  return text + "Z";
}

Result<Instant> parse_rfc3339(std::string_view text) {
  const Error bad{ErrorKind::invalid,
                  fmt::format("'{}' is not a time; write it as 2026-01-31T08:00:00Z", text.substr(0, 40))};
  std::string_view rest = text;
  const auto year = take_digits(rest, 4);
  if (!year || !take(rest, '-')) return bad;
  const auto month = take_digits(rest, 2);
  if (!month || !take(rest, '-')) return bad;
  const auto day = take_digits(rest, 2);
  if (!day || !take_one_of(rest, "Tt ")) return bad;
  const auto hour = take_digits(rest, 2);
  if (!hour || !take(rest, ':')) return bad;
  const auto minute = take_digits(rest, 2);
  if (!minute || !take(rest, ':')) return bad;
  const auto second = take_digits(rest, 2);
  if (!second) return bad;
  const auto fraction = take_fraction(rest);
  if (!fraction) return bad;
  const auto offset = take_offset(rest);
  if (!offset || !rest.empty()) return bad;

  const std::chrono::year_month_day date{std::chrono::year{*year},
                                         std::chrono::month{static_cast<unsigned>(*month)},
                                         std::chrono::day{static_cast<unsigned>(*day)}};
  if (!date.ok() || *hour > 23 || *minute > 59 || *second > 60) return bad;
  return Instant{std::chrono::sys_days{date} + std::chrono::hours{*hour} + std::chrono::minutes{*minute} +
                 seconds{*second} + *fraction - *offset};
}

Result<Millis> parse_duration(std::string_view text) {
  std::string_view rest = text;
  Millis total{0};
  if (rest.empty()) return no_duration(text);
  while (!rest.empty()) {
    std::int64_t count = 0;
    const auto [end, problem] = std::from_chars(rest.data(), rest.data() + rest.size(), count);
    if (problem != std::errc{} || rest.front() == '-') return no_duration(text);
    rest.remove_prefix(static_cast<std::size_t>(end - rest.data()));
    const auto unit = take_unit(rest);
    if (!unit) return no_duration(text);
    if (count > (Millis::max() - total) / *unit) return no_duration(text);
    total += count * *unit;
  }
  return total;
}

std::string format_duration(Millis duration) {
  if (duration == Millis{0}) return "0s";
  std::string text = duration < Millis{0} ? "-" : "";
  Millis rest = duration < Millis{0} ? -duration : duration;
  for (const Unit& unit : kUnits) {
    const auto count = rest / unit.length;
    if (count == 0) continue;
    text += fmt::format("{}{}", count, unit.name);
    rest -= count * unit.length;
  }
  return text;
}

}  // namespace sundial

// Timestamps and durations: reading them, their bounds and their parts.
#include <array>
#include <charconv>
#include <chrono>
#include <cmath>
#include <limits>

#include "agent/core/expression/functions.hpp"

namespace sundial::expression {
namespace {

using std::chrono::days;
using std::chrono::seconds;

constexpr std::int64_t kSecond = 1'000'000'000;   // in nanoseconds
constexpr std::int64_t kFirst = -62'135'596'800;  // 0001-01-01T00:00:00Z
constexpr std::int64_t kLast = 253'402'300'799;   // 9999-12-31T23:59:59Z

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

std::optional<int> take_digits(std::string_view& text, std::size_t count) {
  if (text.size() < count) return std::nullopt;
  int value = 0;
  for (std::size_t i = 0; i < count; ++i) {
    if (!is_digit(text[i])) return std::nullopt;
    value = value * 10 + (text[i] - '0');
  }
  text.remove_prefix(count);
  return value;
}

bool take(std::string_view& text, char expected) {
  if (!text.starts_with(expected)) return false;
  text.remove_prefix(1);
  return true;
}

// Nanoseconds of ".25"; what lies below one is cut off.
std::optional<std::int32_t> take_fraction(std::string_view& text) {
  if (!take(text, '.')) return 0;
  std::int32_t nanos = 0;
  int count = 0;
  for (; !text.empty() && is_digit(text.front()); text.remove_prefix(1), ++count) {
    if (count < 9) nanos = nanos * 10 + (text.front() - '0');
  }
  for (int i = count; i < 9; ++i) nanos *= 10;
  return count == 0 ? std::nullopt : std::optional(nanos);
}

std::optional<seconds> take_zone(std::string_view& text) {
  if (take(text, 'Z')) return seconds{0};
  const bool west = text.starts_with('-');
  if (!take(text, '+') && !take(text, '-')) return std::nullopt;
  const auto hours = take_digits(text, 2);
  if (!hours || *hours > 23 || !take(text, ':')) return std::nullopt;
  const auto minutes = take_digits(text, 2);
  if (!minutes || *minutes > 59) return std::nullopt;
  const seconds offset{*hours * 3600 + *minutes * 60};
  return west ? -offset : offset;
}

struct SpanUnit {
  std::string_view name;
  std::int64_t nanos;
};
constexpr std::array<SpanUnit, 8> kUnits{{{"ns", 1},
                                          {"us", 1'000},
                                          {"\u00b5s", 1'000},
                                          {"\u03bcs", 1'000},
                                          {"ms", 1'000'000},
                                          {"h", 3600 * kSecond},
                                          {"m", 60 * kSecond},
                                          {"s", kSecond}}};

const SpanUnit* take_unit(std::string_view& text) {
  for (const SpanUnit& unit : kUnits) {
    if (text.starts_with(unit.name)) {
      text.remove_prefix(unit.name.size());
      return &unit;
    }
  }
  return nullptr;
}

// "1.5h": nanoseconds of one part of a duration, or nothing where it is none or too long.
std::optional<std::int64_t> take_part(std::string_view& text) {
  std::int64_t whole = 0;
  const bool begins_with_digit = !text.empty() && is_digit(text.front());
  if (begins_with_digit) {
    const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), whole);
    if (problem != std::errc{}) return std::nullopt;
    text.remove_prefix(static_cast<std::size_t>(end - text.data()));
  }
  double fraction = 0;
  bool has_fraction = false;
  if (take(text, '.')) {
    double place = 0.1;
    for (; !text.empty() && is_digit(text.front()); text.remove_prefix(1), place /= 10) {
      fraction += place * (text.front() - '0');
      has_fraction = true;
    }
  }
  if (!begins_with_digit && !has_fraction) return std::nullopt;
  const SpanUnit* unit = take_unit(text);
  std::int64_t nanos = 0;
  if (unit == nullptr || __builtin_mul_overflow(whole, unit->nanos, &nanos)) return std::nullopt;
  const auto more = static_cast<std::int64_t>(std::llround(fraction * static_cast<double>(unit->nanos)));
  if (__builtin_add_overflow(nanos, more, &nanos)) return std::nullopt;
  return nanos;
}

Operand part_of_span(Machine& machine, Function part, TimeSpan span) {
  switch (part) {
    case Function::get_hours:
      return Operand::of(span.seconds / 3600);
    case Function::get_minutes:
      return Operand::of(span.seconds / 60);
    case Function::get_seconds:
      return Operand::of(span.seconds);
    case Function::get_milliseconds:
      return Operand::of(std::int64_t{span.nanos / 1'000'000});
    default:
      return machine.fail(Failure::wrong_type, Kind::duration);
  }
}

std::int64_t part_of_civil(Function part, std::chrono::local_seconds civil, std::int32_t nanos) {
  const auto day = std::chrono::floor<days>(civil);
  const std::chrono::year_month_day date{day};
  const std::chrono::hh_mm_ss clock{civil - day};
  switch (part) {
    case Function::get_date:
      return static_cast<unsigned>(date.day());
    case Function::get_day_of_month:
      return static_cast<std::int64_t>(static_cast<unsigned>(date.day())) - 1;
    case Function::get_day_of_week:
      return std::chrono::weekday{day}.c_encoding();
    case Function::get_day_of_year:
      return (day - std::chrono::local_days{date.year() / std::chrono::January / 1}).count();
    case Function::get_full_year:
      return static_cast<int>(date.year());
    case Function::get_hours:
      return clock.hours().count();
    case Function::get_milliseconds:
      return nanos / 1'000'000;
    case Function::get_minutes:
      return clock.minutes().count();
    case Function::get_month:
      return static_cast<std::int64_t>(static_cast<unsigned>(date.month())) - 1;
    default:
      return clock.seconds().count();
  }
}

}  // namespace

bool is_valid(Timestamp timestamp) {
  return timestamp.seconds >= kFirst && timestamp.seconds <= kLast;
}

std::optional<TimeSpan> span_of_nanos(std::int64_t whole_seconds, std::int64_t nanos) {
  std::int64_t total = 0;
  if (__builtin_mul_overflow(whole_seconds, kSecond, &total) ||
      __builtin_add_overflow(total, nanos, &total)) {
    return std::nullopt;
  }
  return TimeSpan{total / kSecond, static_cast<std::int32_t>(total % kSecond)};
}

std::optional<Timestamp> parse_timestamp(std::string_view text) {
  const auto year = take_digits(text, 4);
  if (!year || !take(text, '-')) return std::nullopt;
  const auto month = take_digits(text, 2);
  if (!month || !take(text, '-')) return std::nullopt;
  const auto day = take_digits(text, 2);
  if (!day || !take(text, 'T')) return std::nullopt;
  const auto hour = take_digits(text, 2);
  if (!hour || *hour > 23 || !take(text, ':')) return std::nullopt;
  const auto minute = take_digits(text, 2);
  if (!minute || *minute > 59 || !take(text, ':')) return std::nullopt;
  const auto second = take_digits(text, 2);
  if (!second || *second > 59) return std::nullopt;
  const auto nanos = take_fraction(text);
  if (!nanos) return std::nullopt;
  const auto offset = take_zone(text);
  if (!offset || !text.empty()) return std::nullopt;

  const std::chrono::year_month_day date{std::chrono::year{*year},
                                         std::chrono::month{static_cast<unsigned>(*month)},
                                         std::chrono::day{static_cast<unsigned>(*day)}};
  if (!date.ok()) return std::nullopt;
  const seconds since_epoch = std::chrono::sys_days{date}.time_since_epoch() + std::chrono::hours{*hour} +
                              std::chrono::minutes{*minute} + seconds{*second} - *offset;
  const Timestamp timestamp{since_epoch.count(), *nanos};
  return is_valid(timestamp) ? std::optional(timestamp) : std::nullopt;
}

std::optional<TimeSpan> parse_span(std::string_view text) {
  const bool negative = text.starts_with('-');
  if (!take(text, '-')) take(text, '+');
  if (text == "0") return TimeSpan{};
  if (text.empty()) return std::nullopt;
  std::int64_t total = 0;
  while (!text.empty()) {
    const auto part = take_part(text);
    if (!part || __builtin_add_overflow(total, *part, &total)) return std::nullopt;
  }
  return span_of_nanos(0, negative ? -total : total);
}

std::optional<seconds> fixed_offset(std::string_view text) {
  const bool west = text.starts_with('-');
  if (!take(text, '-')) take(text, '+');
  const auto hours = take_digits(text, 2);
  if (!hours || *hours > 23 || !take(text, ':')) return std::nullopt;
  const auto minutes = take_digits(text, 2);
  if (!minutes || *minutes > 59 || !text.empty()) return std::nullopt;
  const seconds offset{*hours * 3600 + *minutes * 60};
  return west ? -offset : offset;
}

Operand part_of_time(Machine& machine, Function part, std::span<const Operand> arguments) {
  const Operand& time = arguments[0];
  if (time.kind == Kind::duration && arguments.size() == 1) return part_of_span(machine, part, time.duration);
  if (time.kind != Kind::timestamp) return machine.fail(Failure::wrong_type, time.kind);
  const std::chrono::sys_seconds instant{seconds{time.timestamp.seconds}};
  std::chrono::local_seconds civil{instant.time_since_epoch()};
  if (arguments.size() == 2) {
    const Operand& zone = arguments[1];
    if (zone.kind != Kind::text) return machine.fail(Failure::wrong_type, time.kind, zone.kind);
    if (const auto offset = fixed_offset(zone.text())) {
      civil += *offset;
    } else if (zone.text() != "UTC") {
      const std::shared_ptr<const TimeZone> found = machine.zone(zone.text());
      if (found == nullptr) return machine.fail(Failure::bad_zone);
      civil = found->civil(instant);
    }
  }
  return Operand::of(part_of_civil(part, civil, time.timestamp.nanos));
}

}  // namespace sundial::expression

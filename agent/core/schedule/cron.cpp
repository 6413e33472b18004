// Takes a cron string apart and refuses, in bounded time, what isn't one.
#include "agent/core/schedule/cron.hpp"

#include <algorithm>
#include <array>
#include <span>

#include <fmt/format.h>

#include "platform/base/text.hpp"

namespace sundial::schedule {
namespace {

using std::string_view;

// A full list of every field is shorter.
constexpr std::size_t kMaxLength = 2000;

constexpr std::array kFiveFields{Field::minute, Field::hour, Field::day_of_month, Field::month,
                                 Field::day_of_week};
constexpr std::array kSixFields{Field::second,       Field::minute, Field::hour,
                                Field::day_of_month, Field::month,  Field::day_of_week};
constexpr std::array kSevenFields{Field::second, Field::minute,      Field::hour, Field::day_of_month,
                                  Field::month,  Field::day_of_week, Field::year};

struct Macro {
  string_view name;
  string_view meaning;
};
constexpr std::array<Macro, 7> kMacros{{{"@yearly", "0 0 1 1 *"},
                                        {"@annually", "0 0 1 1 *"},
                                        {"@monthly", "0 0 1 * *"},
                                        {"@weekly", "0 0 * * 0"},
                                        {"@daily", "0 0 * * *"},
                                        {"@midnight", "0 0 * * *"},
                                        {"@hourly", "0 * * * *"}}};

Error invalid(std::string message) {
  return {ErrorKind::invalid, std::move(message)};
}

bool is_blank(char c) {
  return c == ' ' || c == '\t';
}

string_view trim_blanks(string_view text) {
  while (!text.empty() && is_blank(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_blank(text.back())) text.remove_suffix(1);
  return text;
}

std::vector<string_view> split_blanks(string_view text) {
  std::vector<string_view> words;
  for (std::size_t i = 0; i < text.size();) {
    const std::size_t begin = i;
    while (i < text.size() && !is_blank(text[i])) ++i;
    if (i > begin) words.push_back(text.substr(begin, i - begin));
    while (i < text.size() && is_blank(text[i])) ++i;
  }
  return words;
}

// Which field the byte stands in, from 1.
std::size_t field_of(string_view text, std::size_t at) {
  return split_blanks(text.substr(0, at)).size() + (at == 0 || is_blank(text[at - 1]) ? 1 : 0);
}

Result<void> check_bytes(string_view text) {
  if (text.size() > kMaxLength) {
    return invalid(fmt::format(
        "a cron string of {} bytes is too long, at most {}; right is, for example, 0 9 * * mon-fri",
        text.size(), kMaxLength));
  }
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto byte = static_cast<unsigned char>(text[i]);
    if ((byte >= 0x20 && byte < 0x7F) || byte == '\t') continue;
    return invalid(
        fmt::format("field {}: '{}' has a character at byte {} that is not plain ASCII; right is, for "
                    "example, 0 9 * * mon-fri",
                    field_of(text, i), printable(text, 60), i + 1));
  }
  return {};
}

// Takes CRON_TZ=Zone or TZ=Zone off the front.
Result<void> take_zone(string_view& text, string_view zone) {
  const std::size_t prefix = text.starts_with("CRON_TZ=") ? 8 : text.starts_with("TZ=") ? 3 : 0;
  if (prefix == 0) return {};
  const auto end = std::find_if(text.begin(), text.end(), is_blank);
  const string_view named = text.substr(prefix, static_cast<std::size_t>(end - text.begin()) - prefix);
  if (named != zone) {
    return invalid(
        fmt::format("the prefix names the zone '{0}', but the schedule's is '{1}'; leave the prefix out and "
                    "set time_zone, "
                    "right is, for example, CRON_TZ={1} 0 9 * * mon-fri",
                    printable(named, 60), printable(zone, 60)));
  }
  text = trim_blanks(string_view(end, text.end()));
  if (text.empty())
    return invalid("after the zone come the fields; right is, for example, CRON_TZ=UTC 0 9 * * mon-fri");
  return {};
}

Result<CronMeaning> read_every(string_view text) {
  const std::size_t slash = text.find('/');
  const auto every = parse_duration(trim_blanks(text.substr(0, slash)));
  if (!every) return every.error().within("@every");
  Millis phase{0};
  if (slash != string_view::npos) {
    const auto read = parse_duration(trim_blanks(text.substr(slash + 1)));
    if (!read) return read.error().within("@every, after the /");
    phase = *read;
  }
  const auto interval = make_interval(*every, phase);
  if (!interval) return interval.error().within("@every");
  return CronMeaning{*interval};
}

// A six-field string with a year in the last place means something else to Temporal.
bool looks_like_year(string_view text) {
  return text.size() >= 4 &&
         std::all_of(text.begin(), text.begin() + 4, [](char c) { return c >= '0' && c <= '9'; });
}

std::span<const Field> fields_for(std::size_t count) {
  if (count == 5) return kFiveFields;
  if (count == 6) return kSixFields;
  if (count == 7) return kSevenFields;
  return {};
}

Error wrong_count(string_view text, std::size_t count) {
  return invalid(
      fmt::format("'{}' has {} field{}; a cron string has 5 (minute hour day month weekday), 6 (a second "
                  "first) or 7 (second first, year last); right is, for example, 0 9 * * mon-fri",
                  printable(text, 60), count, count == 1 ? "" : "s"));
}

Result<CronMeaning> read_fields(string_view text, const HashSeed& seed, std::vector<std::string>& notes) {
  const std::vector<string_view> words = split_blanks(text);
  const std::span<const Field> fields = fields_for(words.size());
  if (fields.empty()) return wrong_count(text, words.size());
  Calendar calendar;
  bool time_has_star = false;
  int restricted_days = 0;
  for (std::size_t i = 0; i < words.size(); ++i) {
    if (fields.size() == 6 && i == 5 && looks_like_year(words[i])) {
      return invalid(
          fmt::format("day of week '{}': with six fields the first is the second and none the year; a year "
                      "is the last of seven, as in 0 0 0 1 1 * 2030",
                      printable(words[i], 40)));
    }
    if (auto read = read_field(fields[i], words[i], seed, calendar, notes); !read) {
      return read.error().within(fmt::format("field {}", i + 1));
    }
    const bool star = begins_with_star(words[i]);
    if (fields[i] == Field::minute || fields[i] == Field::hour) time_has_star = time_has_star || star;
    if (fields[i] == Field::day_of_month || fields[i] == Field::day_of_week) restricted_days += star ? 0 : 1;
  }
  calendar.either_day = restricted_days == 2;
  calendar.fixed_time = !time_has_star;
  if (calendar.either_day) {
    notes.push_back(
        "day of month and day of week are both given: a day on which either matches is due, as in POSIX "
        "cron; a Temporal Schedule wants both to match");
  }
  return CronMeaning{calendar};
}

Result<CronMeaning> read_macro(string_view text, const HashSeed& seed, std::vector<std::string>& notes) {
  const std::string lower = lower_ascii(text);
  if (lower.starts_with("@every") && (lower.size() == 6 || is_blank(lower[6]))) {
    return read_every(trim_blanks(text.substr(6)));
  }
  std::vector<string_view> known{"@every"};
  for (const Macro& macro : kMacros) {
    if (lower == macro.name) return read_fields(macro.meaning, seed, notes);
    known.push_back(macro.name);
  }
  if (lower == "@reboot") return invalid("@reboot is no time; right is, for example, @daily or @every 90s");
  const string_view first = string_view(lower).substr(0, std::min(lower.find(' '), lower.find('\t')));
  const auto meant = did_you_mean(first, known);
  return invalid(fmt::format("there is no '{}'{}; right is, for example, @daily or @every 90s",
                             printable(text, 40), meant ? fmt::format(", did you mean {}?", *meant) : ""));
}

}  // namespace

Result<Interval> make_interval(Millis every, Millis phase) {
  if (every < std::chrono::seconds{1}) {
    return invalid(
        fmt::format("an interval of {} is too short, it is at least 1s; right is, for example, 90s",
                    format_duration(every)));
  }
  if (phase < Millis{0} || phase >= every) {
    return invalid(
        fmt::format("the offset {} must be at least 0s and below the interval's {}; right is, for "
                    "example, 1h with the offset 15m",
                    format_duration(phase), format_duration(every)));
  }
  return Interval{every, phase};
}

Result<CronMeaning> read_cron(string_view text, string_view zone, const HashSeed& seed,
                              std::vector<std::string>& notes) {
  if (auto plain = check_bytes(text); !plain) return plain.error();
  string_view rest = trim_blanks(text);
  if (rest.empty()) return invalid("the cron string is empty; right is, for example, 0 9 * * mon-fri");
  if (auto taken = take_zone(rest, zone); !taken) return taken.error();
  return rest.front() == '@' ? read_macro(rest, seed, notes) : read_fields(rest, seed, notes);
}

}  // namespace sundial::schedule

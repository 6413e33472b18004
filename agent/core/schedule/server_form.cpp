// The server reads six fields with a year in the last place, joins day fields by "and", takes # for the
// beginning of a comment, never fires on the Sunday of 1-7, and follows the wall clock through its changes.
#include "agent/core/schedule/server_form.hpp"

#include <algorithm>
#include <cctype>

#include <fmt/format.h>

#include "agent/core/schedule/field.hpp"
#include "agent/core/schedule/transition.hpp"
#include "platform/base/text.hpp"

namespace sundial::schedule {
namespace {

using std::string_view;

std::vector<std::string> words_of(string_view text) {
  std::vector<std::string> words;
  std::string word;
  for (const char c : std::string(text) + " ") {
    if (c != ' ' && c != '\t') {
      word += c;
    } else if (!word.empty()) {
      words.push_back(std::exchange(word, {}));
    }
  }
  return words;
}

std::string joined(const std::vector<std::string>& words) {
  std::string text;
  for (const std::string& word : words) text += (text.empty() ? "" : " ") + word;
  return text;
}

// L, W, # and H, wherever they may stand; names of months and days are none of them.
bool has_extension(const std::string& word, bool day_of_month, bool day_of_week) {
  for (const string_view item : split(word, ',')) {
    const std::string lower = lower_ascii(item);
    if (lower.starts_with('h') || lower.find('#') != std::string::npos) return true;
    if (day_of_month && lower.find_first_of("lw") != std::string::npos) return true;
    if (day_of_week && lower.ends_with('l')) return true;
  }
  return false;
}

// The days of the week by their numbers, 0 being Sunday.
std::string weekdays_by_number(const std::string& word) {
  Calendar calendar;
  std::vector<std::string> ignored;
  if (!read_field(Field::day_of_week, word, {}, calendar, ignored)) return word;
  std::string numbers;
  for (unsigned day = 0; day < 7; ++day) {
    if ((calendar.weekdays >> day & 1U) != 0) numbers += fmt::format("{}{}", numbers.empty() ? "" : ",", day);
  }
  return numbers;
}

class Translation {
 public:
  explicit Translation(ServerForm& form) : form_(form) {}

  Result<void> add(const std::string& text) {
    std::vector<std::string> words = words_of(text);
    // The zone travels by itself.
    if (!words.empty() && (words[0].starts_with("CRON_TZ=") || words[0].starts_with("TZ=")))
      words.erase(words.begin());
    if (words.empty()) return {};
    if (words[0].starts_with('@')) {
      words[0] = lower_ascii(words[0]);
      form_.crons.push_back(joined(words));
      return {};
    }
    const std::size_t count = words.size();
    const std::size_t day = count == 5 ? 2 : 3;
    const std::size_t weekday = day + 2;
    for (std::size_t i = 0; i < count; ++i) {
      if (has_extension(words[i], i == day, i == weekday)) {
        return Error(ErrorKind::invalid,
                     fmt::format("cron '{}': the server knows no L, W, # and H; keep this schedule on the "
                                 "device, or write it without, as in 0 9 * * mon-fri",
                                 printable(text, 60)));
      }
    }
    for (const std::size_t i : {day, weekday}) {
      if (words[i].starts_with('?')) words[i][0] = '*';
    }
    if (words[weekday].find('7') != std::string::npos) words[weekday] = weekdays_by_number(words[weekday]);
    if (count == 6) {
      words.emplace_back("*");
      form_.notes.push_back(
          fmt::format("cron '{}': six fields end with a year on the server, so it is sent as seven: {}",
                      printable(text, 60), joined(words)));
    }
    add_days(words, day, weekday, text);
    return {};
  }

 private:
  void add_days(std::vector<std::string>& words, std::size_t day, std::size_t weekday,
                const std::string& text) {
    if (begins_with_star(words[day]) || begins_with_star(words[weekday])) {
      form_.crons.push_back(joined(words));
      return;
    }
    std::vector<std::string> by_day = words;
    by_day[weekday] = "*";
    words[day] = "*";
    form_.crons.push_back(joined(by_day));
    form_.crons.push_back(joined(words));
    form_.notes.push_back(fmt::format(
        "cron '{}': where day of month and day of week are both given, the server fires when both match and "
        "the device when either does; it is sent as two strings, '{}' and '{}', which together mean the same",
        printable(text, 60), joined(by_day), joined(words)));
  }

  ServerForm& form_;
};

}  // namespace

Result<ServerForm> server_form(const model::ScheduleDefinition& definition, const Timetable& timetable,
                               Instant now) {
  ServerForm form;
  Translation translation(form);
  for (const model::Text& cron : definition.crons) {
    if (auto added = translation.add(cron.text); !added) return added.error();
  }
  const auto here = next_transition_note(timetable, now);
  const auto there = next_transition_note(timetable.with_once(false), now);
  if (here && there && *here != *there) {
    form.notes.push_back(fmt::format("daylight saving: on the server {}; on the device {}", *there, *here));
  }
  return form;
}

}  // namespace sundial::schedule

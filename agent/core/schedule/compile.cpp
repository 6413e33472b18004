// From texts with places to masks, with a problem for every text that can't be right.
#include "agent/core/schedule/compile.hpp"

#include <utility>

#include <fmt/format.h>

namespace sundial::schedule {
namespace {

// More of a kind than anyone writes; each is looked at for every due time.
constexpr std::size_t kMaxParts = 1000;

class Compiler {
 public:
  Compiler(const model::ScheduleDefinition& definition, const Place& place, ZoneTables& zones,
           std::vector<model::Problem>& problems)
      : definition_(definition), place_(place), zones_(zones), problems_(problems) {}

  std::optional<CompiledTimes> run() {
    const std::size_t before = problems_.size();
    find_zone();
    if (check_counts()) {
      for (const model::Text& cron : definition_.crons) add_cron(cron);
      for (const model::IntervalDefinition& interval : definition_.intervals) add_interval(interval);
      for (const model::CalendarDefinition& calendar : definition_.calendars) {
        add_calendar(calendar, false);
      }
      for (const model::CalendarDefinition& exclusion : definition_.exclusions) {
        add_calendar(exclusion, true);
      }
    }
    if (problems_.size() != before) return std::nullopt;
    return finish();
  }

 private:
  void problem(const model::Position& at, std::string_view key, std::string what) {
    problems_.push_back({at, fmt::format("[schedule.{}] {}", definition_.id, key), std::move(what)});
  }

  HashSeed seed() const { return {place_.device, definition_.id}; }

  void find_zone() {
    const std::string_view name =
        definition_.time_zone ? std::string_view(definition_.time_zone->text) : place_.time_zone;
    auto zone = zones_.find(name);
    if (zone) {
      parts_.zone = *zone;
    } else {
      problem(definition_.time_zone ? definition_.time_zone->at : definition_.at, "time_zone",
              zone.error().message());
    }
    zone_name_ = name;
  }

  bool check_counts() {
    if (definition_.crons.size() + definition_.intervals.size() + definition_.calendars.size() > kMaxParts) {
      problem(definition_.at, "cron", fmt::format("a schedule has at most {} times of all kinds", kMaxParts));
      return false;
    }
    if (definition_.exclusions.size() > kMaxExclusions) {
      problem(definition_.at, "exclude", fmt::format("a schedule has at most {} exclusions", kMaxExclusions));
      return false;
    }
    return true;
  }

  void add_cron(const model::Text& text) {
    const auto meaning = read_cron(text.text, zone_name_, seed(), notes_);
    if (!meaning) return problem(text.at, "cron", meaning.error().message());
    if (const Interval* interval = std::get_if<Interval>(&*meaning)) {
      parts_.intervals.push_back(*interval);
      return;
    }
    const Calendar& calendar = std::get<Calendar>(*meaning);
    if (!may_fire(calendar)) {
      return problem(
          text.at, "cron",
          fmt::format(
              "day of month and month: '{}' names no day that exists, so it would never fire; right is, "
              "for example, 0 0 L * * for the last day of the month",
              text.text));
    }
    parts_.calendars.push_back(calendar);
  }

  void add_interval(const model::IntervalDefinition& definition) {
    const auto interval = make_interval(definition.every, definition.offset);
    if (!interval) return problem(definition.at, "every", interval.error().message());
    parts_.intervals.push_back(*interval);
  }

  void add_calendar(const model::CalendarDefinition& definition, bool excludes) {
    const std::string_view key = excludes ? "exclude" : "calendar";
    Calendar calendar;
    const std::size_t before = problems_.size();
    read(Field::second, definition.second, key, calendar);
    read(Field::minute, definition.minute, key, calendar);
    read(Field::hour, definition.hour, key, calendar);
    read(Field::day_of_month, definition.day_of_month, key, calendar);
    read(Field::month, definition.month, key, calendar);
    read(Field::calendar_year, definition.year, key, calendar);
    read(Field::day_of_week, definition.day_of_week, key, calendar);
    if (problems_.size() != before) return;
    const auto is_star = [](const std::optional<model::Text>& text) {
      return text && begins_with_star(text->text);
    };
    calendar.fixed_time = !is_star(definition.minute) && !is_star(definition.hour);
    if (excludes && !may_fire(calendar)) {
      notes_.push_back("an exclusion names no day that exists, so it leaves nothing out");
      return;
    }
    if (!may_fire(calendar)) {
      return problem(definition.at, key,
                     "the calendar names no day that exists, so it would never match; right is, for "
                     "example, { month = 2, day_of_month = \"L\" }");
    }
    if (excludes) {
      parts_.exclusions.push_back(calendar);
    } else {
      parts_.calendars.push_back(calendar);
    }
  }

  void read(Field field, const std::optional<model::Text>& text, std::string_view key, Calendar& calendar) {
    if (!text) return;
    if (auto done = read_field(field, text->text, seed(), calendar, notes_); !done) {
      problem(text->at, key, done.error().message());
    }
  }

  static bool may_fire(const Calendar& calendar) {
    const auto beginning = std::chrono::local_days{std::chrono::year{kFirstYear} / 1 / 1};
    return calendar.next(beginning).has_value();
  }

  std::optional<CompiledTimes> finish() {
    if (parts_.calendars.empty() && parts_.intervals.empty() && !definition_.once_at) {
      problem(definition_.at, "cron",
              "nothing says when: give cron, every, calendar or at; right is, for example, "
              "cron = \"0 9 * * mon-fri\"");
      return std::nullopt;
    }
    parts_.at = definition_.once_at;
    parts_.once = definition_.dst == model::DaylightSaving::once;
    parts_.jitter = definition_.jitter;
    parts_.jitter_seed = stable_hash(seed(), 0);
    // Each expression fires for itself, so this is a choice of the exclusions, and no slip of the pen.
    if (!parts_.exclusions.empty() && !Timetable(parts_).ever_fires()) {
      notes_.push_back("the exclusions leave nothing: the schedule never fires by itself");
    }
    parts_.start = definition_.start_at;
    parts_.end = definition_.end_at;
    if (parts_.start && parts_.end && *parts_.end < *parts_.start)
      notes_.push_back("end_at lies before start_at: the schedule never fires by itself");
    return CompiledTimes{Timetable(std::move(parts_)), std::move(notes_)};
  }

  const model::ScheduleDefinition& definition_;
  const Place& place_;
  ZoneTables& zones_;
  std::vector<model::Problem>& problems_;
  TimetableParts parts_;
  std::string_view zone_name_;
  std::vector<std::string> notes_;
};

}  // namespace

std::optional<CompiledTimes> compile_times(const model::ScheduleDefinition& definition, const Place& place,
                                           ZoneTables& zones, std::vector<model::Problem>& problems) {
  return Compiler(definition, place, zones, problems).run();
}

}  // namespace sundial::schedule

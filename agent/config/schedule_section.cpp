// [schedule.ID]: its keys, its calendars and its actions.
#include "agent/config/sections.hpp"

namespace sundial::config {
namespace {

using model::CalendarDefinition;
using model::IntervalDefinition;
using model::ScheduleDefinition;
using std::chrono::hours;

// A field of a calendar: "9-17", or a plain number.
template <auto M>
Key<CalendarDefinition> field(std::string name, std::string doc) {
  Setting declared{.name = std::move(name), .shape = Shape::text, .doc = std::move(doc)};
  return {std::move(declared), [](Reader& reader, const model::Node& node, CalendarDefinition& into) {
            if (const auto* number = std::get_if<std::int64_t>(&node.data)) {
              into.*M = model::Text{fmt::format("{}", *number), node.at};
            } else if (auto value = reader.text(node)) {
              into.*M = model::Text{std::move(*value), node.at};
            }
          }};
}

const Section<CalendarDefinition>& calendar_section() {
  using C = CalendarDefinition;
  static const Section<C> section{{
      field<&C::second>("second", "0 to 59; left out, 0.").otherwise("\"0\""),
      field<&C::minute>("minute", "0 to 59; left out, 0.").otherwise("\"0\""),
      field<&C::hour>("hour", "0 to 23; left out, 0.").otherwise("\"0\""),
      field<&C::day_of_month>("day_of_month", "1 to 31.").otherwise("\"*\""),
      field<&C::month>("month", "1 to 12, or names.").otherwise("\"*\""),
      field<&C::year>("year", "Four digits.").otherwise("\"*\""),
      field<&C::day_of_week>("day_of_week", "0 to 7, or names; 0 and 7 are Sunday.").otherwise("\"*\""),
      text<&C::comment>("comment", "For people."),
  }};
  return section;
}

// `every` and `offset` are two keys of the schedule that make one interval.
IntervalDefinition& interval_of(ScheduleDefinition& into) {
  if (into.intervals.empty()) into.intervals.emplace_back();
  return into.intervals.front();
}

void read_every(Reader& reader, const model::Node& node, ScheduleDefinition& into) {
  IntervalDefinition& interval = interval_of(into);
  interval.at = node.at;
  if (auto every = reader.duration(node, std::chrono::seconds{1}, kLongest)) interval.every = *every;
}

void read_offset(Reader& reader, const model::Node& node, ScheduleDefinition& into) {
  IntervalDefinition& interval = interval_of(into);
  if (interval.at.line == 0) interval.at = node.at;
  if (auto offset = reader.duration(node, Millis{0}, kLongest)) interval.offset = *offset;
}

}  // namespace

const Section<ScheduleDefinition>& schedule_section() {
  using S = ScheduleDefinition;
  static const Section<S> section = [] {
    Section<S> made{{
        texts<&S::crons>(
            "cron",
            "5, 6 (seconds first) or 7 fields (year last), `@hourly`, `@every 90s`; L, #, W, H, names, "
            "ranges and steps."),
        own("every", Shape::duration, "An interval, counted from the epoch; instead of, or beside, `cron`.",
            read_every),
        own("offset", Shape::duration, "Moves the interval's times.", read_offset),
        time<&S::once_at>("at", "A single run at this time."),
        tables<&S::calendars>("calendar", "Times by their fields, all of which must match.",
                              calendar_section()),
        tables<&S::exclusions>("exclude", "Times that are left out.", calendar_section()),
        text<&S::time_zone>("time_zone", "The IANA time zone in which wall-clock fields are read.")
            .otherwise("the device's"),
        choice<&S::dst>(
            "dst",
            "`once`: each intended occurrence once, as Debian cron; `every`: each match of the wall clock, "
            "as Temporal.",
            {"once", "every"}),
        duration<&S::jitter>(
            "jitter", "Delays each time by a part of this, always the same for one due time.", Millis{0}),
        time<&S::start_at>("start_at", "No time before this."),
        time<&S::end_at>("end_at", "No time after this."),
        duration<&S::catch_up>("catch_up",
                               "Times missed by no more than this are made up for, oldest first; `0s`: none.",
                               Millis{0}),
        choice<&S::overlap>(
            "overlap", "What a due time does while the last run still goes on.",
            {"skip", "buffer_one", "buffer_all", "cancel_other", "terminate_other", "allow_all"}),
        integer<&S::limit>("limit", "Remaining runs; 0 is unlimited.", 0, INT64_MAX),
        boolean<&S::paused>("paused", "Whether it is made paused."),
        boolean<&S::pause_on_failure>("pause_on_failure", "Pauses when a run fails."),
        text<&S::note>("note", "For people; pause and unpause set it."),
    }};
    for (Key<S>& row : actions<&S::actions>()) made.keys.push_back(std::move(row));
    for (Key<S>& row : made.keys) {
      if (row.declared.name == "note") row.declared.fallback = "\"\"";
      if (row.declared.name == "offset") row.declared.fallback = "\"0s\"";
    }
    return made;
  }();
  return section;
}

}  // namespace sundial::config

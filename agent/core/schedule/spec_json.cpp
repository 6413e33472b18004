// Reads the JSON form member by member.
#include "agent/core/schedule/spec_json.hpp"

#include <array>
#include <utility>

#include <fmt/format.h>

#include "platform/base/text.hpp"

namespace sundial::schedule {
namespace {

Error invalid(std::string message) {
  return {ErrorKind::invalid, std::move(message)};
}

Result<std::string> text_of(const Value& value, std::string_view key) {
  if (const std::string* text = value.text()) return *text;
  return invalid(fmt::format("{}: a text is expected", key));
}

Result<Millis> duration_of(const Value& value, std::string_view key) {
  const auto text = text_of(value, key);
  if (!text) return text.error();
  const auto duration = parse_duration(*text);
  if (!duration) return duration.error().within(key);
  return *duration;
}

Result<Instant> instant_of(const Value& value, std::string_view key) {
  const auto text = text_of(value, key);
  if (!text) return text.error();
  const auto instant = parse_rfc3339(*text);
  if (!instant) return instant.error().within(key);
  return *instant;
}

// A calendar's field may be a number too.
Result<model::Text> field_of(const Value& value, std::string_view key) {
  if (const std::int64_t* number = value.get_if<std::int64_t>())
    return model::Text{fmt::format("{}", *number), {}};
  const auto text = text_of(value, key);
  if (!text) return text.error();
  return model::Text{*text, {}};
}

Result<model::CalendarDefinition> read_calendar(const Value& value) {
  using Definition = model::CalendarDefinition;
  constexpr std::array<std::pair<std::string_view, std::optional<model::Text> Definition::*>, 7> fields{{
      {"second", &Definition::second},
      {"minute", &Definition::minute},
      {"hour", &Definition::hour},
      {"dayOfMonth", &Definition::day_of_month},
      {"month", &Definition::month},
      {"year", &Definition::year},
      {"dayOfWeek", &Definition::day_of_week},
  }};
  const Map* members = value.get_if<Map>();
  if (members == nullptr)
    return invalid("a calendar is an object, such as {\"hour\": \"9-17\", \"dayOfWeek\": \"mon-fri\"}");
  Definition calendar;
  for (const auto& [key, member] : *members) {
    const std::string& name = *key.text();
    if (name == "comment") continue;
    bool known = false;
    for (const auto& [field, place] : fields) {
      if (name != field) continue;
      const auto text = field_of(member, field);
      if (!text) return text.error();
      calendar.*place = *text;
      known = true;
    }
    if (!known) return invalid(fmt::format("a calendar has no '{}'", printable(name, 40)));
  }
  return calendar;
}

Result<model::IntervalDefinition> read_interval(const Value& value) {
  const Map* members = value.get_if<Map>();
  if (members == nullptr)
    return invalid("an interval is an object, such as {\"every\": \"90s\", \"phase\": \"15s\"}");
  model::IntervalDefinition interval;
  bool has_every = false;
  for (const auto& [key, member] : *members) {
    const std::string& name = *key.text();
    if (name != "every" && name != "phase")
      return invalid(fmt::format("an interval has no '{}'", printable(name, 40)));
    const auto duration = duration_of(member, name);
    if (!duration) return duration.error();
    (name == "every" ? interval.every : interval.offset) = *duration;
    has_every = has_every || name == "every";
  }
  if (!has_every) return invalid("an interval needs 'every'; right is, for example, {\"every\": \"90s\"}");
  return interval;
}

template <typename Item, typename Read>
Result<void> read_list(const Value& value, std::string_view key, Read read, std::vector<Item>& into) {
  const List* list = value.get_if<List>();
  if (list == nullptr) return invalid(fmt::format("{}: a list is expected", key));
  for (const Value& element : *list) {
    auto item = read(element);
    if (!item) return item.error();
    into.push_back(std::move(*item));
  }
  return {};
}

Result<void> read_crons(const Value& value, model::ScheduleDefinition& into) {
  if (const std::string* text = value.text()) {
    into.crons.push_back({*text, {}});
    return {};
  }
  const auto read = [](const Value& element) -> Result<model::Text> {
    const auto text = text_of(element, "cron");
    if (!text) return text.error();
    return model::Text{*text, {}};
  };
  return read_list(value, "cron", read, into.crons);
}

template <typename T>
Result<void> store(Result<T> read, std::optional<T>& into) {
  if (!read) return read.error();
  into = *read;
  return {};
}

Result<void> read_dst(const Value& value, model::ScheduleDefinition& into) {
  const std::string* text = value.text();
  if (text == nullptr || (*text != "once" && *text != "every"))
    return invalid("dst: it is \"once\" or \"every\"");
  into.dst = *text == "once" ? model::DaylightSaving::once : model::DaylightSaving::every;
  return {};
}

Result<void> read_member(std::string_view key, const Value& value, model::ScheduleDefinition& into) {
  if (key == "cron") return read_crons(value, into);
  if (key == "interval") return read_list(value, key, read_interval, into.intervals);
  if (key == "calendar") return read_list(value, key, read_calendar, into.calendars);
  if (key == "exclude") return read_list(value, key, read_calendar, into.exclusions);
  if (key == "start") return store(instant_of(value, key), into.start_at);
  if (key == "end") return store(instant_of(value, key), into.end_at);
  if (key == "dst") return read_dst(value, into);
  if (key == "jitter") {
    const auto jitter = duration_of(value, key);
    if (!jitter) return jitter.error();
    into.jitter = *jitter;
    return {};
  }
  return invalid(fmt::format("a spec has no '{}'", printable(key, 40)));
}

}  // namespace

Result<model::ScheduleDefinition> read_spec(const Value& spec) {
  const Map* members = spec.get_if<Map>();
  if (members == nullptr)
    return invalid("spec: an object is expected, such as {\"cron\": \"0 9 * * mon-fri\"}");
  model::ScheduleDefinition definition;
  for (const auto& [key, value] : *members) {
    if (auto read = read_member(*key.text(), value, definition); !read) return read.error();
  }
  return definition;
}

}  // namespace sundial::schedule

// The server's document has proto3's names and leaves defaults out.
#include "agent/adapters/temporal/schedule_body.hpp"

#include <algorithm>
#include <array>
#include <cctype>

#include <fmt/format.h>

#include "agent/adapters/temporal/json_access.hpp"
#include "agent/adapters/temporal/payloads.hpp"
#include "platform/base/text.hpp"
#include "platform/base/time.hpp"
#include "platform/json/json.hpp"

namespace sundial::temporal {
namespace {

constexpr std::size_t kShown = 10;
constexpr std::string_view kOverlapPrefix = "SCHEDULE_OVERLAP_POLICY_";

// "day_of_week" -> "dayOfWeek"
std::string camel_case(std::string_view name) {
  std::string text;
  for (std::size_t i = 0; i < name.size(); ++i) {
    if (name[i] == '_' && i + 1 < name.size()) {
      text += static_cast<char>(std::toupper(static_cast<unsigned char>(name[++i])));
    } else {
      text += name[i];
    }
  }
  return text;
}

Map& map_in(Map& parent, std::string_view key) {
  Value* value = parent.find(key);
  if (value == nullptr || !value->is<Map>()) {
    parent.set(key, Map());
    value = parent.find(key);
  }
  return *value->get_if<Map>();
}

Result<std::string> seconds_of(const Map& definition, std::string_view key) {
  const auto duration = parse_duration(text_in(definition, key));
  if (!duration) return duration.error().within(key);
  const auto whole = std::chrono::duration_cast<std::chrono::seconds>(*duration);
  const auto rest = (*duration - whole).count();
  return rest == 0 ? fmt::format("{}s", whole.count()) : fmt::format("{}.{:03}s", whole.count(), rest);
}

Result<void> put_seconds(Map& into, std::string_view name, const Map& definition, std::string_view key) {
  if (definition.find(key) == nullptr) return {};
  const auto text = seconds_of(definition, key);
  if (!text) return text.error();
  into.set(name, *text);
  return {};
}

void put_text(Map& into, std::string_view name, const Map& definition, std::string_view key) {
  if (const Value* value = definition.find(key)) into.set(name, *value);
}

// One or several.
List list_of(const Value& value) {
  if (const List* list = value.get_if<List>()) return *list;
  return {value};
}

List calendars_of(const Value& value) {
  List calendars;
  for (const Value& calendar : list_of(value)) {
    Map fields;
    const Map* members = calendar.get_if<Map>();
    for (const auto& [key, field] : members == nullptr ? Map() : *members) {
      const std::int64_t* number = field.get_if<std::int64_t>();
      fields.set(camel_case(*key.text()), number == nullptr ? field : Value(fmt::format("{}", *number)));
    }
    calendars.emplace_back(std::move(fields));
  }
  return calendars;
}

Result<void> put_times(Map& spec, const Map& definition) {
  const Value* cron = definition.find("cron");
  const Value* calendar = definition.find("calendar");
  // What was a string or a calendar comes back from the server as one of these.
  if (cron != nullptr || calendar != nullptr) spec.erase("structuredCalendar");
  if (cron != nullptr) spec.set("cronString", list_of(*cron));
  if (calendar != nullptr) spec.set("calendar", calendars_of(*calendar));
  if (const Value* exclude = definition.find("exclude")) {
    spec.erase("excludeStructuredCalendar");
    spec.set("excludeCalendar", calendars_of(*exclude));
  }
  if (definition.find("every") != nullptr) {
    Map interval;
    for (const auto& put : {put_seconds(interval, "interval", definition, "every"),
                            put_seconds(interval, "phase", definition, "offset")}) {
      if (!put) return put;
    }
    spec.set("interval", List{std::move(interval)});
  }
  put_text(spec, "timezoneName", definition, "time_zone");
  put_text(spec, "startTime", definition, "start_at");
  put_text(spec, "endTime", definition, "end_at");
  return put_seconds(spec, "jitter", definition, "jitter");
}

Result<void> put_start(Map& action, const std::string& id, const Map& start, const Sender& sender) {
  const auto named = [](const std::string& name) { return Map::of({{Value("name"), Value(name)}}); };
  const std::string workflow_id = text_in(start, "id");
  if (!workflow_id.empty() || action.find("workflowId") == nullptr) {
    action.set("workflowId", workflow_id.empty() ? id : workflow_id);
  }
  if (start.find("workflow") != nullptr) action.set("workflowType", named(text_in(start, "workflow")));
  const std::string queue = text_in(start, "task_queue");
  if (!queue.empty() || action.find("taskQueue") == nullptr) {
    action.set("taskQueue", named(queue.empty() ? sender.task_queue : queue));
  }
  if (const Value* arguments = start.find("args")) {
    const auto payloads = encode_list(list_of(*arguments), sender.codec);
    if (!payloads) return payloads.error();
    const auto input = json::parse(*payloads);
    if (!input) return input.error();
    action.set("input", *input);
  }
  if (auto put = put_seconds(action, "workflowExecutionTimeout", start, "execution_timeout"); !put)
    return put;
  return put_seconds(action, "workflowRunTimeout", start, "run_timeout");
}

Result<void> put_policies(Map& schedule, const Map& definition) {
  if (definition.find("overlap") != nullptr) {
    map_in(schedule, "policies").set("overlapPolicy", overlap_name(text_in(definition, "overlap")));
  }
  if (const Value* pause = definition.find("pause_on_failure")) {
    map_in(schedule, "policies").set("pauseOnFailure", *pause);
  }
  if (definition.find("catch_up") == nullptr) return {};
  return put_seconds(map_in(schedule, "policies"), "catchupWindow", definition, "catch_up");
}

void put_state(Map& schedule, const Map& definition) {
  if (const Value* paused = definition.find("paused")) map_in(schedule, "state").set("paused", *paused);
  if (const Value* note = definition.find("note")) map_in(schedule, "state").set("notes", *note);
  const Value* limit = definition.find("limit");
  if (limit == nullptr) return;
  const bool limited = limit->get_if<std::int64_t>() != nullptr && *limit->get_if<std::int64_t>() > 0;
  map_in(schedule, "state").set("limitedActions", limited);
  map_in(schedule, "state").set("remainingActions", *limit);
}

std::string overlap_word(std::string_view name) {
  if (name.starts_with(kOverlapPrefix)) name.remove_prefix(kOverlapPrefix.size());
  return name.empty() ? "skip" : lower_ascii(name);
}

// "604800s" -> "7d"
void show_seconds(Map& map, std::string_view key, const Value& from, Path path) {
  if (const auto seconds = seconds_at(from, path)) map.set(key, format_duration(*seconds));
}

Map start_of(const Value& action, const PayloadCodec* codec) {
  Map start;
  start.set("workflow", text_at(action, {"workflowType", "name"}));
  start.set("id", text_at(action, {"workflowId"}));
  start.set("task_queue", text_at(action, {"taskQueue", "name"}));
  if (const Value* input = action.find("input")) {
    const auto arguments = decode_list(input, codec);
    start.set("args", arguments ? Value(*arguments) : *input);
  }
  show_seconds(start, "execution_timeout", action, {"workflowExecutionTimeout"});
  show_seconds(start, "run_timeout", action, {"workflowRunTimeout"});
  return start;
}

List next_of(const Value& info) {
  List next = list_at(info, {"futureActionTimes"});
  if (next.size() > kShown) next.resize(kShown);
  return next;
}

List recent_of(const Value& info) {
  List recent;
  for (const Value& action : list_at(info, {"recentActions"})) {
    Map line;
    line.set("due", text_at(action, {"scheduleTime"}));
    line.set("what", "fired");
    line.set("at", text_at(action, {"actualTime"}));
    line.set("workflow_id", text_at(action, {"startWorkflowResult", "workflowId"}));
    recent.emplace_back(std::move(line));
  }
  return recent;
}

bool flag_at(const Value& value, Path path) {
  const Value* found = at(value, path);
  const bool* flag = found == nullptr ? nullptr : found->get_if<bool>();
  return flag != nullptr && *flag;
}

Map state_of(const Value& schedule, const Value& info) {
  Map state;
  state.set("paused", flag_at(schedule, {"state", "paused"}));
  state.set("note", text_at(schedule, {"state", "notes"}));
  if (flag_at(schedule, {"state", "limitedActions"}))
    state.set("remaining", integer_at(schedule, {"state", "remainingActions"}).value_or(0));
  List running;
  for (const Value& run : list_at(info, {"runningWorkflows"}))
    running.emplace_back(text_at(run, {"workflowId"}));
  state.set("running", std::move(running));
  state.set("fired", integer_at(info, {"actionCount"}).value_or(0));
  state.set("missed", integer_at(info, {"missedCatchupWindow"}).value_or(0));
  state.set("skipped", integer_at(info, {"overlapSkipped"}).value_or(0));
  return state;
}

}  // namespace

std::string overlap_name(std::string_view overlap) {
  std::string name(kOverlapPrefix);
  for (const char c : overlap) name += static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  return name;
}

Result<void> put_definition(Map& schedule, const std::string& id, const Map& definition,
                            const Sender& sender) {
  if (auto put = put_times(map_in(schedule, "spec"), definition); !put) return put;
  if (const Value* start = definition.find("start")) {
    const Map* table = start->get_if<Map>();
    if (table == nullptr) return Error(ErrorKind::invalid, "start: one table is expected");
    Map& action = map_in(map_in(schedule, "action"), "startWorkflow");
    if (auto put = put_start(action, id, *table, sender); !put) return put;
  }
  put_state(schedule, definition);
  return put_policies(schedule, definition);
}

Map described_schedule(const std::string& id, const Value& answer, const PayloadCodec* codec) {
  const Value nothing{Map()};
  const Value* schedule = answer.find("schedule");
  const Value* info = answer.find("info");
  if (schedule == nullptr) schedule = &nothing;
  if (info == nullptr) info = &nothing;
  Map map;
  map.set("id", id);
  map.set("source", "server");
  const Value* spec = schedule->find("spec");
  map.set("time_zone", spec == nullptr ? "" : text_at(*spec, {"timezoneName"}));
  map.set("spec", spec == nullptr ? nothing : *spec);
  map.set("overlap", overlap_word(text_at(*schedule, {"policies", "overlapPolicy"})));
  show_seconds(map, "catch_up", *schedule, {"policies", "catchupWindow"});
  map.set("pause_on_failure", flag_at(*schedule, {"policies", "pauseOnFailure"}));
  if (const Value* action = at(*schedule, {"action", "startWorkflow"}))
    map.set("start", start_of(*action, codec));
  map.set("state", state_of(*schedule, *info));
  map.set("next", next_of(*info));
  map.set("recent", recent_of(*info));
  return map;
}

Map listed_schedule(const Value& item) {
  const Value nothing{Map()};
  const Value* info = item.find("info");
  if (info == nullptr) info = &nothing;
  Map map;
  map.set("id", text_at(item, {"scheduleId"}));
  map.set("source", "server");
  map.set("start", Map::of({{Value("workflow"), Value(text_at(*info, {"workflowType", "name"}))}}));
  map.set("paused", flag_at(*info, {"paused"}));
  map.set("note", text_at(*info, {"notes"}));
  if (const Value* spec = info->find("spec")) map.set("spec", *spec);
  map.set("next", next_of(*info));
  map.set("recent", recent_of(*info));
  return map;
}

}  // namespace sundial::temporal

// From Temporal's flags to the keys of a definition.
#include "agent/cli/schedule_flags.hpp"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <array>
#include <cctype>

#include "platform/base/text.hpp"
#include "platform/base/time.hpp"
#include "platform/json/json.hpp"

namespace sundial::cli {
namespace {

// "dayOfWeek" as "day_of_week".
std::string snake_case(std::string_view name) {
  std::string text;
  for (const char c : name) {
    if (c >= 'A' && c <= 'Z') {
      if (!text.empty()) text += '_';
      text += static_cast<char>(c - 'A' + 'a');
    } else {
      text += c == '-' ? '_' : c;
    }
  }
  return text;
}

Result<void> check_span(std::string_view flag, const std::string& text) {
  const Result<Millis> span = parse_duration(text);
  if (span) return {};
  return Error(ErrorKind::invalid, std::string(flag) + ": \"" + printable(text) +
                                       "\" is no duration with a unit, such as 90s or 1h30m");
}

// The first interval has keys of its own; further ones are cron strings, as are those of the schedule that
// is changed, which stay where none is given.
Result<void> add_times(const ScheduleFlags& flags, const Value* present_cron, Map& body) {
  List crons(flags.crons.begin(), flags.crons.end());
  for (std::size_t i = 0; i < flags.intervals.size(); ++i) {
    const std::string& text = flags.intervals[i];
    const std::size_t slash = text.find('/');
    const std::string every = text.substr(0, slash);
    const std::string offset = slash == std::string::npos ? "" : text.substr(slash + 1);
    if (Result<void> span = check_span("--interval", every); !span) return span;
    if (slash != std::string::npos) {
      if (Result<void> span = check_span("--interval", offset); !span) return span;
    }
    if (i > 0) {
      crons.emplace_back("@every " + text);
      continue;
    }
    body.set("every", every);
    body.set("offset", offset.empty() ? "0s" : offset);
  }
  if (crons.empty()) return {};
  if (flags.crons.empty() && present_cron != nullptr) {
    const List* several = present_cron->get_if<List>();
    for (const Value& cron : several == nullptr ? List{*present_cron} : *several) {
      if (cron.text() != nullptr && !cron.text()->starts_with("@every")) crons.push_back(cron);
    }
  }
  body.set("cron", crons.size() == 1 ? crons.front() : Value(std::move(crons)));
  return {};
}

Result<void> add_calendars(const ScheduleFlags& flags, Map& body) {
  if (flags.calendars.empty()) return {};
  List calendars;
  for (const std::string& text : flags.calendars) {
    const Result<Value> parsed = json::parse(text);
    const Map* given = parsed ? parsed->get_if<Map>() : nullptr;
    if (given == nullptr)
      return Error(ErrorKind::invalid,
                   "--calendar is no JSON object, such as {\"dayOfWeek\":\"Fri\",\"hour\":\"17\"}");
    Map calendar;
    for (const auto& [key, value] : *given) calendar.set(snake_case(*key.text()), value);
    calendars.emplace_back(std::move(calendar));
  }
  body.set("calendar", std::move(calendars));
  return {};
}

Result<void> add_spans(const ScheduleFlags& flags, Map& body) {
  const std::array<std::array<std::string, 3>, 2> spans{
      {{"--jitter", "jitter", flags.jitter}, {"--catchup-window", "catch_up", flags.catch_up}}};
  for (const auto& [flag, key, text] : spans) {
    if (text.empty()) continue;
    if (Result<void> span = check_span(flag, text); !span) return span;
    body.set(key, text);
  }
  return {};
}

Result<void> add_action(const ScheduleFlags& flags, Map start, Map& body) {
  const std::size_t before = start.size();
  bool changed = false;
  const auto set = [&](std::string_view key, const std::string& text) {
    if (text.empty()) return;
    start.set(key, text);
    changed = true;
  };
  set("workflow", flags.type);
  set("task_queue", flags.task_queue);
  set("execution_timeout", flags.execution_timeout);
  set("run_timeout", flags.run_timeout);
  // As Temporal does: each run has the due time at the end of its id.
  const bool names_time = flags.workflow_id.find("{schedule.time}") != std::string::npos;
  set("id",
      flags.workflow_id.empty() || names_time ? flags.workflow_id : flags.workflow_id + "-{schedule.time}");
  if (!flags.inputs.empty()) {
    List arguments;
    for (const std::string& text : flags.inputs) {
      Result<Value> value = json::parse(text);
      if (!value)
        return Error(ErrorKind::invalid,
                     "--input is no JSON: " + value.error().message() + "; a text is '\"text\"'");
      arguments.push_back(std::move(*value));
    }
    start.set("args", std::move(arguments));
    changed = true;
  }
  if (!changed) return {};
  if (before == 0 && flags.type.empty())
    return Error(ErrorKind::invalid, "--type is missing: the workflow to start");
  body.set("start", std::move(start));
  return {};
}

}  // namespace

bool says_when(const Map& body) {
  return body.find("cron") != nullptr || body.find("every") != nullptr || body.find("calendar") != nullptr;
}

Result<std::string> overlap_policy(const std::string& text) {
  std::string letters;
  for (const char c : lower_ascii(text)) {
    if (c != '_' && c != '-') letters += c;
  }
  constexpr std::array<std::array<std::string_view, 2>, 6> policies{{{"skip", "skip"},
                                                                     {"bufferone", "buffer_one"},
                                                                     {"bufferall", "buffer_all"},
                                                                     {"cancelother", "cancel_other"},
                                                                     {"terminateother", "terminate_other"},
                                                                     {"allowall", "allow_all"}}};
  for (const auto& [name, policy] : policies) {
    if (letters == name) return std::string(policy);
  }
  return Error(ErrorKind::invalid,
               "--overlap-policy: Skip, BufferOne, BufferAll, CancelOther, TerminateOther or AllowAll");
}

void add_definition_flags(CLI::App& verb, ScheduleFlags& flags) {
  verb.add_option("--cron", flags.crons, "A cron expression; may be given several times")
      ->allow_extra_args(false);
  verb.add_option(
          "--interval", flags.intervals,
          "An interval with its unit, such as 90s, or 1h/15m with an offset; may be given several times")
      ->allow_extra_args(false);
  verb.add_option("--calendar", flags.calendars,
                  R"(A calendar as JSON, such as {"dayOfWeek":"Fri","hour":"17"})")
      ->allow_extra_args(false);
  verb.add_option("--time-zone", flags.time_zone, "Where the wall clock is read; default: the device's zone");
  verb.add_option("--jitter", flags.jitter, "Spreads the due times over this span");
  verb.add_option("--catchup-window", flags.catch_up, "How far back missed times are made up for");
  verb.add_option("--overlap-policy", flags.overlap,
                  "Skip, BufferOne, BufferAll, CancelOther, TerminateOther or AllowAll");
  verb.add_option("--start-time", flags.start_time, "Nothing before this time (RFC 3339)");
  verb.add_option("--end-time", flags.end_time, "Nothing after this time (RFC 3339)");
  verb.add_flag("--paused", flags.paused, "Paused from the beginning");
  verb.add_flag("--pause-on-failure", flags.pause_on_failure, "Pause when a run fails");
  verb.add_option("--notes", flags.notes, "A note for people");
  verb.add_option("--remaining-actions", flags.remaining, "How many runs are left");
  verb.add_option("-w,--workflow-id", flags.workflow_id, "The workflow's id; the due time is appended");
  verb.add_option("--type,--workflow-type", flags.type, "The workflow's type");
  verb.add_option("-t,--task-queue", flags.task_queue, "Default: the configuration's");
  verb.add_option("-i,--input", flags.inputs, "An argument as JSON; may be given several times")
      ->allow_extra_args(false);
  verb.add_option("--execution-timeout", flags.execution_timeout, "Of the workflow with its retries");
  verb.add_option("--run-timeout", flags.run_timeout, "Of one run");
}

Result<Map> schedule_body(const ScheduleFlags& flags, Map start, const Value* present_cron) {
  Map body;
  if (const Result<void> added = add_times(flags, present_cron, body); !added) return added.error();
  for (const auto& add : {add_calendars, add_spans}) {
    if (const Result<void> added = add(flags, body); !added) return added.error();
  }
  if (!flags.overlap.empty()) {
    const Result<std::string> policy = overlap_policy(flags.overlap);
    if (!policy) return policy.error();
    body.set("overlap", *policy);
  }
  if (!flags.time_zone.empty()) body.set("time_zone", flags.time_zone);
  if (!flags.start_time.empty()) body.set("start_at", flags.start_time);
  if (!flags.end_time.empty()) body.set("end_at", flags.end_time);
  if (!flags.notes.empty()) body.set("note", flags.notes);
  if (flags.paused) body.set("paused", true);
  if (flags.pause_on_failure) body.set("pause_on_failure", true);
  if (flags.remaining) body.set("limit", *flags.remaining);
  if (const Result<void> added = add_action(flags, std::move(start), body); !added) return added.error();
  return body;
}

}  // namespace sundial::cli

// `sundial schedule`: schedules on the device, with Temporal's own flags; with --on server Temporal's own.
#include <CLI/CLI.hpp>
#include <algorithm>
#include <chrono>
#include <memory>
#include <optional>

#include "agent/cli/schedule_verbs.hpp"
#include "agent/cli/session_action.hpp"
#include "agent/cli/verbs.hpp"
#include "agent/cli/waiting.hpp"
#include "platform/base/text.hpp"
#include "platform/base/time.hpp"

namespace sundial::cli {
namespace {

std::string path_of(const ScheduleOptions& options) {
  return "/api/v1/schedules/" + percent_encode(options.flags.id);
}

int usage(Session& session, const Error& error) {
  session.world().err << "sundial: " << error.message() << '\n';
  return kExitUsage;
}

int create(Session& session, const ScheduleOptions& options) {
  Result<Map> body = schedule_body(options.flags, {});
  if (!body) return usage(session, body.error());
  if (body->find("start") == nullptr)
    return usage(session, Error(ErrorKind::invalid, "--type is missing: the workflow to start"));
  if (!says_when(*body))
    return usage(session, Error(ErrorKind::invalid, "give --cron, --interval or --calendar"));
  body->set("id", options.flags.id);
  const std::optional<Value> made =
      session.call("POST", "/api/v1/schedules", Value(*body), kExitConfiguration);
  return made ? session.done(*made, "schedule " + printable(options.flags.id) + " created")
              : session.exit_code();
}

int update(Session& session, const ScheduleOptions& options) {
  const std::optional<Value> present = session.call("GET", path_of(options));
  if (!present) return session.exit_code();
  const Value* start = present->find("start");
  const Map* table = start == nullptr ? nullptr : start->get_if<Map>();
  const Result<Map> body =
      schedule_body(options.flags, table == nullptr ? Map() : *table, present->find("cron"));
  if (!body) return usage(session, body.error());
  if (body->empty()) return usage(session, Error(ErrorKind::invalid, "nothing to change was given"));
  const std::optional<Value> changed =
      session.call("PATCH", path_of(options), Value(*body), kExitConfiguration);
  return changed ? session.done(*changed, "schedule " + printable(options.flags.id) + " updated")
                 : session.exit_code();
}

std::string first_of(const Value& schedule, std::string_view list, std::string_view member) {
  const Value* all = schedule.find(list);
  const List* items = all == nullptr ? nullptr : all->get_if<List>();
  if (items == nullptr || items->empty()) return "";
  return member.empty() ? *items->front().text() : text_at(items->front(), member);
}

std::string timing_of(const Value& schedule) {
  for (const char* key : {"cron", "every", "calendar", "at"}) {
    std::string text = text_at(schedule, key);
    if (!text.empty()) return std::string(key) == "every" ? "every " + text : text;
  }
  return "";
}

int list(Session& session, const ScheduleOptions&) {
  const std::optional<List> schedules = session.items("/api/v1/schedules", 100'000);
  if (!schedules) return session.exit_code();
  const Instant now = session.world().now;
  return session.show(*schedules, {column("SCHEDULE", "id"),
                                   {"TIMES", timing_of},
                                   column("WORKFLOW", "start.workflow"),
                                   column("PAUSED", "paused"),
                                   column("SOURCE", "source"),
                                   {"NEXT", [now](const Value& schedule) {
                                      const std::string next = first_of(schedule, "next", "");
                                      return next.empty() ? next
                                                          : next + " (" + relative_time(now, next) + ")";
                                    }}});
}

int describe(Session& session, const ScheduleOptions& options) {
  const std::optional<Value> schedule = session.call("GET", path_of(options));
  return schedule ? session.show(*schedule) : session.exit_code();
}

int command(Session& session, const ScheduleOptions& options, const std::string& method,
            const std::string& suffix, const Map& body, const std::string& did) {
  const std::optional<Value> answer =
      session.call(method, path_of(options) + suffix, method == "DELETE" ? Value() : Value(body));
  return answer ? session.done(*answer, "schedule " + printable(options.flags.id) + " " + did)
                : session.exit_code();
}

int remove(Session& session, const ScheduleOptions& options) {
  return command(session, options, "DELETE", "", {}, "deleted");
}

int set_paused(Session& session, const ScheduleOptions& options, const char* suffix, const char* did) {
  Map body;
  if (!options.note.empty()) body.set("note", options.note);
  return command(session, options, "POST", suffix, body, did);
}
int pause(Session& session, const ScheduleOptions& options) {
  return set_paused(session, options, "/pause", "paused");
}
int unpause(Session& session, const ScheduleOptions& options) {
  return set_paused(session, options, "/unpause", "goes on");
}

int trigger(Session& session, const ScheduleOptions& options) {
  Map body;
  if (!options.flags.overlap.empty()) {
    const Result<std::string> policy = overlap_policy(options.flags.overlap);
    if (!policy) return usage(session, policy.error());
    body.set("overlap", *policy);
  }
  return command(session, options, "POST", "/trigger", body, "triggered");
}

// Until no due time of the schedule waits for the run before it, and the outbox is empty.
int wait_for_backfill(Session& session, const ScheduleOptions& options, Millis limit) {
  return wait_until_delivered(session, limit, [&]() -> std::optional<std::uint64_t> {
    const std::optional<Value> schedule = session.call("GET", path_of(options));
    const std::optional<Value> status = schedule ? session.call("GET", "/api/v1/status") : std::nullopt;
    if (!status) return std::nullopt;
    return number_at(*schedule, "state.buffered") + number_at(*status, "outbox.entries");
  });
}

int backfill(Session& session, const ScheduleOptions& options) {
  const Result<Millis> limit = parse_duration(options.timeout);
  if (!limit) return usage(session, limit.error().within("--timeout"));
  Map body;
  const auto take_time = [&body](std::string_view flag, std::string_view key, const std::string& text) {
    const Result<Instant> time = parse_rfc3339(text);
    if (time) body.set(key, text);
    return time ? Result<void>() : Result<void>(time.error().within(flag));
  };
  for (const Result<void>& taken : {take_time("--start-time", "start", options.flags.start_time),
                                    take_time("--end-time", "end", options.flags.end_time)}) {
    if (!taken) return usage(session, taken.error());
  }
  if (!options.flags.overlap.empty()) {
    const Result<std::string> policy = overlap_policy(options.flags.overlap);
    if (!policy) return usage(session, policy.error());
    body.set("overlap", *policy);
  }
  const std::optional<Value> answer = session.call("POST", path_of(options) + "/backfill", Value(body));
  if (!answer) return session.exit_code();
  if (options.wait) {
    if (const int outcome = wait_for_backfill(session, options, *limit); outcome != kExitDone) return outcome;
  }
  return session.done(*answer, "schedule " + printable(options.flags.id) + " is backfilled");
}

using Action = int (*)(Session&, const ScheduleOptions&);

CLI::App* add_one(CLI::App& verb, World& world, Chosen& chosen, const char* name, const char* help,
                  bool with_id, const std::shared_ptr<ScheduleOptions>& options, Action action) {
  const auto on_server = [&world, options, verb = std::string(name)]() -> std::optional<int> {
    if (options->on != "server") return std::nullopt;
    return run_on_server(world, verb, *options);
  };
  CLI::App* sub = add_action(verb, world, chosen, name, help, options, action, on_server);
  sub->add_option("--on", options->on, "device, or server: as a Temporal Schedule")
      ->check(CLI::IsMember({"device", "server"}))
      ->capture_default_str();
  add_temporal_flags(*sub, options->temporal);
  if (with_id) {
    sub->add_option("-s,--schedule-id,schedule_id", options->flags.id, "The schedule's id")
        ->required()
        ->check([](const std::string& id) {
          return id.find('/') == std::string::npos ? "" : "an id has no slash";
        });
  }
  return sub;
}

}  // namespace

void add_schedule(CLI::App& app, World& world, Chosen& chosen) {
  CLI::App* verb = app.add_subcommand(
      "schedule", "Manage schedules on the device or on the server, with Temporal's flags");
  verb->require_subcommand(1);
  auto options = std::make_shared<ScheduleOptions>();
  const auto add = [&](const char* name, const char* help, Action action, bool with_id = true) {
    return add_one(*verb, world, chosen, name, help, with_id, options, action);
  };
  add_definition_flags(*add("create", "Make a schedule", create), options->flags);
  add("list", "All schedules", list, false);
  add("describe", "One schedule, its state and its times", describe);
  const char* note_help = "Why";
  add("pause", "Pause a schedule", pause)->add_option("--note,--reason", options->note, note_help);
  add("unpause", "Let a schedule go on", unpause)->add_option("--note,--reason", options->note, note_help);
  const char* overlap_help = "What to do while the last run goes on, instead of the schedule's own";
  add("trigger", "Fire now", trigger)->add_option("--overlap-policy", options->flags.overlap, overlap_help);
  CLI::App* span = add("backfill", "Fire the due times of a span", backfill);
  span->add_option("--start-time", options->flags.start_time, "RFC 3339")->required();
  span->add_option("--end-time", options->flags.end_time, "RFC 3339")->required();
  span->add_option("--overlap-policy", options->flags.overlap, overlap_help);
  span->add_flag("--wait", options->wait, "Wait until all of it is delivered (on the device)");
  span->add_option("--timeout", options->timeout, "Wait no longer than this; 0s: as long as it takes");
  add_definition_flags(*add("update", "Change only what is given", update), options->flags);
  add("delete", "Delete a schedule", remove);
}

}  // namespace sundial::cli

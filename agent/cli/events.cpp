// `sundial events` and `sundial explain`: the ledger of decisions.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <memory>
#include <ostream>

#include "agent/cli/agent_session.hpp"
#include "agent/cli/verbs.hpp"
#include "platform/base/text.hpp"
#include "platform/json/json.hpp"

namespace sundial::cli {
namespace {

struct EventOptions {
  SessionOptions session;
  std::string rule;
  std::string schedule;
  std::string key;
  std::string until;
  std::size_t limit = 50;
  bool follow = false;
  bool has_key = false;
};

std::string query_of(const EventOptions& options) {
  std::string query;
  const auto add = [&](const char* name, const std::string& value) {
    query += fmt::format("{}{}={}", query.empty() ? "?" : "&", name, percent_encode(value));
  };
  if (!options.rule.empty()) add("origin", "rule"), add("id", options.rule);
  if (!options.schedule.empty()) add("origin", "schedule"), add("id", options.schedule);
  if (options.has_key) add("key", options.key);
  if (!options.until.empty()) add("until", options.until);
  return query;
}

std::string line_of(const Value& event) {
  const auto text = [&](const char* name) { return text_at(event, name); };
  std::string line = fmt::format("{}  {} {}", text("time"), text("origin"), text("id"));
  if (!text("key").empty()) line += fmt::format(" [{}]", text("key"));
  line += ": " + text("what");
  if (!text("reason").empty()) line += ", " + text("reason");
  if (!text("detail").empty()) line += " — " + text("detail");
  return line;
}

void print_event(Session& session, const Value& event) {
  session.world().out << (session.wants_text() ? line_of(event) : json::write(event)) << std::endl;
}

// Oldest first, as one reads a log.
int print_events(Session& session, const EventOptions& options) {
  std::optional<List> events = session.items("/api/v1/events" + query_of(options), options.limit);
  if (!events) return session.exit_code();
  std::reverse(events->begin(), events->end());
  if (!session.wants_text()) return session.show(*events, {});
  for (const Value& event : *events) print_event(session, event);
  return kExitDone;
}

int run_events(Session& session, const EventOptions& options) {
  if (!options.follow) return print_events(session, options);
  session.follow("/api/v1/events" + query_of(options), [&](std::string_view data) {
    if (const Result<Value> event = json::parse(data)) print_event(session, *event);
    return session.world().out.good();
  });
  return session.exit_code();
}

std::string is_a_time(const std::string& text) {
  const Result<Instant> time = parse_rfc3339(text);
  return time ? "" : time.error().message();
}

struct ExplainOptions {
  EventOptions events;
  std::string id;
};

// Rules and schedules have names of their own: which of them is meant, is asked of the agent.
int run_explain(Session& session, ExplainOptions options) {
  const std::optional<List> rules = session.items("/api/v1/rules", 10'000);
  if (!rules) return session.exit_code();
  const std::optional<List> schedules = session.items("/api/v1/schedules", 100'000);
  if (!schedules) return session.exit_code();
  const auto is_meant = [&](const Value& document) { return text_at(document, "id") == options.id; };
  if (std::any_of(rules->begin(), rules->end(), is_meant)) {
    options.events.rule = options.id;
  } else if (std::any_of(schedules->begin(), schedules->end(), is_meant)) {
    options.events.schedule = options.id;
  } else {
    session.world().err << "sundial: there is no rule and no schedule \"" << printable(options.id) << "\"\n";
    return kExitNotFound;
  }
  options.events.limit = 20;
  const std::optional<List> found =
      session.items("/api/v1/events" + query_of(options.events), options.events.limit);
  if (!found) return session.exit_code();
  if (found->empty() && session.wants_text()) {
    session.world().out << "nothing has been decided" << (options.events.has_key ? " for this key" : "")
                        << (options.events.rule.empty() ? ": no due time has passed\n"
                                                        : ": no message has come, or `when` held for none\n");
    return kExitDone;
  }
  return print_events(session, options.events);
}

}  // namespace

void add_events(CLI::App& app, World& world, Chosen& chosen) {
  CLI::App* verb = app.add_subcommand("events", "Show what was decided, and why");
  auto options = std::make_shared<EventOptions>();
  add_session_flags(*verb, options->session);
  verb->add_option("--rule", options->rule, "Only this rule's");
  verb->add_option("--schedule", options->schedule, "Only this schedule's")->excludes("--rule");
  CLI::Option* key = verb->add_option("--key", options->key, "Only this key's");
  verb->add_option("--until", options->until, "Nothing later than this time")->check(is_a_time);
  verb->add_option("--limit", options->limit, "How many; default 50")->check(CLI::Range(1, 100'000));
  verb->add_flag("--follow", options->follow, "Go on with what is decided from now on");
  verb->callback([&world, &chosen, options, key] {
    options->has_key = key->count() > 0;
    chosen = [&world, options] {
      return with_session(world, options->session,
                          [&](Session& session) { return run_events(session, *options); });
    };
  });
}

void add_explain(CLI::App& app, World& world, Chosen& chosen) {
  CLI::App* verb = app.add_subcommand("explain", "Say why a rule or schedule did or did not fire");
  auto options = std::make_shared<ExplainOptions>();
  add_session_flags(*verb, options->events.session);
  verb->add_option("id", options->id, "The rule's or the schedule's id")->required();
  CLI::Option* key = verb->add_option("--key", options->events.key, "Only for this key of the rule");
  verb->add_option("--at", options->events.until, "As it was at this time (RFC 3339)")->check(is_a_time);
  verb->callback([&world, &chosen, options, key] {
    options->events.has_key = key->count() > 0;
    chosen = [&world, options] {
      return with_session(world, options->events.session,
                          [&](Session& session) { return run_explain(session, *options); });
    };
  });
}

}  // namespace sundial::cli

// `sundial outbox`: what waits for delivery, and the dead letters.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <chrono>
#include <memory>
#include <ostream>

#include "agent/cli/session_action.hpp"
#include "agent/cli/verbs.hpp"
#include "agent/cli/waiting.hpp"
#include "platform/base/text.hpp"
#include "platform/json/json.hpp"

namespace sundial::cli {
namespace {

struct OutboxOptions {
  SessionOptions session;
  std::vector<std::uint64_t> numbers;
  bool all_dead = false;
  std::string state;
  std::string action;
  std::size_t limit = 100;
  bool wait = false;
  std::string timeout = "0s";
};

constexpr std::string_view kOutbox = "/api/v1/outbox";
constexpr std::size_t kAll = 1'000'000;

std::string path_of(std::uint64_t number) {
  return fmt::format("{}/{}", kOutbox, number);
}

int list_outbox(Session& session, const OutboxOptions& options) {
  const std::string filter = options.state.empty() ? "" : "?state=" + options.state;
  const std::optional<List> records = session.items(std::string(kOutbox) + filter, options.limit);
  if (!records) return session.exit_code();
  return session.show(*records, {column("NUMBER", "number"), column("STATE", "state"), column("KIND", "kind"),
                                 column("WORKFLOW", "workflow_id"), column("FROM", "origin.id"),
                                 time_column(session.world(), "DECIDED", "decided"), column("TRIES", "tries"),
                                 column("REASON", "reason")});
}

int show_record(Session& session, const OutboxOptions& options) {
  const std::optional<Value> record = session.call("GET", path_of(options.numbers.front()));
  return record ? session.show(*record) : session.exit_code();
}

int edit_record(Session& session, const OutboxOptions& options) {
  const Result<Value> action = json::parse(options.action);
  if (!action || !action->is<Map>()) {
    session.world().err << "sundial: --action is no JSON object\n";
    return kExitUsage;
  }
  const std::optional<Value> record =
      session.call("PATCH", path_of(options.numbers.front()), Value(Map::of({{Value("action"), *action}})));
  return record ? session.done(*record, "changed; sundial outbox retry sends it") : session.exit_code();
}

// The numbers that were given, or those of all dead letters.
std::optional<std::vector<std::uint64_t>> chosen_numbers(Session& session, const OutboxOptions& options) {
  if (!options.all_dead) return options.numbers;
  const std::optional<List> dead = session.items(std::string(kOutbox) + "?state=dead", kAll);
  if (!dead) return std::nullopt;
  std::vector<std::uint64_t> numbers;
  for (const Value& record : *dead) {
    const Value* number = record.find("number");
    const std::int64_t* value = number == nullptr ? nullptr : number->get_if<std::int64_t>();
    if (value != nullptr) numbers.push_back(static_cast<std::uint64_t>(*value));
  }
  return numbers;
}

int each_record(Session& session, const OutboxOptions& options, const std::string& method,
                const std::string& suffix, std::string_view did) {
  const auto numbers = chosen_numbers(session, options);
  if (!numbers) return session.exit_code();
  if (numbers->empty() && !options.all_dead) {
    session.world().err << "sundial: which? Give numbers, or --all-dead\n";
    return kExitUsage;
  }
  for (const std::uint64_t number : *numbers) {
    if (!session.call(method, path_of(number) + suffix)) return session.exit_code();
  }
  return session.done(Value(Map::of({{Value("records"), Value(static_cast<std::int64_t>(numbers->size()))}})),
                      fmt::format("{} {}", numbers->size(), did));
}

int retry_records(Session& session, const OutboxOptions& options) {
  return each_record(session, options, "POST", "/retry", "to be sent again");
}
int drop_records(Session& session, const OutboxOptions& options) {
  return each_record(session, options, "DELETE", "", "dropped");
}

int export_outbox(Session& session, const OutboxOptions&) {
  const std::optional<List> records = session.items(std::string(kOutbox), kAll);
  if (!records) return session.exit_code();
  for (const Value& record : *records) session.world().out << json::write(record) << '\n';
  return kExitDone;
}

int drain_outbox(Session& session, const OutboxOptions& options) {
  const Result<Millis> limit = parse_duration(options.timeout);
  if (!limit) {
    session.world().err << "sundial: --timeout: " << limit.error().message() << '\n';
    return kExitUsage;
  }
  std::optional<Value> status;
  const auto left = [&]() -> std::optional<std::uint64_t> {
    status = session.call("GET", "/api/v1/status");
    return status ? std::optional(number_at(*status, "outbox.entries")) : std::nullopt;
  };
  if (!options.wait) {
    const std::optional<std::uint64_t> waiting = left();
    if (!waiting) return session.exit_code();
    if (*waiting > 0) {
      session.done(*status->find("outbox"),
                   fmt::format("{} waiting; --wait waits until they are delivered", *waiting));
      return kExitFailed;
    }
  } else if (const int outcome = wait_until_delivered(session, *limit, left); outcome != kExitDone) {
    return outcome;
  }
  return session.done(*status->find("outbox"), "nothing waits");
}

}  // namespace

void add_outbox(CLI::App& app, World& world, Chosen& chosen) {
  CLI::App* verb = app.add_subcommand("outbox", "Show, retry and drop what waits for delivery");
  verb->require_subcommand(1);
  auto options = std::make_shared<OutboxOptions>();
  const auto add = [&](const char* name, const char* help, int (*action)(Session&, const OutboxOptions&)) {
    return add_action(*verb, world, chosen, name, help, options, action);
  };
  CLI::App* list = add("list", "What waits, then the dead letters", list_outbox);
  list->add_option("--state", options->state, "waiting or dead")->check(CLI::IsMember({"waiting", "dead"}));
  list->add_option("--limit", options->limit, "How many; default 100")->check(CLI::Range(1, 1'000'000));
  add("show", "One record", show_record)->add_option("number", options->numbers)->required()->expected(1);
  CLI::App* edit = add("edit", "Change a dead letter's action", edit_record);
  edit->add_option("number", options->numbers)->required()->expected(1);
  edit->add_option("--action", options->action, "JSON object with what changes; null takes a key away")
      ->required();
  for (CLI::App* many :
       {add("retry", "Send dead letters again", retry_records), add("drop", "Drop records", drop_records)}) {
    many->add_option("numbers", options->numbers);
    many->add_flag("--all-dead", options->all_dead, "All dead letters");
  }
  add("export", "All records as JSON lines", export_outbox);
  CLI::App* drain = add("drain", "Say whether all is delivered", drain_outbox);
  drain->add_flag("--wait", options->wait, "Wait until it is");
  drain->add_option("--timeout", options->timeout, "Wait no longer than this");
}

}  // namespace sundial::cli

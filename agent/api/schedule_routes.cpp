// /api/v1/schedules: lists, definitions, and what can be done to them.
#include <array>
#include <charconv>
#include <optional>
#include <utility>

#include "agent/api/calls.hpp"
#include "agent/api/schedule_calls.hpp"
#include "agent/config/definitions.hpp"
#include "platform/base/text.hpp"
#include "platform/json/json.hpp"

namespace sundial::api {

namespace {

using Verb = model::ScheduleCommand::Verb;

// What the agent adds to a definition when it describes a schedule, and no definition may hold.
constexpr std::array<std::string_view, 7> kDescriptive{"id",     "source",     "state",  "next",
                                                       "recent", "transition", "running"};

// Due times to come and lines of those that were: without being asked for more, in a list, and at most.
constexpr std::size_t kRecent = 100;
constexpr std::size_t kRecentInList = 10;
constexpr std::size_t kMostRecent = 5000;
constexpr std::size_t kMostNext = 1000;

// A number of the query from 1 to `most`; answers 400 itself.
std::optional<std::size_t> take_number(const ExchangePtr& exchange, const std::string& name,
                                       std::size_t otherwise, std::size_t most) {
  const std::string* text = exchange->query(name);
  if (text == nullptr) return otherwise;
  std::size_t number = 0;
  const auto [stop, problem] = std::from_chars(text->data(), text->data() + text->size(), number);
  if (problem == std::errc{} && stop == text->data() + text->size() && number >= 1 && number <= most)
    return number;
  exchange->fail(400, name + " is no number from 1 to " + std::to_string(most));
  return std::nullopt;
}

Map definition_of(const Map& document) {
  Map definition = document;
  for (const std::string_view name : kDescriptive) definition.erase(name);
  return definition;
}

// `paused` and `note` as they are now, not as they were first written.
Map present_document(Map document) {
  const Value* state = document.find("state");
  const Map* members = state == nullptr ? nullptr : state->get_if<Map>();
  if (members == nullptr) return document;
  for (const std::string_view name : {"paused", "note"}) {
    if (const Value* now = members->find(name)) document.set(name, Value(*now));
  }
  return document;
}

std::optional<Map> present_schedule(Desk& desk, const std::string& id) {
  std::optional<Map> document = desk.agent.schedule_document(id);
  if (!document) return document;
  return present_document(*std::move(document));
}

// Changes with the definition alone, not with what happens to the schedule.
std::string etag_of(const Map& document) {
  std::uint64_t hash = 14695981039346656037U;  // FNV-1a
  for (const char c : json::write(definition_of(document))) {
    hash = (hash ^ static_cast<unsigned char>(c)) * 1099511628211U;
  }
  std::string bytes;
  for (int shift = 56; shift >= 0; shift -= 8) bytes += static_cast<char>(hash >> shift & 0xFFU);
  return '"' + hex_encode(bytes) + '"';
}

// A list of tags, or * for any. If-Match takes no weak ones; to If-None-Match they are as good.
bool names_tag(std::string_view header, const std::string& tag, bool weak) {
  for (const std::string_view one : split(header, ',')) {
    const std::string_view named = trim(one);
    if (named == "*" || named == tag || (weak && named.starts_with("W/") && named.substr(2) == tag))
      return true;
  }
  return false;
}

bool passes_if_match(const ExchangePtr& exchange, const Map& document) {
  const std::string* wanted = exchange->request().header("if-match");
  if (wanted == nullptr || names_tag(*wanted, etag_of(document), false)) return true;
  exchange->fail(412, "the schedule has changed since this ETag was given");
  return false;
}

// The schedule of the path; answers 404 itself.
std::optional<Map> take_schedule(Desk& desk, const ExchangePtr& exchange) {
  std::optional<Map> found = present_schedule(desk, exchange->argument("id"));
  if (!found) exchange->fail(404, "there is no schedule \"" + printable(exchange->argument("id")) + "\"");
  return found;
}

bool is_from_file(const Map& document) {
  return text_member(document, "source") == "file";
}

bool refuse_from_file(const ExchangePtr& exchange, const Map& document, int status) {
  if (!is_from_file(document)) return false;
  exchange->fail(status,
                 "the schedule comes from the configuration file; it can be paused and triggered here, and "
                 "changed there");
  return true;
}

Result<model::ScheduleCommand> definition_command(Verb verb, const std::string& id, const Map& body) {
  std::vector<model::Problem> problems;
  std::optional<model::ScheduleDefinition> definition = config::read_schedule(id, Value(body), problems);
  if (!definition || !problems.empty()) {
    std::string text;
    for (const model::Problem& problem : problems)
      text += (text.empty() ? "" : "\n") + model::format_problem(problem);
    return Error(ErrorKind::invalid, text);
  }
  model::ScheduleCommand command;
  command.verb = verb;
  command.id = id;
  command.definition = std::move(definition);
  command.definition_json = json::write(body);
  return command;
}

// What became of due times, as one line each; `due` is the nominal one.
List recent_of(const std::vector<NumberedLedgerEntry>& lines) {
  List recent;
  for (const auto& [number, line] : lines) {
    recent.emplace_back(object({{"due", line.event},
                                {"what", line.what},
                                {"reason", line.reason},
                                {"at", format_rfc3339(line.at, Fraction::always)},
                                {"detail", line.detail}}));
  }
  return recent;
}

// Completes the documents with `recent`, of which `count` of each, and hands them on.
void with_recent(Desk& desk, const ExchangePtr& exchange, List documents, std::size_t count,
                 std::function<void(List)> then) {
  std::vector<std::string> ids;
  for (const Value& document : documents) ids.push_back(text_member(*document.get_if<Map>(), "id"));
  desk.agent.outcomes(
      std::move(ids), count,
      answering<AgentControl::Outcomes>(exchange, [documents = std::move(documents), then = std::move(then)](
                                                      AgentControl::Outcomes outcomes) mutable {
        for (std::size_t i = 0; i < documents.size(); ++i) {
          documents[i].get_if<Map>()->set("recent", recent_of(outcomes[i]));
        }
        then(std::move(documents));
      }));
}

void send_definition(Desk& desk, const ExchangePtr& exchange, const std::string& id, int status,
                     std::size_t recent = kRecent) {
  std::optional<Map> document = present_schedule(desk, id);
  if (!document) return exchange->send(status, object({{"id", id}}));
  exchange->add_header("ETag", etag_of(*document));
  with_recent(desk, exchange, {*std::move(document)}, recent,
              [exchange, status](const List& documents) { exchange->send(status, documents.front()); });
}

void run_command(Desk& desk, const ExchangePtr& exchange, model::ScheduleCommand command,
                 std::string_view status) {
  const std::string id = command.id;
  exchange->begin_effect();
  desk.agent.schedule(std::move(command), answering<void>(exchange, [exchange, id, status] {
                        exchange->send(200, object({{"schedule_id", id}, {"status", status}}));
                      }));
}

std::optional<model::Overlap> overlap_named(std::string_view name) {
  using enum model::Overlap;
  if (name == "skip") return skip;
  if (name == "buffer_one") return buffer_one;
  if (name == "buffer_all") return buffer_all;
  if (name == "cancel_other") return cancel_other;
  if (name == "terminate_other") return terminate_other;
  if (name == "allow_all") return allow_all;
  return std::nullopt;
}

// The members of a command's body that commands know, by their types.
Result<void> read_command(const Map& body, model::ScheduleCommand& command) {
  for (const auto& [key, value] : body) {
    const std::string& name = *key.text();
    if (value.is_null()) continue;
    if (value.text() == nullptr) return Error(ErrorKind::invalid, name + ": text is expected");
    const std::string& text = *value.text();
    if (name == "note") {
      command.note = text;
    } else if (name == "overlap") {
      command.overlap = overlap_named(text);
      if (!command.overlap)
        return Error(ErrorKind::invalid, "overlap: no such policy \"" + printable(text) + "\"");
    } else if (name == "start" || name == "end") {
      const Result<Instant> instant = parse_rfc3339(text);
      if (!instant) return instant.error().within(name);
      (name == "start" ? command.start : command.end) = *instant;
    } else {
      return Error(ErrorKind::invalid, "no such member: " + printable(name));
    }
  }
  return {};
}

void list_schedules(Desk& desk, const ExchangePtr& exchange) {
  const std::vector<std::string> ids = desk.agent.schedule_ids();
  const std::optional<Slice> slice = take_slice(exchange, ids);
  if (!slice) return;
  List documents;
  for (std::size_t i = slice->begin; i < slice->end; ++i) {
    if (std::optional<Map> document = present_schedule(desk, ids[i])) documents.emplace_back(*document);
  }
  with_recent(desk, exchange, std::move(documents), kRecentInList,
              [exchange, next = slice->next](List complete) {
                exchange->send(200, page(std::move(complete), next));
              });
}

// `?recent=` of the last due times.
void get_schedule(Desk& desk, const ExchangePtr& exchange) {
  const std::optional<std::size_t> recent = take_number(exchange, "recent", kRecent, kMostRecent);
  if (!recent) return;
  const std::optional<Map> present = take_schedule(desk, exchange);
  if (!present) return;
  const std::string* known = exchange->request().header("if-none-match");
  if (known != nullptr && names_tag(*known, etag_of(*present), true)) {
    exchange->add_header("ETag", etag_of(*present));
    return exchange->send(304, "application/json", "");
  }
  send_definition(desk, exchange, exchange->argument("id"), 200, *recent);
}

void post_schedule(Desk& desk, const ExchangePtr& exchange) {
  Result<Map> body = exchange->json_body();
  if (!body) return exchange->fail(body.error());
  const std::string id = text_member(*body, "id");
  if (id.empty()) return exchange->fail(400, "id is missing");
  body->erase("id");
  create_schedule(desk, exchange, id, *body, 409, [&desk, exchange, id] {
    exchange->add_header("Location", "/api/v1/schedules/" + percent_encode(id));
    send_definition(desk, exchange, id, 201);
  });
}

void change_schedule(Desk& desk, const ExchangePtr& exchange, const Map& body) {
  const std::string& id = exchange->argument("id");
  Result<model::ScheduleCommand> command = definition_command(Verb::update, id, body);
  if (!command) return exchange->fail(command.error());
  exchange->begin_effect();
  desk.agent.schedule(std::move(*command), answering<void>(exchange, [&desk, exchange, id] {
                        send_definition(desk, exchange, id, 200);
                      }));
}

// The body of a change; answers itself where it can't be one.
std::optional<Map> take_change(const ExchangePtr& exchange) {
  Result<Map> body = exchange->json_body();
  if (!body) return exchange->fail(body.error()), std::nullopt;
  const Value* id = body->find("id");
  if (id != nullptr && !id->is_null() && (id->text() == nullptr || *id->text() != exchange->argument("id"))) {
    exchange->fail(400, "a schedule's id stays as it is: make a new one, and delete this");
    return std::nullopt;
  }
  return std::move(*body);
}

void put_schedule(Desk& desk, const ExchangePtr& exchange) {
  const std::optional<Map> body = take_change(exchange);
  if (!body) return;
  const std::optional<Map> present = take_schedule(desk, exchange);
  if (!present || refuse_from_file(exchange, *present, 409) || !passes_if_match(exchange, *present)) return;
  change_schedule(desk, exchange, definition_of(*body));
}

void patch_schedule(Desk& desk, const ExchangePtr& exchange) {
  const std::optional<Map> body = take_change(exchange);
  if (!body) return;
  const std::optional<Map> present = take_schedule(desk, exchange);
  if (!present || refuse_from_file(exchange, *present, 409) || !passes_if_match(exchange, *present)) return;
  Map merged = definition_of(*present);
  for (const auto& [key, value] : definition_of(*body)) {
    if (value.is_null()) {
      merged.erase(*key.text());
    } else {
      merged.set(*key.text(), value);
    }
  }
  change_schedule(desk, exchange, merged);
}

void delete_schedule(Desk& desk, const ExchangePtr& exchange) {
  remove_schedule(desk, exchange, 409);
}

void command_schedule(Desk& desk, const ExchangePtr& exchange, Verb verb, std::string_view status) {
  const Result<Map> body = exchange->json_body();
  if (!body) return exchange->fail(body.error());
  if (!take_schedule(desk, exchange)) return;
  model::ScheduleCommand command;
  command.verb = verb;
  command.id = exchange->argument("id");
  if (const Result<void> read = read_command(*body, command); !read) return exchange->fail(read.error());
  if (verb == Verb::backfill && (body->find("start") == nullptr || body->find("end") == nullptr)) {
    return exchange->fail(400, "start and end are needed");
  }
  if (verb == Verb::backfill && command.end < command.start)
    return exchange->fail(400, "end is before start");
  run_command(desk, exchange, std::move(command), status);
}

void trigger_schedule(Desk& desk, const ExchangePtr& exchange) {
  command_schedule(desk, exchange, Verb::trigger, "triggered");
}
void pause_schedule(Desk& desk, const ExchangePtr& exchange) {
  command_schedule(desk, exchange, Verb::pause, "paused");
}
void unpause_schedule(Desk& desk, const ExchangePtr& exchange) {
  command_schedule(desk, exchange, Verb::unpause, "unpaused");
}
void backfill_schedule(Desk& desk, const ExchangePtr& exchange) {
  command_schedule(desk, exchange, Verb::backfill, "backfilling");
}

void next_times(Desk& desk, const ExchangePtr& exchange) {
  const std::optional<std::size_t> count = take_number(exchange, "count", 10, kMostNext);
  if (!count || !take_schedule(desk, exchange)) return;
  const Result<std::vector<std::string>> times = desk.agent.next_times(exchange->argument("id"), *count);
  if (!times) return exchange->fail(times.error());
  exchange->send(200, page(List(times->begin(), times->end()), {}));
}

const std::vector<MemberDoc>& definition_members() {
  static const std::vector<MemberDoc> members{
      {"cron", "any", "an expression, or a list of them"},
      {"every", "string", "an interval, such as 90s"},
      {"offset", "string", "of the interval"},
      {"at", "string", "a single run"},
      {"calendar", "array", "structured calendars"},
      {"exclude", "array", "calendars that take times out"},
      {"time_zone", "string", "default: the device's"},
      {"dst", "string", "once or every"},
      {"jitter", "string", "a duration"},
      {"start_at", "string", "nothing before"},
      {"end_at", "string", "nothing after"},
      {"catch_up", "string", "how far back missed times are made up for"},
      {"overlap", "string", "what to do while the last run goes on"},
      {"limit", "integer", "remaining runs; 0 is no limit"},
      {"paused", "boolean", ""},
      {"pause_on_failure", "boolean", ""},
      {"note", "string", ""},
      {"start", "any", "the action's table, or a list of them; so are signal, publish and the others"},
  };
  return members;
}

std::vector<MemberDoc> with_id() {
  std::vector<MemberDoc> members{{"id", "string", "any UTF-8 without a slash", true}};
  members.insert(members.end(), definition_members().begin(), definition_members().end());
  return members;
}

}  // namespace

void create_schedule(Desk& desk, const ExchangePtr& exchange, const std::string& id, const Map& body,
                     int taken_status, std::function<void()> done) {
  Result<model::ScheduleCommand> command = definition_command(Verb::create, id, definition_of(body));
  if (!command) return exchange->fail(command.error());
  if (desk.agent.schedule_document(id)) {
    return exchange->fail(taken_status, "there is a schedule \"" + printable(id) + "\" already", {},
                          "already_exists");
  }
  exchange->begin_effect();
  desk.agent.schedule(std::move(*command), answering<void>(exchange, std::move(done)));
}

void remove_schedule(Desk& desk, const ExchangePtr& exchange, int from_file_status) {
  const std::optional<Map> present = take_schedule(desk, exchange);
  if (!present || refuse_from_file(exchange, *present, from_file_status) ||
      !passes_if_match(exchange, *present))
    return;
  model::ScheduleCommand command;
  command.verb = Verb::remove;
  command.id = exchange->argument("id");
  run_command(desk, exchange, std::move(command), "deleted");
}

Routes schedule_routes() {
  const std::vector<ParameterDoc> paging{{"limit", "1 to 1000"}, {"next", "the token of the page before"}};
  return {
      {"GET", "/api/v1/schedules", Scope::read, list_schedules, {"All schedules", {200, 400}, paging}},
      {"POST",
       "/api/v1/schedules",
       Scope::admin,
       post_schedule,
       {"Make a schedule", {201, 400, 409}, {}, with_id()}},
      {"GET",
       "/api/v1/schedules/{id}",
       Scope::read,
       get_schedule,
       {"One schedule, its state and its times",
        {200, 304, 400, 404},
        {{"recent", "1 to 5000; default 100"}}}},
      {"PUT",
       "/api/v1/schedules/{id}",
       Scope::admin,
       put_schedule,
       {"Replace a schedule's definition", {200, 400, 404, 409, 412}, {}, definition_members()}},
      {"PATCH",
       "/api/v1/schedules/{id}",
       Scope::admin,
       patch_schedule,
       {"Change what is given, leave the rest; null takes a key away",
        {200, 400, 404, 409, 412},
        {},
        definition_members()}},
      {"DELETE",
       "/api/v1/schedules/{id}",
       Scope::admin,
       delete_schedule,
       {"Delete a schedule", {200, 404, 409, 412}}},
      {"POST",
       "/api/v1/schedules/{id}/trigger",
       Scope::trigger,
       trigger_schedule,
       {"Fire now, also while paused",
        {200, 400, 404},
        {},
        {{"overlap", "string", "instead of the schedule's"}}}},
      {"POST",
       "/api/v1/schedules/{id}/pause",
       Scope::admin,
       pause_schedule,
       {"Pause", {200, 400, 404}, {}, {{"note", "string", "why"}}}},
      {"POST",
       "/api/v1/schedules/{id}/unpause",
       Scope::admin,
       unpause_schedule,
       {"Go on", {200, 400, 404}, {}, {{"note", "string", "why"}}}},
      {"POST",
       "/api/v1/schedules/{id}/backfill",
       Scope::admin,
       backfill_schedule,
       {"Fire the due times of a span",
        {200, 400, 404},
        {},
        {{"start", "string", "RFC 3339", true},
         {"end", "string", "RFC 3339", true},
         {"overlap", "string", "instead of the schedule's"}}}},
      {"GET",
       "/api/v1/schedules/{id}/next",
       Scope::read,
       next_times,
       {"The next due times", {200, 400, 404}, {{"count", "1 to 1000; default 10"}}}},
  };
}

}  // namespace sundial::api

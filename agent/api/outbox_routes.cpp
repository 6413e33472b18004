// /api/v1/outbox: what waits, what is dead, and what was sent.
#include <charconv>
#include <utility>

#include "agent/api/calls.hpp"
#include "platform/base/text.hpp"

namespace sundial::api {

namespace {

Value time_or_null(std::optional<Instant> time) {
  return time ? Value(format_rfc3339(*time, Fraction::always)) : Value();
}

Map origin_document(const model::Origin& origin) {
  return object({{"kind", model::name_of(origin.kind)},
                 {"id", origin.id},
                 {"key", origin.key},
                 {"event", origin.event}});
}

std::string workflow_of(const Map& action) {
  const std::string id = text_member(action, "id");
  return id.empty() ? text_member(action, "workflow_id") : id;
}

Map record_document(const StoredRecord& stored) {
  const model::OutboxRecord& record = stored.record;
  return object({{"number", record.number},
                 {"state", stored.state == RecordState::dead ? "dead" : "waiting"},
                 {"kind", model::name_of(record.kind)},
                 {"workflow_id", workflow_of(record.action)},
                 {"action", record.action},
                 {"origin", origin_document(record.origin)},
                 {"decided", format_rfc3339(record.decided.wall, Fraction::always)},
                 {"expires", record.expires ? Value(format_duration(*record.expires)) : Value()},
                 {"priority", record.priority},
                 {"tries", stored.memory.tries},
                 {"first_try", time_or_null(stored.memory.first_try)},
                 {"reason", stored.reason}});
}

std::string_view outcome_name(DeliveryOutcome outcome) {
  switch (outcome) {
    case DeliveryOutcome::done:
      return "ok";
    case DeliveryOutcome::already_done:
      return "already";
    case DeliveryOutcome::already_running:
      return "already_running";
    case DeliveryOutcome::name_taken:
      return "name_taken";
    case DeliveryOutcome::retry:
      return "retry";
    case DeliveryOutcome::hold:
      return "hold";
    case DeliveryOutcome::dead:
      return "dead";
  }
  return "";
}

Map delivery_document(const Delivery& delivery) {
  return object({{"number", delivery.number},
                 {"kind", model::name_of(delivery.kind)},
                 {"workflow_id", delivery.workflow_id},
                 {"run_id", delivery.run_id},
                 {"type", delivery.type},
                 {"origin", origin_document(delivery.origin)},
                 {"decided", format_rfc3339(delivery.decided, Fraction::always)},
                 {"delivered", format_rfc3339(delivery.delivered, Fraction::always)},
                 {"outcome", outcome_name(delivery.outcome)},
                 {"reason", delivery.reason}});
}

bool take_number(std::string_view text, std::uint64_t& number) {
  const auto [stop, problem] = std::from_chars(text.data(), text.data() + text.size(), number);
  return problem == std::errc{} && stop == text.data() + text.size() && !text.empty();
}

// Where a list goes on: those that wait come first, then the dead; each by number.
struct Place {
  RecordState state = RecordState::waiting;
  std::uint64_t after = 0;
  bool both = true;
};

bool take_place(const ExchangePtr& exchange, Place& place) {
  if (const std::string* state = exchange->query("state")) {
    if (*state != "waiting" && *state != "dead") return false;
    place.both = false;
    place.state = *state == "dead" ? RecordState::dead : RecordState::waiting;
  }
  const std::string* token = exchange->query("next");
  if (token == nullptr || token->empty()) return true;
  const std::string_view text(*token);
  if (text.starts_with("dead-")) place.state = RecordState::dead;
  return (text.starts_with("dead-") || text.starts_with("waiting-")) &&
         take_number(text.substr(text.find('-') + 1), place.after);
}

std::string token_of(RecordState state, std::uint64_t after) {
  return (state == RecordState::dead ? "dead-" : "waiting-") + std::to_string(after);
}

void collect(Desk& desk, const ExchangePtr& exchange, Place place, std::size_t limit, List items) {
  const std::size_t wanted = limit - items.size();
  desk.agent.records(
      place.state, place.after, wanted,
      answering<std::vector<StoredRecord>>(
          exchange, [&desk, exchange, place, limit, wanted,
                     items = std::move(items)](const std::vector<StoredRecord>& records) mutable {
            for (const StoredRecord& record : records) items.emplace_back(record_document(record));
            if (records.size() >= wanted) {
              const std::string next = token_of(place.state, records.back().record.number);
              return exchange->send(200, page(std::move(items), next));
            }
            if (place.both && place.state == RecordState::waiting) {
              return collect(desk, exchange, {RecordState::dead, 0, true}, limit, std::move(items));
            }
            exchange->send(200, page(std::move(items), {}));
          }));
}

void list_outbox(Desk& desk, const ExchangePtr& exchange) {
  const Result<std::size_t> limit = exchange->limit(100);
  if (!limit) return exchange->fail(limit.error());
  Place place;
  if (!take_place(exchange, place))
    return exchange->fail(400, "state is waiting or dead, next the token of the page before");
  collect(desk, exchange, place, *limit, {});
}

bool take_record_number(const ExchangePtr& exchange, std::uint64_t& number) {
  if (take_number(exchange->argument("n"), number)) return true;
  exchange->fail(404, "there is no record \"" + printable(exchange->argument("n")) + "\"");
  return false;
}

void get_record(Desk& desk, const ExchangePtr& exchange) {
  std::uint64_t number = 0;
  if (!take_record_number(exchange, number)) return;
  desk.agent.record(number, answering<StoredRecord>(exchange, [exchange](const StoredRecord& record) {
                      exchange->send(200, Value(record_document(record)));
                    }));
}

void edit(Desk& desk, const ExchangePtr& exchange, const StoredRecord& stored, const Map& changes) {
  Map action = stored.record.action;
  for (const auto& [key, value] : changes) {
    if (value.is_null()) {
      action.erase(*key.text());
    } else {
      action.set(*key.text(), value);
    }
  }
  const std::uint64_t number = stored.record.number;
  desk.agent.edit_record(number, std::move(action),
                         answering<void>(exchange, [&desk, exchange] { get_record(desk, exchange); }));
}

void patch_record(Desk& desk, const ExchangePtr& exchange) {
  std::uint64_t number = 0;
  if (!take_record_number(exchange, number)) return;
  const Result<Map> body = exchange->json_body();
  if (!body) return exchange->fail(body.error());
  // Both {"action":{…}} and the members themselves are understood.
  const Value* inner = body->find("action");
  const Map* given = inner == nullptr ? nullptr : inner->get_if<Map>();
  Map changes = given == nullptr ? *body : *given;
  desk.agent.record(number, answering<StoredRecord>(exchange, [&desk, exchange, changes = std::move(changes)](
                                                                  const StoredRecord& stored) {
                      if (stored.state != RecordState::dead)
                        return exchange->fail(409, "only a dead letter can be edited");
                      edit(desk, exchange, stored, changes);
                    }));
}

void retry_record(Desk& desk, const ExchangePtr& exchange) {
  std::uint64_t number = 0;
  if (!take_record_number(exchange, number)) return;
  desk.agent.retry_record(number, answering<void>(exchange, [exchange, number] {
                            exchange->send(200, object({{"number", number}, {"status", "waiting"}}));
                          }));
}

void delete_record(Desk& desk, const ExchangePtr& exchange) {
  std::uint64_t number = 0;
  if (!take_record_number(exchange, number)) return;
  desk.agent.drop_record(number, answering<void>(exchange, [exchange, number] {
                           exchange->send(200, object({{"number", number}, {"status", "dropped"}}));
                         }));
}

void list_sent(Desk& desk, const ExchangePtr& exchange) {
  List items;
  for (const Delivery& delivery : desk.agent.deliveries()) items.emplace_back(delivery_document(delivery));
  send_page(exchange, items);
}

}  // namespace

Routes outbox_routes() {
  return {
      {"GET",
       "/api/v1/outbox",
       Scope::read,
       list_outbox,
       {"What waits for delivery, then the dead letters",
        {200, 400},
        {{"state", "waiting or dead; default both"},
         {"limit", "1 to 1000"},
         {"next", "the token of the page before"}}}},
      {"GET", "/api/v1/outbox/{n}", Scope::read, get_record, {"One record", {200, 404}}},
      {"PATCH",
       "/api/v1/outbox/{n}",
       Scope::admin,
       patch_record,
       {"Change a dead letter's action",
        {200, 400, 404, 409},
        {},
        {{"action", "object", "only what changes"}}}},
      {"POST",
       "/api/v1/outbox/{n}/retry",
       Scope::admin,
       retry_record,
       {"Send a dead letter again", {200, 404, 409}}},
      {"DELETE", "/api/v1/outbox/{n}", Scope::admin, delete_record, {"Drop a record", {200, 404}}},
      {"GET",
       "/api/v1/sent",
       Scope::read,
       list_sent,
       {"What was delivered last, newest first",
        {200, 400},
        {{"limit", "1 to 1000"}, {"next", "the token of the page before"}}}},
  };
}

}  // namespace sundial::api

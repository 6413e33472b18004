// /api/v1/events: the ledger of decisions, by pages or live.
#include <algorithm>
#include <charconv>
#include <utility>

#include "agent/api/calls.hpp"
#include "platform/base/text.hpp"

namespace sundial::api {

namespace {

constexpr std::size_t kMostMissed = 200;

std::optional<model::OriginKind> origin_named(std::string_view name) {
  using enum model::OriginKind;
  for (const model::OriginKind kind : {rule, schedule, http, command_line}) {
    if (model::name_of(kind) == name) return kind;
  }
  return std::nullopt;
}

std::optional<std::uint64_t> number_in(const std::string* text) {
  if (text == nullptr) return std::nullopt;
  std::uint64_t number = 0;
  const auto [stop, problem] = std::from_chars(text->data(), text->data() + text->size(), number);
  if (problem != std::errc{} || stop != text->data() + text->size()) return std::nullopt;
  return number;
}

Result<LedgerQuery> ledger_query(const ExchangePtr& exchange) {
  LedgerQuery query;
  if (const std::string* origin = exchange->query("origin")) {
    query.origin = origin_named(*origin);
    if (!query.origin) return Error(ErrorKind::invalid, "origin: rule, schedule, http or command_line");
  }
  if (const std::string* id = exchange->query("id")) query.id = *id;
  if (const std::string* key = exchange->query("key")) query.key = *key;
  const Result<std::optional<Instant>> until = exchange->time("until");
  if (!until) return until.error();
  query.until = *until;
  const Result<std::size_t> limit = exchange->limit(100);
  if (!limit) return limit.error();
  query.limit = *limit;
  const std::string* next = exchange->query("next");
  if (next != nullptr && !next->empty()) {
    const std::optional<std::uint64_t> before = number_in(next);
    if (!before) return Error(ErrorKind::invalid, "next is no token of this list");
    query.before = *before;
  }
  return query;
}

void send_ledger(const ExchangePtr& exchange, std::size_t limit,
                 const std::vector<NumberedLedgerEntry>& entries) {
  List items;
  for (const NumberedLedgerEntry& entry : entries) items.emplace_back(document_of(entry));
  const bool more = entries.size() >= limit && !entries.empty();
  exchange->send(200, page(std::move(items), more ? Value(std::to_string(entries.back().number)) : Value()));
}

// What came since the last one that the reader has seen; without one nothing but what comes.
void follow(Desk& desk, const ExchangePtr& exchange, LedgerQuery query) {
  if (desk.events.is_full()) return exchange->fail(503, "too many follow the events already; ask by pages");
  const std::optional<std::uint64_t> seen = number_in(exchange->request().header("last-event-id"));
  if (!seen) return desk.events.follow(exchange->begin_stream("text/event-stream"), std::move(query), {});
  LedgerQuery missed = query;
  missed.before = 0;
  missed.limit = kMostMissed;
  desk.agent.ledger(missed,
                    answering<std::vector<NumberedLedgerEntry>>(
                        exchange, [&desk, exchange, query, seen](std::vector<NumberedLedgerEntry> entries) {
                          std::erase_if(entries, [&](const auto& entry) { return entry.number <= *seen; });
                          std::reverse(entries.begin(), entries.end());
                          desk.events.follow(exchange->begin_stream("text/event-stream"), query, entries);
                        }));
}

void list_events(Desk& desk, const ExchangePtr& exchange) {
  Result<LedgerQuery> query = ledger_query(exchange);
  if (!query) return exchange->fail(query.error());
  const std::string* accept = exchange->request().header("accept");
  if (accept != nullptr && accept->find("text/event-stream") != std::string::npos &&
      exchange->request().method == "GET") {
    return follow(desk, exchange, std::move(*query));
  }
  const std::size_t limit = query->limit;
  desk.agent.ledger(*query, answering<std::vector<NumberedLedgerEntry>>(
                                exchange, [exchange, limit](const std::vector<NumberedLedgerEntry>& entries) {
                                  send_ledger(exchange, limit, entries);
                                }));
}

}  // namespace

Routes event_routes() {
  return {
      {"GET",
       "/api/v1/events",
       Scope::read,
       list_events,
       {"Decisions, newest first; with Accept: text/event-stream live",
        {200, 400, 503},
        {{"origin", "rule, schedule, http or command_line"},
         {"id", "of the rule or schedule"},
         {"key", "of the rule"},
         {"until", "RFC 3339"},
         {"limit", "1 to 1000"},
         {"next", "the token of the page before"}}}},
  };
}

}  // namespace sundial::api

// The agent itself: status, health, metrics, reload, and the description of all calls.
#include <cmath>
#include <utility>

#include "agent/api/calls.hpp"
#include "agent/api/metrics_text.hpp"
#include "agent/api/openapi.hpp"
#include "platform/base/text.hpp"

namespace sundial::api {

namespace {

Value seconds_of(Millis span) {
  return std::chrono::floor<std::chrono::seconds>(span).count();
}

Map links_of(const AgentStatus& status) {
  return object(
      {{"mqtt", object({{"configured", status.mqtt.configured},
                        {"connected", status.mqtt.connected},
                        {"subscribed", status.mqtt.subscribed},
                        {"broker", status.mqtt.broker},
                        {"problem", status.mqtt.problem},
                        {"host_unverified", status.mqtt.host_unverified}})},
       {"temporal", object({{"reachable", status.temporal.reachable},
                            {"address", status.temporal.address},
                            {"namespace", status.temporal.name_space},
                            {"ui", status.temporal.ui},
                            {"problem", status.temporal.problem},
                            {"host_unverified", status.temporal.host_unverified}})},
       {"clock", object({{"trusted", status.clock.trusted}, {"time_zone", status.clock.time_zone}})}});
}

// Of a cheap card: each cell bears 500 erasures, and small writes cost it ten times their size. An order of
// magnitude, no more.
Value years_of_disk(std::optional<std::uint64_t> disk, std::optional<std::uint64_t> a_day) {
  constexpr double kErasures = 500;
  constexpr double kCostOfSmallWrites = 10;
  if (!disk || !a_day || *a_day == 0) return {};
  const double days =
      static_cast<double>(*disk) * kErasures / kCostOfSmallWrites / static_cast<double>(*a_day);
  return std::round(days / 36.525) / 10;
}

Map disk_document(Desk& desk, const AgentStatus::Disk& store) {
  const auto disk = desk.disk_bytes ? desk.disk_bytes() : std::nullopt;
  const auto known = [](std::optional<std::uint64_t> bytes) { return bytes ? Value(*bytes) : Value(); };
  return object({{"bytes", store.bytes},
                 {"journal_bytes", store.journal_bytes},
                 {"max_size", store.max_size},
                 {"written_bytes_today", store.written_bytes_today},
                 {"written_bytes_a_day", known(store.written_bytes_a_day)},
                 {"disk_bytes", known(disk)},
                 {"disk_years", years_of_disk(disk, store.written_bytes_a_day)},
                 {"full", store.full}});
}

Map status_document(Desk& desk) {
  const AgentStatus status = desk.agent.status();
  Map document = object({{"version", status.version},
                         {"device", status.device},
                         {"ready", status.ready},
                         {"reason", status.reason},
                         {"time", format_rfc3339(desk.agent.now().wall, Fraction::always)},
                         {"uptime_seconds", seconds_of(status.uptime)}});
  for (auto& [name, value] : links_of(status)) document.append(std::move(name), std::move(value));
  document.set("outbox", object({{"entries", status.outbox.entries},
                                 {"bytes", status.outbox.bytes},
                                 {"oldest_seconds", seconds_of(status.outbox.oldest)},
                                 {"dead", status.outbox.dead}}));
  document.set("store", disk_document(desk, status.store));
  document.set("http", object({{"denied", desk.denied}}));
  List warnings;
  for (const std::string& warning : status.warnings) warnings.emplace_back(warning);
  document.set("warnings", std::move(warnings));
  document.set("rules", status.rules);
  document.set("schedules", status.schedules);
  return document;
}

void get_status(Desk& desk, const ExchangePtr& exchange) {
  exchange->send(200, Value(status_document(desk)));
}

List figures(const std::deque<std::uint32_t>& steps) {
  List list;
  for (const std::uint32_t step : steps) list.emplace_back(std::uint64_t{step});
  return list;
}

void get_load(Desk& desk, const ExchangePtr& exchange) {
  List items;
  for (const LoadSample& sample : desk.load.samples()) {
    items.emplace_back(object({{"time", format_rfc3339(sample.at, Fraction::always)},
                               {"entries", sample.entries},
                               {"oldest_seconds", seconds_of(sample.oldest)}}));
  }
  Map rules;
  for (const auto& [id, history] : desk.load.rules()) {
    rules.set(id, object({{"matched", figures(history.matched)}, {"fired", figures(history.fired)}}));
  }
  Map document = page(std::move(items), {});
  document.set("step_seconds", seconds_of(LoadHistory::kStep));
  document.set("rules", std::move(rules));
  exchange->send(200, Value(std::move(document)));
}

void get_healthz(Desk&, const ExchangePtr& exchange) {
  exchange->send(200, object({{"status", "ok"}}));
}

void get_readyz(Desk& desk, const ExchangePtr& exchange) {
  const AgentStatus status = desk.agent.status();
  Map document = object({{"ready", status.ready}, {"reason", status.reason}});
  if (exchange->query("verbose") != nullptr) {
    document.set("checks", object({{"store", !status.store.full},
                                   {"mqtt", !status.mqtt.configured || status.mqtt.subscribed},
                                   {"temporal", status.temporal.reachable},
                                   {"clock", status.clock.trusted}}));
  }
  exchange->send(status.ready ? 200 : 503, Value(std::move(document)));
}

void get_metrics(Desk& desk, const ExchangePtr& exchange) {
  const std::string* accept = exchange->request().header("accept");
  const bool open = accept != nullptr && accept->find("application/openmetrics-text") != std::string::npos;
  const MetricsForm form = open ? MetricsForm::open_metrics : MetricsForm::prometheus;
  exchange->send(200,
                 open ? "application/openmetrics-text; version=1.0.0; charset=utf-8"
                      : "text/plain; version=0.0.4; charset=utf-8",
                 metrics_text(desk.agent.metrics(), desk.agent.status(), desk.process(), form));
}

void get_openapi(Desk& desk, const ExchangePtr& exchange) {
  exchange->send(200, openapi_document(all_routes(), desk.agent.status().version));
}

void post_reload(Desk& desk, const ExchangePtr& exchange) {
  desk.agent.reload(
      answering<std::vector<std::string>>(exchange, [exchange](const std::vector<std::string>& changed) {
        List names;
        for (const std::string& name : changed) names.emplace_back(name);
        exchange->send(200, object({{"changed", std::move(names)}}));
      }));
}

}  // namespace

Routes agent_routes() {
  return {
      {"GET", "/api/v1/status", Scope::read, get_status, {"The agent at a glance", {200}}},
      {"GET", "/api/v1/load", Scope::read, get_load, {"The outbox and the rules over the last hour", {200}}},
      {"POST",
       "/api/v1/reload",
       Scope::admin,
       post_reload,
       {"Read the configuration again", {200, 400, 409}}},
      {"GET", "/healthz", Scope::open, get_healthz, {"The process lives", {200}}},
      {"GET",
       "/readyz",
       Scope::read,
       get_readyz,
       {"Ready to take events", {200, 503}, {{"verbose", "with the single checks"}}}},
      {"GET", "/metrics", Scope::read, get_metrics, {"For Prometheus", {200}, {}, {}, "text/plain"}},
      {"GET", "/openapi.json", Scope::read, get_openapi, {"This description", {200}}},
  };
}

}  // namespace sundial::api

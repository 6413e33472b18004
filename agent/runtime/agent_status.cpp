// The agent at a glance: status, metrics, and its rules and schedules as documents.
#include <algorithm>
#include <utility>

#include "agent/runtime/agent.hpp"
#include "platform/json/json.hpp"

namespace sundial::runtime {
namespace {

constexpr Millis kHealthEvery = std::chrono::minutes{1};

Map health_of(const api::AgentStatus& status, Instant now) {
  const auto whole = [](std::uint64_t number) { return Value(static_cast<std::int64_t>(number)); };
  const auto seconds = [](Millis span) { return Value(std::int64_t{span.count() / 1000}); };
  Map health;
  health.append("time", format_rfc3339(now, Fraction::always));
  health.append("version", status.version);
  health.append("ready", status.ready);
  if (!status.ready) health.append("reason", status.reason);
  health.append("uptime_seconds", seconds(status.uptime));
  health.append("temporal", Map::of({{Value("reachable"), Value(status.temporal.reachable)}}));
  health.append("clock", Map::of({{Value("trusted"), Value(status.clock.trusted)}}));
  health.append("outbox", Map::of({{Value("entries"), whole(status.outbox.entries)},
                                   {Value("oldest_seconds"), seconds(status.outbox.oldest)},
                                   {Value("dead"), whole(status.outbox.dead)}}));
  health.append("store", Map::of({{Value("bytes"), whole(status.store.bytes)},
                                  {Value("full"), Value(status.store.full)}}));
  return health;
}

Map line_of(model::OriginKind origin, const std::string& id, const std::string& key, Instant at) {
  Map line;
  line.set("time", format_rfc3339(at, Fraction::always));
  line.set(model::name_of(origin), id);
  line.set("key", key);
  return line;
}

// As `replay --all` prints them.
List lines_of(const model::Effects& effects) {
  List lines;
  std::size_t told = 0;
  const auto tell_records = [&](std::size_t up_to) {
    for (; told < up_to && told < effects.records.size(); ++told) {
      const model::OutboxRecord& record = effects.records[told];
      Map action;
      action.set("kind", model::name_of(record.kind));
      for (const auto& [key, value] : record.action) action.append(key, value);
      Map line = line_of(record.origin.kind, record.origin.id, record.origin.key, record.decided.wall);
      line.set("action", std::move(action));
      lines.emplace_back(std::move(line));
    }
  };
  for (const model::LedgerEntry& entry : effects.ledger) {
    tell_records(entry.after_records);
    if (entry.what != "suppressed" && entry.what != "error" && entry.what != "late") continue;
    Map line = line_of(entry.origin, entry.id, entry.key, entry.at);
    line.set("suppressed", entry.what == "suppressed" ? entry.reason : entry.what);
    lines.emplace_back(std::move(line));
  }
  tell_records(effects.records.size());
  return lines;
}

List items_of(Value document) {
  List* list = document.get_if<List>();
  return list == nullptr ? List() : std::move(*list);
}

}  // namespace

Moment Agent::now() const {
  return parts_.loop.now();
}

std::string Agent::why_not_ready() const {
  if (!failure_.empty()) return failure().message();
  if (!engine_) return "starting";
  if (parts_.bus == nullptr) return {};
  if (!bus_connected_)
    return "not connected to the broker" + (bus_problem_.empty() ? "" : ": " + bus_problem_);
  if (!bus_subscribed_) return "not yet subscribed";
  if (!refused_.empty()) return "the broker refuses the subscription to " + refused_.begin()->first;
  return {};
}

api::AgentStatus Agent::status() const {
  api::AgentStatus status;
  status.version = parts_.version;
  status.device = configuration_.device.name;
  status.reason = why_not_ready();
  status.ready = status.reason.empty();
  status.uptime = parts_.loop.now().elapsed - started_;
  status.mqtt = {.configured = parts_.bus != nullptr,
                 .connected = bus_connected_,
                 .subscribed = bus_subscribed_ && refused_.empty(),
                 .broker = configuration_.mqtt ? configuration_.mqtt->url : std::string(),
                 .problem = bus_problem_,
                 .host_unverified = configuration_.mqtt && configuration_.mqtt->tls.enabled &&
                                    !configuration_.mqtt->tls.verify_host};
  const model::TemporalSettings& temporal = configuration_.temporal;
  status.temporal = {.reachable = temporal_up_,
                     .address = temporal.addresses.empty() ? std::string() : temporal.addresses.front(),
                     .name_space = temporal.name_space,
                     .ui = temporal.ui,
                     .problem = temporal_problem_,
                     .host_unverified = temporal.tls.enabled && !temporal.tls.verify_host};
  status.warnings = warnings_;
  status.clock = {.trusted = clock_trusted_, .time_zone = configuration_.device.time_zone};
  if (!stands()) return status;
  const StoreSize& size = committer_->size();
  status.outbox.entries = size.waiting;
  status.outbox.bytes = size.waiting_bytes;
  status.outbox.dead = size.dead;
  if (const auto oldest = bridge_ ? bridge_->oldest() : std::nullopt) {
    status.outbox.oldest = std::max(Millis{0}, std::chrono::floor<Millis>(parts_.loop.now().wall - *oldest));
  }
  status.store = {.bytes = size.file_bytes,
                  .max_size = limit_,
                  .journal_bytes = journal_->bytes(),
                  .written_bytes_today = written_.today(parts_.loop.now().wall, written_since_start()),
                  .written_bytes_a_day = written_a_day(),
                  .full = full_};
  status.rules = configuration_.rules.size();
  status.schedules = schedule_ids().size();
  for (const model::Count& count : engine_->engine().counts()) {
    if (count.metric == "rule_keys") status.rule_keys[count.label] = count.value;
  }
  return status;
}

// At QoS 0 and not by the outbox: what is not heard is followed by a newer one, and nothing is written.
void Agent::tell_health() {
  if (health_timer_) parts_.loop.cancel(*std::exchange(health_timer_, std::nullopt));
  if (!bus_subscribed_ || stopping_ || !parts_.health_topic) return;
  parts_.bus->publish(parts_.health_topic(configuration_.device.name),
                      json::write(health_of(status(), parts_.loop.now().wall)), 0, true, std::nullopt,
                      [](const Result<void>&) {});
  health_timer_ = parts_.loop.at(parts_.loop.now().elapsed + kHealthEvery, [this] {
    health_timer_.reset();
    tell_health();
  });
}

// An engine counts for itself; what it counted since the last look is added here.
void Agent::add_counts(const engine::Engine& engine) const {
  for (const model::Count& count : engine.counts()) {
    const CountNames names{std::string(count.metric), {count.label, count.second_label}};
    if (count.value == 0) {  // as most are of thousands of schedules
      counted_.erase(names);
      continue;
    }
    std::uint64_t& before = counted_[names];
    // An engine that took over begins at zero.
    const std::uint64_t grown = count.value >= before ? count.value - before : count.value;
    metrics_.count(count.metric, count.label, count.second_label, grown);
    totals_[names] += grown;
    before = count.value;
  }
}

// What is known beforehand stands at zero, so that the first of each shows as a rise.
void Agent::begin_series() {
  const auto begin = [this](std::string_view metric, std::string_view label, std::string_view second = {}) {
    metrics_.count(metric, label, second, 0);
  };
  for (const char* source : {"mqtt", "webhook", "http", "schedule"}) begin("messages_received_total", source);
  for (const char* reason : {"expired", "oldest", "newest", "priority", "dead"}) {
    begin("outbox_dropped_total", reason);
  }
  using enum model::ActionKind;
  for (const auto kind :
       {start, signal, signal_with_start, cancel, terminate, complete, fail, heartbeat, publish}) {
    for (const char* outcome : {"ok", "already", "already_running", "retry", "dead"}) {
      begin("bridge_requests_total", model::name_of(kind), outcome);
    }
  }
}

const api::Metrics& Agent::metrics() const {
  if (!stands()) return metrics_;
  add_counts(engine_->engine());
  const IntakeCounts intake = intake_.counts();
  metrics_.count("messages_received_total", "mqtt", {}, intake.received - intake_counted_.received);
  if (const std::uint64_t dropped = intake.dropped - intake_counted_.dropped; dropped > 0) {
    metrics_.count("outbox_dropped_total", "newest", {}, dropped);
  }
  intake_counted_ = intake;
  return metrics_;
}

// With the figures of /metrics: a reload does not take them back.
List Agent::rules() const {
  if (!stands()) return {};
  add_counts(engine_->engine());
  List documents = items_of(engine_->engine().describe_rules());
  for (Value& document : documents) {
    Map& rule = *document.get_if<Map>();
    const std::string id = *rule.find("id")->text();
    const auto total = [&](const char* metric) {
      const auto found = totals_.find({metric, {id, {}}});
      return found == totals_.end() ? std::int64_t{0} : static_cast<std::int64_t>(found->second);
    };
    rule.set("matched", total("rule_matched_total"));
    rule.set("fired", total("rule_fired_total"));
    Map suppressed;
    for (const auto& [names, count] : totals_) {
      if (names.first != "rule_suppressed_total" || names.second.first != id || count == 0) continue;
      suppressed.append(names.second.second, static_cast<std::int64_t>(count));
    }
    rule.set("suppressed", std::move(suppressed));
  }
  return documents;
}

List Agent::rule_keys(const std::string& rule, std::size_t limit) const {
  if (!stands()) return {};
  return items_of(engine_->engine().describe_keys(rule, limit));
}

std::vector<std::string> Agent::schedule_ids() const {
  if (!stands()) return {};
  return engine_->engine().schedule_ids();
}

std::optional<Map> Agent::schedule_document(const std::string& id) const {
  if (!stands()) return std::nullopt;
  return engine_->engine().describe_schedule(id, engine_->now());
}

Result<std::vector<std::string>> Agent::next_times(const std::string& schedule, std::size_t count) const {
  if (!stands()) return failure();
  auto times = engine_->engine().next_times(schedule, engine_->now(), count);
  if (!times) return Error(ErrorKind::not_found, "no such schedule");
  return *std::move(times);
}

// A second engine of the same state takes the message and is forgotten.
Result<Value> Agent::dry_run(const model::Message& message) const {
  if (!stands()) return failure();
  std::vector<model::Problem> problems;
  const auto trial = engine::Engine::create(configuration_, parts_.zones, problems);
  if (!trial) return Error(ErrorKind::internal, "the rules in force do not compile");
  for (const model::StateChange& kept : engine_->engine().everything()) {
    if (kept.bytes) trial->restore(kept.owner, kept.key, *kept.bytes);
  }
  const Moment present = engine_->now();
  model::Effects effects;
  trial->begin(present);
  engine_->known().tell(*trial, present, effects);
  effects = {};
  model::Message taken = message;
  if (taken.id.empty()) taken.id = "dry-run";
  trial->take(taken, present, effects);
  return Value(lines_of(effects));
}

std::vector<api::Delivery> Agent::deliveries() const {
  return {deliveries_.begin(), deliveries_.end()};
}

}  // namespace sundial::runtime

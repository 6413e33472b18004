// The desk's hands.
#include "tests/agent/core/engine/desk.hpp"

#include <gtest/gtest.h>

#include "agent/config/load.hpp"
#include "platform/json/json.hpp"

namespace sundial::engine {
namespace {

config::Loaded load(const std::string& rules, const ZoneSource& zones) {
  const std::string text = "[device]\nname = \"pi\"\ntime_zone = \"Europe/Berlin\"\n" + rules;
  config::Sources sources;
  sources.config_file = "sundial.toml";
  sources.host_name = "host";
  sources.system_time_zone = "UTC";
  sources.zones = &zones;
  sources.look_at_files = false;
  sources.files = config::system_files();
  sources.files.read = [text](const std::string&, std::size_t) { return Result<std::string>(text); };
  sources.files.list = [](const std::string&) {
    return Result<std::vector<std::string>>(std::vector<std::string>{});
  };
  sources.files.exists = [](const std::string& path) { return path == "sundial.toml"; };
  return config::load(sources);
}

std::string time_text(Instant instant) {
  return format_rfc3339(instant, Fraction::always);
}

std::string short_time(Instant instant) {
  const std::string text = time_text(instant);
  return text.starts_with("2026-03-10T") ? text.substr(11, 12) : text;
}

std::string line_of(const model::OutboxRecord& record) {
  const Value* args = record.action.find("args");
  const bool plain = record.kind == model::ActionKind::signal && args != nullptr;
  return short_time(record.decided.wall) + " " + record.origin.key + " " +
         (plain ? json::write(*args) : std::string(model::name_of(record.kind)) + json::write(record.action));
}

}  // namespace

std::vector<std::string> problems_of(const std::string& rules) {
  const auto zones = system_zones();
  config::Loaded loaded = load(rules, *zones);
  std::vector<model::Problem> problems = loaded.problems;
  static_cast<void>(Engine::create(loaded.configuration, *zones, problems));
  std::vector<std::string> lines;
  for (const model::Problem& problem : problems) lines.push_back(model::format_problem(problem));
  return lines;
}

Desk::Desk(const std::string& rules) {
  make(rules);
}
Desk::~Desk() = default;

void Desk::make(const std::string& rules) {
  config::Loaded loaded = load(rules, *zones_);
  std::vector<model::Problem> problems = loaded.problems;
  configuration_ = std::move(loaded.configuration);
  engine_ = Engine::create(configuration_, *zones_, problems);
  for (const model::Problem& problem : problems) ADD_FAILURE() << model::format_problem(problem);
}

Moment Desk::moment(std::string_view time) const {
  std::string text(time);
  if (text.find('T') == std::string::npos) text = "2026-03-10T" + text + "Z";
  const Instant wall = *parse_rfc3339(text);
  return {wall, Elapsed{wall.time_since_epoch() - offset_}};
}

void Desk::take(const model::Input& input, Moment at) {
  if (!begun_) engine_->begin(at);
  if (!begun_) committed_at_ = at;
  begun_ = true;
  now_ = at;
  engine_->take(input, at, effects_);
  since_commit_.emplace_back(input, at);
  note();
}

Desk& Desk::hear(std::string_view time, const std::string& topic, const std::string& payload,
                 const model::Message& like) {
  model::Message message = like;
  if (message.id.empty()) message.id = "m" + std::to_string(++count_);
  message.topic = topic;
  message.payload = payload;
  message.qos = 1;
  take(message, moment(time));
  return *this;
}

Desk& Desk::away(std::string_view time, bool away) {
  take(model::Absence{away}, moment(time));
  return *this;
}

Desk& Desk::until(std::string_view time) {
  now_ = moment(time);
  engine_->advance(now_, effects_);
  note();
  return *this;
}

Desk& Desk::finish() {
  while (const std::optional<Instant> due = engine_->next_rule_timer()) {
    now_ = {*due, Elapsed{due->time_since_epoch() - offset_}};
    engine_->advance(now_, effects_);
    note();
  }
  return *this;
}

Desk& Desk::step_clock(std::string_view time) {
  const Moment before = now_;
  const Instant wall = moment(time).wall;
  offset_ = wall.time_since_epoch() - before.elapsed.time_since_epoch();
  take(model::ClockStep{before.wall}, {wall, before.elapsed});
  return *this;
}

Desk& Desk::reset(const std::string& rule, std::optional<std::string> key) {
  take(model::ResetKeys{rule, std::move(key)}, now_);
  return *this;
}

Desk& Desk::reload(const std::string& rules) {
  config::Loaded next = load(rules, *zones_);
  engine_->retire(next.configuration, now_, effects_);
  note();
  const std::vector<model::StateChange> all = engine_->everything();
  make(rules);
  for (const model::StateChange& row : all) engine_->restore(row.owner, row.key, *row.bytes);
  engine_->begin(now_);
  return *this;
}

void Desk::commit() {
  for (model::StateChange& change : engine_->collect()) {
    if (change.bytes) {
      store_[{change.owner, change.key}] = *change.bytes;
    } else {
      store_.erase({change.owner, change.key});
    }
  }
  for (const model::OutboxRecord& record : uncommitted_) {
    committed_records_.push_back(line_of(record) + " " + record.request_id + " " + record.lane);
  }
  uncommitted_.clear();
  since_commit_.clear();
  committed_at_ = now_;
}

void Desk::crash() {
  std::vector<model::Problem> problems;
  engine_ = Engine::create(configuration_, *zones_, problems);
  for (const auto& [place, bytes] : store_) engine_->restore(place.first, place.second, bytes);
  engine_->begin(committed_at_);
  uncommitted_.clear();
  const auto again = std::exchange(since_commit_, {});
  const Moment now = now_;
  for (const auto& [input, at] : again) take(input, at);
  engine_->advance(now, effects_);
  now_ = now;
  note();
}

void Desk::note() {
  std::size_t told = 0;
  const auto until = [&](std::size_t end) {
    for (; told < end; ++told) {
      told_.push_back(line_of(effects_.records[told]));
      uncommitted_.push_back(effects_.records[told]);
    }
  };
  for (const model::LedgerEntry& entry : effects_.ledger) {
    until(entry.after_records);
    ++ledger_[entry.what + "/" + entry.reason];
    if (entry.what != "suppressed" && entry.what != "error") continue;
    told_.push_back(short_time(entry.at) + " " + entry.key + " -" +
                    (entry.what == "error" ? "error" : entry.reason));
  }
  until(effects_.records.size());
  effects_ = {};
}

std::vector<std::string> Desk::told() {
  return std::exchange(told_, {});
}

std::vector<std::string> Desk::records() {
  commit();
  return std::exchange(committed_records_, {});
}

std::string Desk::store_dump() const {
  std::string text;
  for (const auto& [place, bytes] : store_) text += place.first + " " + place.second + " " + bytes + "\n";
  return text;
}

std::map<std::string, int> Desk::ledger() const {
  return ledger_;
}

}  // namespace sundial::engine

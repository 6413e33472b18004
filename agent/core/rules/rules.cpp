// Dispatch, order and the clock of all rules.
#include "agent/core/rules/rules.hpp"

#include <algorithm>

namespace sundial::rules {
namespace {

constexpr std::string_view kOwnerPrefix = "rule/";
constexpr std::string_view kClockOwner = "rules";
constexpr std::string_view kClockKey = "clock";

}  // namespace

Rules::Rules(std::vector<CompiledRule> compiled, const expression::DeviceView& device, int mqtt_version,
             Decisions& decisions) {
  std::vector<const CompiledRule*> rules;
  for (CompiledRule& rule : compiled) {
    const auto place = static_cast<std::uint32_t>(runners_.size());
    for (std::uint32_t filter = 0; filter < rule.filters.size(); ++filter) {
      index_.add(rule.filters[filter], {place, filter});
    }
    runners_.push_back(std::make_unique<RuleRunner>(
        std::move(rule), RuleRunner::Surroundings{device, clock_, decisions, timers_changed_}));
    rules.push_back(&runners_.back()->rule());
  }
  plan_ = SubscriptionPlan(rules, mqtt_version);
}

RuleRunner* Rules::find(std::string_view id) const {
  for (const auto& runner : runners_) {
    if (runner->rule().id == id) return runner.get();
  }
  return nullptr;
}

void Rules::restore(std::string_view owner, std::string_view key, std::string_view bytes) {
  if (owner.starts_with(kOwnerPrefix)) {
    if (RuleRunner* runner = find(owner.substr(kOwnerPrefix.size()))) runner->restore(key, bytes);
    return;
  }
  if (owner != kClockOwner || key != kClockKey) return;
  StateReader in(bytes);
  RuleClock read;
  read.away_total = Millis{in.integer()};
  if (in.flag()) read.away_since = in.elapsed();
  if (in.flag()) {
    const Instant wall = in.instant();
    read.returned = Moment{wall, in.elapsed()};
  }
  if (in.done()) clock_ = read;
  saved_clock_ = std::string(bytes);
}

void Rules::begin(Moment now) {
  set_clock(now);
  timers_changed_ = true;
  for (const auto& runner : runners_) runner->begin();
}

void Rules::set_clock(Moment now) {
  const Millis offset = now.wall.time_since_epoch() - now.elapsed.time_since_epoch();
  timers_changed_ = timers_changed_ || offset != clock_.offset;
  clock_.offset = offset;
}

std::optional<Instant> Rules::next_due() const {
  if (!std::exchange(timers_changed_, false)) return next_;
  next_.reset();
  for (const auto& runner : runners_) {
    const std::optional<Instant> due = runner->next_due();
    if (due && (!next_ || *due < *next_)) next_ = due;
  }
  return next_;
}

void Rules::work_off(Instant due) {
  for (const auto& runner : runners_) {
    if (runner->next_due() == due) runner->work_off(due);
  }
}

void Rules::take(const model::Message& message, Moment now) {
  LiveMessage live(message, now, levels_);
  if (message.webhook) {
    for (const auto& runner : runners_) {
      if (runner->rule().webhook == message.topic) runner->take(live, 0);
    }
    return;
  }
  index_.match(live.levels(), matched_);
  for (const FilterIndex::Entry& entry : matched_) {
    if (!plan_.counts(entry.rule, live.levels(), message.subscription_ids)) continue;
    runners_[entry.rule]->take(live, entry.filter);
  }
}

void Rules::absence(bool away, Moment now) {
  if (away == clock_.away_since.has_value()) return;
  timers_changed_ = true;
  if (away) {
    clock_.away_since = now.elapsed;
    return;
  }
  clock_.away_total = clock_.away_until(now.elapsed);
  clock_.away_since.reset();
  clock_.returned = now;
  for (const auto& runner : runners_) runner->returned();
}

void Rules::clock_stepped(Instant before, Moment now) {
  const Moment last{before, now.elapsed};
  for (const auto& runner : runners_) runner->clock_stepped(last, now.wall);
}

void Rules::reset(const std::string& rule, const std::optional<std::string>& key) {
  if (RuleRunner* runner = find(rule)) runner->reset(key);
}

void Rules::retire(const std::string& rule, Moment now) {
  RuleRunner* runner = find(rule);
  if (runner == nullptr) return;
  runner->close_all(now);
  runner->reset(std::nullopt);
}

std::optional<Instant> Rules::next_wall() const {
  std::optional<Instant> next;
  for (const auto& runner : runners_) {
    if (runner->timer_clock() != TimerClock::wall) continue;
    const std::optional<Instant> due = runner->next_due();
    if (due && (!next || *due < *next)) next = due;
  }
  return next;
}

std::optional<Elapsed> Rules::next_elapsed() const {
  std::optional<Elapsed> next;
  for (const auto& runner : runners_) {
    if (runner->timer_clock() == TimerClock::wall) continue;
    const std::optional<Instant> due = runner->next_due();
    if (due && (!next || clock_.elapsed_of(*due) < *next)) next = clock_.elapsed_of(*due);
  }
  return next;
}

model::StateChange Rules::clock_row() const {
  StateWriter out;
  out.integer(clock_.away_total.count());
  out.flag(clock_.away_since.has_value());
  if (clock_.away_since) out.elapsed(*clock_.away_since);
  out.flag(clock_.returned.has_value());
  if (clock_.returned) out.instant(clock_.returned->wall), out.elapsed(clock_.returned->elapsed);
  return {std::string(kClockOwner), std::string(kClockKey), out.take()};
}

std::vector<model::StateChange> Rules::collect() {
  std::vector<model::StateChange> changes;
  for (const auto& runner : runners_) runner->collect(changes);
  model::StateChange clock = clock_row();
  if (*clock.bytes != saved_clock_ && (clock_.away_since || clock_.returned)) {
    saved_clock_ = *clock.bytes;
    changes.push_back(std::move(clock));
  }
  return changes;
}

std::vector<model::StateChange> Rules::everything() const {
  std::vector<model::StateChange> changes;
  for (const auto& runner : runners_) runner->everything(changes);
  changes.push_back(clock_row());
  return changes;
}

}  // namespace sundial::rules

// The state of a rule's keys as rows of the store, and as people see it.
#include <algorithm>

#include "agent/core/rules/rule_runner.hpp"

namespace sundial::rules {
namespace {

constexpr char kKeyPrefix = 'k';
constexpr std::uint8_t kVersion = 1;

enum Has : std::uint16_t {
  kFired = 1,
  kReference = 2,
  kPrevious = 4,
  kFiredTime = 8,
  kFiredPayload = 16,
  kUnique = 32,
  kWindow = 64,
  kQuiet = 128,
};

std::uint64_t parts_of(const KeyState& state) {
  std::uint64_t has = 0;
  if (state.last_fired) has |= kFired;
  if (state.reference) has |= kReference;
  if (state.history && state.history->previous) has |= kPrevious;
  if (state.history && state.history->fired_time) has |= kFiredTime;
  if (state.history && state.history->fired_payload) has |= kFiredPayload;
  if (state.unique) has |= kUnique;
  if (state.window) has |= kWindow;
  if (state.quiet) has |= kQuiet;
  return has;
}

}  // namespace

std::string RuleRunner::encode(const KeyState& state) const {
  StateWriter out;
  const std::uint64_t has = parts_of(state);
  out.byte(kVersion);
  out.natural(has);
  out.natural(state.heard);
  out.integer(state.count);
  out.byte(static_cast<std::uint8_t>(state.stretch));
  out.byte(static_cast<std::uint8_t>(state.silence));
  out.elapsed(state.since);
  out.integer(state.away_before.count());
  out.text(state.last);
  if ((has & kFired) != 0) out.elapsed(*state.last_fired);
  if ((has & kReference) != 0) out.value(*state.reference);
  if (state.history) out.natural(state.history->bytes);
  if ((has & kPrevious) != 0) out.value(*state.history->previous);
  if ((has & kFiredTime) != 0) out.instant(*state.history->fired_time);
  if ((has & kFiredPayload) != 0) out.value(*state.history->fired_payload);
  if ((has & kUnique) != 0) state.unique->encode(out);
  if ((has & kWindow) != 0) state.window->encode(out);
  return out.take();
}

void RuleRunner::restore(std::string_view key, std::string_view bytes) {
  if (key.starts_with(RetainedMemory::kPrefix)) {
    retained_.restore(bytes);
    return;
  }
  if (!key.starts_with(kKeyPrefix) || !rule_.stateful() || keys_.find(key.substr(1)) != nullptr) return;
  StateReader in(bytes);
  if (in.byte() != kVersion) return;
  KeyState read;
  const std::uint64_t has = in.natural();
  read.heard = in.natural();
  read.count = in.integer();
  read.stretch = static_cast<Stretch>(std::min<std::uint8_t>(in.byte(), 2));
  read.silence = static_cast<Silence>(std::min<std::uint8_t>(in.byte(), 3));
  read.since = in.elapsed();
  read.away_before = Millis{in.integer()};
  read.last = std::string(in.text());
  read.quiet = (has & kQuiet) != 0;
  if ((has & kFired) != 0) read.last_fired = in.elapsed();
  if ((has & kReference) != 0) read.reference = std::make_unique<Value>(in.value());
  if ((has & (kPrevious | kFiredTime | kFiredPayload)) != 0) {
    read.history = std::make_unique<History>();
    read.history->bytes = static_cast<std::size_t>(in.natural());
    if ((has & kPrevious) != 0) read.history->previous = in.value();
    if ((has & kFiredTime) != 0) read.history->fired_time = in.instant();
    if ((has & kFiredPayload) != 0) read.history->fired_payload = in.value();
  }
  if ((has & kUnique) != 0) read.unique = std::make_unique<UniqueMemory>(UniqueMemory::decode(in));
  if ((has & kWindow) != 0 && rule_.window) read.window = WindowState::decode(*rule_.window, in);
  if (!in.done()) return;
  KeyState& state = keys_.create(key.substr(1));
  read.key = state.key;
  read.older = state.older;
  read.newer = state.newer;
  read.dirty = true;
  state = std::move(read);
}

// After all rows are read and the clock is set.
void RuleRunner::begin() {
  retained_.begin();
  keys_.sort_by_hearing();
  static_cast<void>(keys_.take_dirty());
  static_cast<void>(keys_.take_erased());
  for (KeyState* state : keys_in_order()) {
    if (state->unique && state->unique->size() > 0) {
      unique_total_ += state->unique->size();
      unique_order_ = std::max(unique_order_, state->unique->last_order());
      first_seen_.place(state);
    }
    set_timer(*state);
  }
}

void RuleRunner::collect(std::vector<model::StateChange>& changes) {
  const std::string name = owner();
  for (const std::string& key : keys_.take_erased()) {
    if (keys_.find(key) == nullptr) changes.push_back({name, kKeyPrefix + key, std::nullopt});
  }
  for (const KeyState* state : keys_.take_dirty()) {
    changes.push_back({name, kKeyPrefix + std::string(state->key), encode(*state)});
  }
  retained_.collect(name, changes);
}

void RuleRunner::everything(std::vector<model::StateChange>& changes) const {
  const std::string name = owner();
  for (const KeyState* state : keys_in_order()) {
    changes.push_back({name, kKeyPrefix + std::string(state->key), encode(*state)});
  }
  retained_.everything(name, changes);
}

void RuleRunner::reset(const std::optional<std::string>& key) {
  if (key) {
    if (KeyState* state = keys_.find(*key)) forget(*state);
    return;
  }
  while (keys_.oldest() != nullptr) forget(*keys_.oldest());
  retained_.clear();
}

Value RuleRunner::describe_keys(std::size_t limit) const {
  List list;
  keys_.each([&](const KeyState& state) {
    if (list.size() >= limit) return;
    Map one;
    one.append("key", state.key);
    if (rule_.uses_state) one.append("count", state.count);
    if (rule_.hold) one.append("holding", state.stretch == Stretch::running);
    if (rule_.silent_for)
      one.append("silent", state.silence == Silence::fired || state.silence == Silence::missed);
    if (rule_.clear_when) one.append("quiet", state.quiet);
    if (state.last_fired)
      one.append("fired", format_rfc3339(clock_.wall_of(*state.last_fired), Fraction::always));
    if (const std::optional<std::int64_t> due = due_of(state)) {
      const Instant at =
          timer_clock_ == TimerClock::wall ? Instant{Millis{*due}} : clock_.wall_of(Elapsed{Millis{*due}});
      one.append("due", format_rfc3339(at, Fraction::always));
    }
    if (state.unique) one.append("seen", static_cast<std::int64_t>(state.unique->size()));
    if (state.window) {
      std::int64_t messages = 0;
      for (const Pane& pane : state.window->panes) messages += static_cast<std::int64_t>(pane.messages);
      one.append("window", Map::of({{Value("messages"), Value(messages)}}));
    }
    one.append("weight", static_cast<std::int64_t>(state.weight));
    list.emplace_back(std::move(one));
  });
  return list;
}

}  // namespace sundial::rules

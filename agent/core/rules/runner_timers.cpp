// When a rule's keys are due, and what happens then; absences and steps of the clock.
#include <algorithm>

#include "agent/core/rules/rule_runner.hpp"

namespace sundial::rules {

std::optional<std::int64_t> RuleRunner::window_due(const KeyState& state) const {
  if (!state.window) return std::nullopt;
  const WindowState& window = *state.window;
  const CompiledWindow& compiled = *rule_.window;
  if (compiled.by_event_time()) {
    const std::optional<Instant> end = first_open_end(window);
    if (!end) return std::nullopt;
    return quiet_due(window, *end).time_since_epoch().count();
  }
  if (window.panes.empty()) return std::nullopt;
  switch (compiled.kind) {
    case WindowKind::period:
      return next_end(window)->time_since_epoch().count();
    case WindowKind::session:
      return (window.panes.front().timer + compiled.gap).time_since_epoch().count();
    case WindowKind::batch:
    case WindowKind::event_session:
    case WindowKind::event_period:
      break;
  }
  if (!compiled.timeout) return std::nullopt;
  return (window.panes.front().timer + *compiled.timeout).time_since_epoch().count();
}

std::optional<std::int64_t> RuleRunner::due_of(const KeyState& state) const {
  if (rule_.window) return window_due(state);
  if (rule_.hold) {
    if (state.stretch != Stretch::running) return std::nullopt;
    const Millis away = clock_.away_total - state.timing().away_before;
    return (state.timing().since + *rule_.hold + away).time_since_epoch().count();
  }
  if (!rule_.silent_for || state.silence != Silence::listening) return std::nullopt;
  const Elapsed since = state.timing().since;
  const Elapsed from = clock_.returned ? std::max(since, clock_.returned->elapsed) : since;
  return (from + *rule_.silent_for).time_since_epoch().count();
}

void RuleRunner::set_timer(KeyState& state) {
  if (timer_clock_ == TimerClock::none) return;
  const std::optional<std::int64_t> due = due_of(state);
  if (!due && state.timer_place == kNowhere) return;
  if (due && state.timer_place != kNowhere && state.due == *due) return;
  const bool was_first = state.timer_place == 0;
  if (due) {
    state.due = *due;
    timers_.place(&state);
  } else {
    timers_.remove(&state);
  }
  timers_changed_ = timers_changed_ || was_first || state.timer_place == 0;
}

std::optional<Instant> RuleRunner::next_due() const {
  if (timers_.empty()) return std::nullopt;
  if (timer_clock_ == TimerClock::presence && clock_.away_since) return std::nullopt;
  const Millis due{timers_.top()->due};
  return timer_clock_ == TimerClock::wall ? Instant{due} : clock_.wall_of(Elapsed{due});
}

void RuleRunner::work_off(Instant due) {
  const Moment at{due, clock_.elapsed_of(due)};
  while (next_due() == due) work_off(*timers_.top(), at);
}

void RuleRunner::work_off(KeyState& state, Moment at) {
  if (rule_.hold) {
    end_hold(state, at);
  } else if (rule_.silent_for) {
    end_silence(state, at);
  } else {
    close_by_timer(state, at);
  }
  keys_.weigh(state);
  set_timer(state);
}

void RuleRunner::clock_stepped(Moment before, Instant after) {
  if (timer_clock_ != TimerClock::wall) return;
  for (KeyState* state : keys_in_order()) {
    if (!state->window || state->window->panes.empty()) continue;
    if (rule_.window->periods->containing(before.wall).holds(after)) continue;
    keys_.mark(*state);
    close_everything(*state, {Closing::Why::time, before, {}, nullptr});
    keys_.weigh(*state);
    set_timer(*state);
  }
}

void RuleRunner::returned() {
  if (timer_clock_ != TimerClock::presence) return;
  for (KeyState* state : timers_.items()) state->due = due_of(*state).value_or(state->due);
  timers_.rebuild();
}

void RuleRunner::close_all(Moment now) {
  if (!rule_.window) return;
  for (KeyState* state : keys_in_order()) {
    if (!state->window) continue;
    keys_.mark(*state);
    close_everything(*state, {Closing::Why::reload, now, {}, nullptr});
    set_timer(*state);
  }
}

std::vector<KeyState*> RuleRunner::keys_in_order() const {
  std::vector<KeyState*> all;
  all.reserve(keys_.size());
  keys_.each([&](KeyState& state) { all.push_back(&state); });
  std::sort(all.begin(), all.end(),
            [](const KeyState* left, const KeyState* right) { return left->key() < right->key(); });
  return all;
}

}  // namespace sundial::rules

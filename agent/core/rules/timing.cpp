// Timing of single messages: clear_when, hold, change, cooldown, and silence.
#include <cmath>
#include <limits>

#include "agent/core/expression/value_semantics.hpp"
#include "agent/core/rules/rule_runner.hpp"

namespace sundial::rules {
namespace {

// How far two numbers are apart, at least `by`; a sum of decimals such as 20.4 - 20.3 may lie a
// rounding error below.
bool moved(const Number& now, const Number& before, double by, bool percent) {
  if (now.whole() && before.whole() && !percent) {
    const auto high = static_cast<std::uint64_t>(std::max(now.integer(), before.integer()));
    const auto low = static_cast<std::uint64_t>(std::min(now.integer(), before.integer()));
    return static_cast<double>(high - low) >= by;
  }
  const double distance = std::fabs(now.real() - before.real());
  const double rounding =
      2 * std::numeric_limits<double>::epsilon() * std::max(std::fabs(now.real()), std::fabs(before.real()));
  if (percent) return (distance + rounding) * 100.0 >= by * std::fabs(before.real());
  return distance + rounding >= by;
}

}  // namespace

void RuleRunner::time_message(Incoming& in) {
  KeyState& state = *in.state;
  const bool free = is_free(state, in.holds, in.bindings, in.id(), in.now.wall);
  if (rule_.hold) {
    follow_stretch(in, !free);
    return;
  }
  if (!in.holds || !free) return;
  actions::Firing fired = firing(actions::Firing::Kind::message, state.key(), in.now.wall);
  fired.message_id = in.id();
  judge_and_fire(state, fired, in.bindings, in.event, in.now);
}

// Whether `clear_when` lets this message, or this window, go on. What clears does not fire itself.
bool RuleRunner::is_free(KeyState& state, bool fires, const expression::Bindings& bindings,
                         std::string_view event, Instant at) {
  if (!state.quiet) return true;
  if (holds(rule_.clear_when, "clear_when", state.key(), event, bindings)) {
    state.quiet = false;
    keys_.mark(state);
  }
  if (fires) note(state.key(), event, "clear_when", at);
  return false;
}

void RuleRunner::follow_stretch(Incoming& in, bool stopped) {
  KeyState& state = *in.state;
  if (!in.holds) {
    if (state.stretch == Stretch::none) return;
    if (state.stretch == Stretch::running) note(state.key(), in.id(), "hold", in.now.wall);
    state.stretch = Stretch::none;
    state.timing().last.clear();
    keys_.mark(state);
    return;
  }
  if (stopped || state.stretch == Stretch::spent) return;
  if (state.stretch == Stretch::none) {
    state.stretch = Stretch::running;
    state.timing().since = in.now.elapsed;
    state.timing().away_before = clock_.away_until(in.now.elapsed);
  }
  state.timing().last.assign(remember(in.event));
  keys_.mark(state);
}

void RuleRunner::end_hold(KeyState& state, Moment at) {
  const KeptText last = std::exchange(state.timing().last, {});
  state.stretch = Stretch::spent;
  keys_.mark(state);
  const RecalledEvent recalled(rule_, last.view());
  const expression::Bindings bindings = recalled.event().bindings(rule_, device_, at.wall);
  judge_and_fire(state, firing(actions::Firing::Kind::timer, state.key(), at.wall), bindings,
                 recalled.event(), at);
}

// Whether `change` lets it pass; `value` becomes the reference once something fires or enters.
bool RuleRunner::changed(const KeyState& state, const expression::Bindings& bindings, std::string_view event,
                         Instant at, std::unique_ptr<Value>& value) {
  Result<Value> now = rule_.change->of.evaluate(bindings);
  if (!now) {
    note(state.key(), event, "error", at, "change: " + now.error().message());
    return false;
  }
  value = std::make_unique<Value>(*std::move(now));
  const Value* reference = state.timing().reference.get();
  if (reference == nullptr) return true;
  bool passes = !expression::equal(*value, *reference);
  const std::optional<Number> number = Number::of(*value);
  const std::optional<Number> before = Number::of(*reference);
  if (passes && rule_.change->by && number && before) {
    passes = moved(*number, *before, *rule_.change->by, rule_.change->percent);
  }
  if (!passes) note(state.key(), event, "change", at);
  return passes;
}

bool RuleRunner::cools_down(const KeyState& state, Moment at) const {
  const std::optional<Elapsed>& last = state.timing().last_fired;
  return rule_.cooldown && last && at.elapsed - *last < *rule_.cooldown;
}

void RuleRunner::judge_and_fire(KeyState& state, const actions::Firing& firing,
                                const expression::Bindings& bindings, const Event& event, Moment at) {
  std::unique_ptr<Value> value;
  const bool judges_change = rule_.change && (!rule_.window || rule_.change->of_window);
  if (judges_change && !changed(state, bindings, firing.message_id, at.wall, value)) return;
  if (cools_down(state, at)) {
    note(state.key(), firing.message_id, "cooldown", at.wall);
    return;
  }
  if (value) state.timing().reference = std::move(value);
  fire(&state, firing, bindings, event, at);
}

void RuleRunner::hear(Incoming& in) {
  KeyState& state = *in.state;
  const Silence before = std::exchange(state.silence, Silence::listening);
  state.timing().since = in.now.elapsed;
  state.timing().last.assign(remember(in.event));
  keys_.mark(state);
  if (before != Silence::fired || rule_.back.empty()) return;
  actions::Firing fired = firing(actions::Firing::Kind::back, state.key(), in.now.wall);
  fired.message_id = in.id();
  decisions_.fired({rule_, true, fired, in.bindings, in.now});
}

void RuleRunner::end_silence(KeyState& state, Moment at) {
  state.silence = Silence::missed;
  keys_.mark(state);
  if (cools_down(state, at)) {
    note(state.key(), {}, "cooldown", at.wall);
    return;
  }
  state.silence = Silence::fired;
  const RecalledEvent recalled(rule_, state.timing().last.view());
  const expression::Bindings bindings = recalled.event().bindings(rule_, device_, at.wall);
  fire(&state, firing(actions::Firing::Kind::timer, state.key(), at.wall), bindings, recalled.event(), at);
}

}  // namespace sundial::rules

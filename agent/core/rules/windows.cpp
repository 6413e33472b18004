// How windows fill by arrival, how all windows close, and how the closed ones are judged.
#include <algorithm>

#include "agent/core/rules/rule_runner.hpp"

namespace sundial::rules {

void RuleRunner::enter_window(Incoming& in) {
  KeyState& state = *in.state;
  std::unique_ptr<Value> reference;
  const bool chooses = rule_.change && !rule_.change->of_window;
  if (chooses && !changed(state, in.bindings, in.id(), in.now.wall, reference)) return;
  keys_.mark(state);
  if (!state.window) state.window = std::make_unique<WindowState>(*rule_.window);
  if (rule_.window->by_event_time()) {
    const std::optional<Instant> time = event_time(in);
    if (!time) return;
    if (!enter_by_event_time(in, *state.window, *time)) return;
  } else {
    enter_by_arrival(in, *state.window);
  }
  if (reference) state.timing().reference = std::move(reference);
}

void RuleRunner::add(Incoming& in, WindowState& window, Pane& pane) {
  pane.add(*rule_.window, in.bindings, ++window.order);
  pane.last.assign(remember(in.event));
}

Pane& RuleRunner::open_pane(WindowState& window, Moment now) const {
  const bool by_period = rule_.window->kind == WindowKind::period;
  if (!by_period && !window.panes.empty()) return window.panes.front();
  Pane pane(*rule_.window);
  pane.start = now.wall;
  pane.timer = now.elapsed;
  if (by_period) {
    const Period period = rule_.window->periods->containing(now.wall);
    if (!window.panes.empty() && window.panes.back().end == period.end) return window.panes.back();
    const Instant resumed = window.course ? window.course->resumed : Course::kNever;
    pane.start = period.holds(resumed) ? resumed : period.start;
    pane.end = period.end;
    if (window.course) window.course->resumed = Course::kNever;
  }
  window.panes.push_back(std::move(pane));
  return window.panes.back();
}

void RuleRunner::enter_by_arrival(Incoming& in, WindowState& window) {
  const CompiledWindow& compiled = *rule_.window;
  Pane& pane = open_pane(window, in.now);
  add(in, window, pane);
  if (compiled.kind == WindowKind::session) {
    pane.timer = in.now.elapsed;
    pane.end = in.now.wall + compiled.gap;
  }
  if (!closes_with(in, pane)) return;
  const Pane closed = std::move(pane);
  window.panes.clear();
  if (window.course) window.course->resumed = in.now.wall;
  close(*in.state, closed, closed.start, in.now.wall,
        {Closing::Why::own_message, in.now, in.id(), &in.event});
}

// Whether the window closes with this message in it.
bool RuleRunner::closes_with(const Incoming& in, const Pane& pane) {
  const CompiledWindow& compiled = *rule_.window;
  if (compiled.count && pane.messages >= static_cast<std::uint64_t>(*compiled.count)) return true;
  if (compiled.kind != WindowKind::period && pane.full(compiled)) return true;
  if (!compiled.close_when) return false;
  const WindowFields fields({compiled, pane, in.state->key(), pane.start, in.now.wall}, in.bindings);
  expression::Bindings bindings = in.bindings;
  bindings.window = &fields;
  return holds(compiled.close_when, "close_when", in.state->key(), in.id(), bindings);
}

void RuleRunner::close_by_timer(KeyState& state, Moment at) {
  WindowState& window = *state.window;
  keys_.mark(state);
  const Closing closing{Closing::Why::time, at, {}, nullptr};
  if (rule_.window->by_event_time()) {
    if (const std::optional<Instant> end = first_open_end(window)) close_event_window(state, *end, closing);
    return;
  }
  if (rule_.window->kind != WindowKind::period || rule_.window->steps == 1) {
    const Pane closed = std::move(window.panes.front());
    window.panes.erase(window.panes.begin());
    close(state, closed, closed.start, at.wall, closing);
    return;
  }
  const Instant end = *next_end(window);
  const Instant start = window_start(end);
  const Pane closed = gather(window, start, end);
  window.course->last_end = end;
  std::erase_if(window.panes, [&](const Pane& pane) { return last_end(pane) <= end; });
  close(state, closed, start, end, closing);
}

// The panes of one window, together.
Pane RuleRunner::gather(const WindowState& window, Instant start, Instant end) const {
  std::optional<Pane> whole;
  for (const Pane& pane : window.panes) {
    if (pane.start < start || pane.end > end) continue;
    if (whole) {
      whole->merge(*rule_.window, pane);
    } else {
      whole.emplace(pane);
    }
  }
  return whole ? *std::move(whole) : Pane(*rule_.window);
}

Instant RuleRunner::window_start(Instant end) const {
  const Periods& periods = *rule_.window->periods;
  return periods.earlier(periods.containing(end - Millis{1}), rule_.window->steps - 1).start;
}

// The end of the last window that the pane belongs to.
Instant RuleRunner::last_end(const Pane& pane) const {
  if (rule_.window->steps == 1) return pane.end;
  const Periods& periods = *rule_.window->periods;
  return periods.later(periods.containing(pane.end - Millis{1}), rule_.window->steps - 1).end;
}

// The end of the next window of periods by arrival.
std::optional<Instant> RuleRunner::next_end(const WindowState& window) const {
  if (window.panes.empty()) return std::nullopt;
  const Instant first = window.panes.front().end;
  const Instant last = window.course ? window.course->last_end : Course::kNever;
  if (last < first) return first;
  return rule_.window->periods->containing(last).end;
}

// An eviction, a reload or a step of the clock: all windows that hold a message, by their ends. They
// end now, but those of event time at their own end.
void RuleRunner::close_everything(KeyState& state, const Closing& closing) {
  WindowState& window = *state.window;
  if (rule_.window->by_event_time()) {
    while (const std::optional<Instant> end = first_open_end(window))
      close_event_window(state, *end, closing);
    return;
  }
  while (!window.panes.empty()) {
    if (rule_.window->kind != WindowKind::period || rule_.window->steps == 1) {
      const Pane closed = std::move(window.panes.front());
      window.panes.erase(window.panes.begin());
      close(state, closed, closed.start, closing.at.wall, closing);
      continue;
    }
    const Instant end = *next_end(window);
    const Instant start = window_start(end);
    const Pane closed = gather(window, start, end);
    window.course->last_end = end;
    std::erase_if(window.panes, [&](const Pane& pane) { return last_end(pane) <= end; });
    close(state, closed, start, closing.at.wall, closing);
  }
  if (window.course) window.course->last_end = window.course->resumed = Course::kNever;
}

void RuleRunner::close(KeyState& state, const Pane& pane, Instant start, Instant end,
                       const Closing& closing) {
  std::optional<RecalledEvent> recalled;
  if (closing.own == nullptr) recalled.emplace(rule_, pane.last.view());
  const Event& event = closing.own != nullptr ? *closing.own : recalled->event();
  const expression::Bindings last = event.bindings(rule_, device_, closing.at.wall);
  const WindowFields fields({*rule_.window, pane, state.key(), start, end}, last);
  expression::Bindings bindings = last;
  bindings.window = &fields;
  judge_window(state, bindings, event, firing_of(closing, state.key(), start, end), closing.at);
}

void RuleRunner::judge_window(KeyState& state, const expression::Bindings& bindings, const Event& event,
                              const actions::Firing& firing, Moment at) {
  const bool passes =
      !rule_.having || holds(rule_.having, "having", state.key(), firing.message_id, bindings);
  if (!passes) note(state.key(), firing.message_id, "having", at.wall);
  const bool free = is_free(state, passes, bindings, firing.message_id, at.wall);
  if (passes && free) judge_and_fire(state, firing, bindings, event, at);
}

actions::Firing RuleRunner::firing_of(const Closing& closing, std::string_view key, Instant start,
                                      Instant end) const {
  actions::Firing made = firing(actions::Firing::Kind::window, key, closing.at.wall);
  made.window_start = start;
  made.window_end = end;
  made.message_id = closing.message_id;
  switch (closing.why) {
    case Closing::Why::own_message:
      made.kind = actions::Firing::Kind::message;
      break;
    case Closing::Why::time:
      break;
    case Closing::Why::eviction:
      made.kind = actions::Firing::Kind::evicted_window;
      break;
    case Closing::Why::reload:
      made.kind = actions::Firing::Kind::reload_window;
      made.window_end = closing.at.wall;
      break;
  }
  return made;
}

}  // namespace sundial::rules

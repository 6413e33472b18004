// Windows by the messages' own time: lateness, the newest time, quiet keys, growing sessions.
#include <algorithm>
#include <cmath>

#include "agent/core/rules/rule_runner.hpp"

namespace sundial::rules {
namespace {

// A timestamp, an RFC 3339 text, or seconds since the epoch.
std::optional<Instant> instant_of(const Value& value) {
  if (const auto* stamp = value.get_if<Timestamp>()) {
    return Instant{std::chrono::seconds{stamp->seconds} + Millis{stamp->nanos / 1'000'000}};
  }
  if (const std::string* text = value.text()) {
    const Result<Instant> parsed = parse_rfc3339(*text);
    return parsed ? std::optional(*parsed) : std::nullopt;
  }
  const std::optional<Number> number = Number::of(value);
  constexpr double kFarthest = 253'402'300'800;  // the year 10000
  if (!number || std::fabs(number->real()) > kFarthest) return std::nullopt;
  if (number->whole()) return Instant{std::chrono::seconds{number->integer()}};
  return Instant{Millis{std::llround(std::floor(number->real() * 1000.0 + 1e-4))}};
}

}  // namespace

std::optional<Instant> RuleRunner::event_time(Incoming& in) {
  const Result<Value> value = rule_.window->time->evaluate(in.bindings);
  if (!value) {
    note(in.key, in.id(), "error", in.now.wall, "time: " + value.error().message());
    return std::nullopt;
  }
  const std::optional<Instant> time = instant_of(*value);
  if (!time) {
    note(in.key, in.id(), "error", in.now.wall,
         "time: neither a timestamp, nor an RFC 3339 text, nor seconds since the epoch");
    return std::nullopt;
  }
  if (*time > in.now.wall + rule_.window->ahead) {
    note(in.key, in.id(), "error", in.now.wall, "time: too far in the future");
    return std::nullopt;
  }
  return time;
}

bool RuleRunner::is_closed(const WindowState& window, Instant end) const {
  const Course& course = *window.course;
  if (course.newest && end + rule_.window->lateness <= *course.newest) return true;
  return std::binary_search(course.closed.begin(), course.closed.end(), end);
}

bool RuleRunner::is_late(const WindowState& window, Instant time) const {
  const CompiledWindow& compiled = *rule_.window;
  if (compiled.kind == WindowKind::event_session) {
    return time < window.course->last_end || is_closed(window, time + compiled.gap);
  }
  return !first_open_end(window, compiled.periods->containing(time));
}

bool RuleRunner::enter_by_event_time(Incoming& in, WindowState& window, Instant time) {
  const bool late = is_late(window, time);
  Course& course = *window.course;
  course.arrived = in.now.elapsed;
  course.arrived_wall = in.now.wall;
  if (late) {
    note(in.state->key(), in.id(), "late", in.now.wall);
  } else if (rule_.window->kind == WindowKind::event_session) {
    add_to_session(in, window, time);
  } else {
    add_to_period(in, window, time);
  }
  if (!course.newest || time > *course.newest) {
    // What the new time closes is closed before it counts: `first_open_end` goes by the old one.
    while (const std::optional<Instant> end = first_open_end(window)) {
      if (*end + rule_.window->lateness > time) break;
      close_event_window(*in.state, *end, {Closing::Why::time, in.now, {}, nullptr});
    }
    course.newest = time;
  }
  drop_closed(window);
  return !late;
}

void RuleRunner::add_to_period(Incoming& in, WindowState& window, Instant time) {
  const Period period = rule_.window->periods->containing(time);
  const auto place = std::lower_bound(window.panes.begin(), window.panes.end(), period.start,
                                      [](const Pane& pane, Instant start) { return pane.start < start; });
  if (place != window.panes.end() && place->start == period.start) {
    add(in, window, *place);
    return;
  }
  Pane pane(*rule_.window);
  pane.start = period.start;
  pane.end = period.end;
  add(in, window, *window.panes.insert(place, std::move(pane)));
}

// Joins all sessions that it lies within one gap of; else it is a new one.
void RuleRunner::add_to_session(Incoming& in, WindowState& window, Instant time) {
  const CompiledWindow& compiled = *rule_.window;
  const auto joins = [&](const Pane& pane) { return time < pane.end && time + compiled.gap > pane.start; };
  auto place = std::find_if(window.panes.begin(), window.panes.end(), joins);
  if (place == window.panes.end()) {
    Pane pane(compiled);
    pane.start = time;
    pane.end = time + compiled.gap;
    place = std::lower_bound(window.panes.begin(), window.panes.end(), time,
                             [](const Pane& open, Instant start) { return open.start < start; });
    place = window.panes.insert(place, std::move(pane));
  }
  add(in, window, *place);
  place->start = std::min(place->start, time);
  place->end = std::max(place->end, time + compiled.gap);
  while (place + 1 != window.panes.end() && (place + 1)->start < place->end) {
    place->merge(compiled, *(place + 1));
    window.panes.erase(place + 1);
  }
  if (!place->full(compiled)) return;
  const Pane closed = std::move(*place);
  window.panes.erase(place);
  window.course->last_end = std::max(window.course->last_end, closed.end);
  close(*in.state, closed, closed.start, closed.end, {Closing::Why::own_message, in.now, in.id(), &in.event});
}

// The end of the window that closes next; windows are open as long as something is in them.
std::optional<Instant> RuleRunner::first_open_end(const WindowState& window) const {
  if (window.panes.empty()) return std::nullopt;
  if (rule_.window->kind == WindowKind::event_session) return window.panes.front().end;
  for (const Pane& pane : window.panes) {
    if (const auto end = first_open_end(window, {pane.start, pane.end})) return end;
  }
  return std::nullopt;
}

// Of the windows that this period is a part of. The clock may have closed a later one before an earlier
// one, which nothing was in.
std::optional<Instant> RuleRunner::first_open_end(const WindowState& window, Period period) const {
  for (std::int64_t step = 0; step < rule_.window->steps; ++step) {
    if (!is_closed(window, period.end)) return period.end;
    period = rule_.window->periods->after(period);
  }
  return std::nullopt;
}

void RuleRunner::close_event_window(KeyState& state, Instant end, const Closing& closing) {
  WindowState& window = *state.window;
  if (rule_.window->kind == WindowKind::event_session) {
    const Pane closed = std::move(window.panes.front());
    window.panes.erase(window.panes.begin());
    window.course->last_end = std::max(window.course->last_end, end);
    close(state, closed, closed.start, end, closing);
    return;
  }
  const Instant start = window_start(end);
  const Pane closed = gather(window, start, end);
  std::vector<Instant>& ends = window.course->closed;
  ends.insert(std::upper_bound(ends.begin(), ends.end(), end), end);
  drop_closed(window);
  close(state, closed, start, end, closing);
}

// Forgets what needs no memory: panes of which every window has closed, and ends that the newest
// time has passed anyway.
void RuleRunner::drop_closed(WindowState& window) const {
  if (rule_.window->kind != WindowKind::event_period) return;
  std::erase_if(window.panes, [&](const Pane& pane) {
    return !first_open_end(window, {pane.start, pane.end});
  });
  Course& course = *window.course;
  if (!course.newest) return;
  const Instant passed = *course.newest - rule_.window->lateness;
  course.closed.erase(course.closed.begin(),
                      std::upper_bound(course.closed.begin(), course.closed.end(), passed));
}

// When the clock closes a window of a key that went quiet.
Elapsed RuleRunner::quiet_due(const WindowState& window, Instant end) const {
  const CompiledWindow& compiled = *rule_.window;
  const Millis patience =
      compiled.kind == WindowKind::event_session ? compiled.gap : compiled.periods->length();
  Moment heard{window.course->arrived_wall, window.course->arrived};
  if (clock_.returned && clock_.returned->elapsed > heard.elapsed) heard = *clock_.returned;
  return heard.elapsed + std::max(end - heard.wall, patience) + compiled.lateness;
}

}  // namespace sundial::rules

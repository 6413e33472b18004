// What the book shows: definitions, states, due times to come and what became of the last ones.
#include <algorithm>

#include "agent/core/schedule/book_impl.hpp"
#include "agent/core/schedule/transition.hpp"

namespace sundial::schedule {
namespace {

constexpr std::size_t kShown = 10;

Value tree_of(const model::Node& node);

struct ToValue {
  Value operator()(Null) const { return {}; }
  Value operator()(Instant instant) const { return format_rfc3339(instant, Fraction::when_needed); }
  Value operator()(const model::Array& array) const {
    List list;
    for (const model::Node& element : array) list.push_back(tree_of(element));
    return list;
  }
  Value operator()(const model::Table& table) const {
    Map map;
    for (const model::Entry& entry : table) {
      // A null of a request's body is a key that was left out.
      if (!std::holds_alternative<Null>(entry.value.data)) map.set(entry.key, tree_of(entry.value));
    }
    return map;
  }
  template <typename Scalar>
  Value operator()(const Scalar& scalar) const {
    return scalar;
  }
};

// The depth of a node is bounded where it is read.
Value tree_of(const model::Node& node) {
  return std::visit(ToValue{}, node.data);
}

Value text_of(Instant instant) {
  return format_rfc3339(instant, Fraction::when_needed);
}

List upcoming(const Course& course, Instant after, std::size_t count) {
  List times;
  for (auto due = course.timetable().next(after); due && times.size() < count;
       due = course.timetable().next(*due)) {
    times.emplace_back(format_in_zone(course.timetable().fire_time(*due), course.timetable().zone()));
  }
  return times;
}

Map state_of(const Course& course, const ClockView& clock) {
  const CourseState& state = course.state();
  Map map;
  map.set("paused", state.paused);
  map.set("note", state.note);
  if (state.remaining) map.set("remaining", *state.remaining);
  List running;
  for (const std::string& id : state.running) running.emplace_back(id);
  map.set("running", std::move(running));
  map.set("buffered", static_cast<std::int64_t>(state.buffered.size() + state.undecided.size()));
  map.set("fired", static_cast<std::int64_t>(state.fired));
  map.set("missed", static_cast<std::int64_t>(state.missed));
  map.set("waits_for_clock", course.timetable().has_calendar() && !clock.calendars_run);
  return map;
}

Value view_of(const Course& course, const ClockView& clock, Moment now) {
  const model::ScheduleDefinition& definition = course.definition();
  const Value written = tree_of(definition.source);
  Map map = written.is<Map>() ? *written.get_if<Map>() : Map();
  map.set("id", definition.id);
  map.set("source", course.from_file() ? "file" : "api");
  map.set("state", state_of(course, clock));
  const bool over = course.state().remaining == 0;
  map.set("next", over ? List() : upcoming(course, std::max(now.wall, course.state().cursor), kShown));
  if (const auto note = next_transition_note(course.timetable(), now.wall)) map.set("transition", *note);
  List recent;
  for (const Course::Outcome& outcome : course.recent()) {
    recent.push_back(Map::of({{Value("due"), text_of(outcome.due)},
                              {Value("what"), Value(outcome.what)},
                              {Value("reason"), Value(outcome.reason)}}));
  }
  map.set("recent", std::move(recent));
  return map;
}

}  // namespace

const model::ScheduleDefinition* Book::find(std::string_view id) const {
  const Course* course = impl_->active(id);
  return course == nullptr ? nullptr : &course->definition();
}

bool Book::is_from_file(std::string_view id) const {
  const Course* course = impl_->active(id);
  return course != nullptr && course->from_file();
}

Value Book::describe(Moment now) const {
  List all;
  impl_->for_each_active([&](const Course& course) { all.push_back(view_of(course, impl_->clock, now)); });
  return all;
}

std::optional<Value> Book::describe(std::string_view id, Moment now) const {
  const Course* course = impl_->active(id);
  if (course == nullptr) return std::nullopt;
  return view_of(*course, impl_->clock, now);
}

std::vector<std::string> Book::next_times(std::string_view id, Instant after, std::size_t count) const {
  std::vector<std::string> times;
  const Course* course = impl_->active(id);
  if (course == nullptr) return times;
  for (const Value& time : upcoming(*course, after, count)) times.push_back(*time.text());
  return times;
}

std::vector<model::Count> Book::counts() const {
  std::vector<model::Count> counts;
  impl_->for_each_active([&counts](const Course& course) {
    const std::string& id = course.definition().id;
    counts.push_back({"schedule_fired_total", id, "", course.fired()});
    for (std::size_t i = 0; i < Course::kReasons.size(); ++i) {
      if (course.missed(i) == 0) continue;
      counts.push_back({"schedule_missed_total", id, std::string(Course::kReasons[i]), course.missed(i)});
    }
  });
  return counts;
}

}  // namespace sundial::schedule

// What the book shows: definitions, states, due times to come and what became of the last ones.
#include <algorithm>

#include "agent/core/schedule/book_impl.hpp"
#include "agent/core/schedule/transition.hpp"
#include "platform/json/json.hpp"

namespace sundial::schedule {
namespace {

constexpr std::size_t kShown = 10;

// No more than the runs that remain.
std::vector<std::string> upcoming(const Course& course, Moment now, std::size_t count) {
  const Timetable& timetable = course.timetable();
  const auto remaining = course.state().remaining;
  if (remaining) count = std::min(count, static_cast<std::size_t>(std::max<std::int64_t>(*remaining, 0)));
  std::vector<std::string> times;
  auto due = timetable.next(std::max(now.wall, course.state().cursor));
  for (; due && times.size() < count; due = timetable.next(*due)) {
    times.push_back(format_in_zone(timetable.fire_time(*due), timetable.zone()));
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

Map view_of(const Course& course, const ClockView& clock, Moment now) {
  Map map;
  const auto written = json::parse(course.state().fingerprint);
  const Map* keys = written ? written->get_if<Map>() : nullptr;
  for (const auto& [key, value] : keys == nullptr ? Map() : *keys) {
    if (!value.is_null()) map.append(key, value);  // a null of a request's body is a key that was left out
  }
  map.set("id", std::string(course.id()));
  map.set("source", course.from_file() ? "file" : "api");
  map.set("state", state_of(course, clock));
  const std::vector<std::string> next = upcoming(course, now, kShown);
  map.set("next", List(next.begin(), next.end()));
  if (const auto note = next_transition_note(course.timetable(), now.wall)) map.set("transition", *note);
  return map;
}

}  // namespace

std::vector<std::string> Book::ids() const {
  std::vector<std::string> all;
  for (const auto& [id, slot] : impl_->slots) all.push_back(id);
  return all;
}

std::vector<model::ScheduleDefinition> Book::of_files() const {
  std::vector<const Course*> courses;
  for (const auto& [id, slot] : impl_->slots) {
    if (slot.file) courses.push_back(slot.file.get());
  }
  std::sort(courses.begin(), courses.end(),
            [](const Course* left, const Course* right) { return left->order() < right->order(); });
  std::vector<model::ScheduleDefinition> definitions(courses.size());
  for (std::size_t i = 0; i < courses.size(); ++i) {
    definitions[i].id = courses[i]->id();
    definitions[i].fingerprint = courses[i]->state().fingerprint;
  }
  return definitions;
}

std::optional<Map> Book::describe(std::string_view id, Moment now) const {
  const Course* course = impl_->active(id);
  if (course == nullptr) return std::nullopt;
  return view_of(*course, impl_->clock, now);
}

std::optional<std::vector<std::string>> Book::next_times(std::string_view id, Moment now,
                                                         std::size_t count) const {
  const Course* course = impl_->active(id);
  if (course == nullptr) return std::nullopt;
  return upcoming(*course, now, count);
}

std::vector<model::Count> Book::counts() const {
  std::vector<model::Count> counts;
  impl_->for_each_active([&counts](const Course& course) {
    const std::string id(course.id());
    counts.push_back({"schedule_fired_total", id, "", course.fired()});
    for (std::size_t i = 0; i < Course::kReasons.size(); ++i) {
      if (course.missed(i) == 0) continue;
      counts.push_back({"schedule_missed_total", id, std::string(Course::kReasons[i]), course.missed(i)});
    }
  });
  return counts;
}

}  // namespace sundial::schedule

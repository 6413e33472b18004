// The book: wakes the right course at the right moment, and knows how the clock stands.
#include "agent/core/schedule/book.hpp"

#include <algorithm>
#include <utility>

#include "agent/core/schedule/book_impl.hpp"

namespace sundial::schedule {
namespace {

using std::chrono::seconds;

// After Temporal answers again the ends of runs are asked for; what is still said to run then, runs.
constexpr Millis kLinkSettles = seconds{10};

// A wall clock that is off by so much was set.
constexpr Millis kStepWorthSeeing = seconds{1};

constexpr std::string_view kOwner = "schedule/";

std::string key_of(const Course& course) {
  return course.from_file() ? "file" : "api";
}

}  // namespace

Course* Book::Impl::active(std::string_view id) {
  const auto slot = slots.find(id);
  if (slot == slots.end()) return nullptr;
  return slot->second.file ? slot->second.file.get() : slot->second.api.get();
}

// Compiles one; nothing where there was a problem.
std::unique_ptr<Course> Book::Impl::compile(const model::ScheduleDefinition& definition, bool from_file,
                                            std::vector<model::Problem>& problems) {
  auto times = compile_times(definition, {device, time_zone}, zones, problems);
  std::shared_ptr<const Deeds> deeds;
  if (prepare) {
    // Whoever took in one of the API has checked its actions.
    std::vector<model::Problem> checked_before;
    deeds = prepare(definition, from_file ? problems : checked_before);
  }
  if (!times) return nullptr;
  const std::string& id = slots.try_emplace(definition.id).first->first;
  return std::make_unique<Course>(id, definition, std::move(times->timetable), std::move(deeds), from_file,
                                  next_order++);
}

// Puts the course where its next moment is.
void Book::Impl::enter(Course& course) {
  course.refresh(clock);
  if (course.wall_wake()) {
    wall_wakes.place(&course);
  } else {
    wall_wakes.remove(&course);
  }
  if (course.elapsed_wake()) {
    elapsed_wakes.place(&course);
  } else {
    elapsed_wakes.remove(&course);
  }
}

void Book::Impl::leave(Course& course) {
  wall_wakes.remove(&course);
  elapsed_wakes.remove(&course);
}

void Book::Impl::enter_all() {
  wall_wakes.clear();
  elapsed_wakes.clear();
  for_each_active([this](Course& course) { enter(course); });
}

// Does `act` to the course, and puts it where its next moment is then.
template <typename Act>
void Book::Impl::change(Course& course, Act act) {
  leave(course);
  act(course);
  touched.insert(&course);
  enter(course);
}

void Book::Impl::advance(Moment now, const Hands& hands, model::Effects& effects) {
  say_problems(now, effects);
  const Instant expected = seen.wall + (now.elapsed - seen.elapsed);
  // Nobody said so, or not yet: a due time can be woken by the step before the step is told.
  if (now.wall < expected - kStepWorthSeeing) step(expected, now);
  if (now.wall > expected + kStepWorthSeeing && clock.calendars_run) downtime = {now.wall, now.wall, "clock"};
  seen = now;
  if (!clock.calendars_run && now.elapsed >= wait_ends) end_wait(now);
  if (full) return;
  Scene scene{now, hands, effects, clock, downtime, link_up};
  while (true) {
    if (!elapsed_wakes.empty() && *elapsed_wakes.top()->elapsed_wake() <= now.elapsed) {
      change(*elapsed_wakes.top(), [&scene](Course& course) { course.on_elapsed(scene); });
    } else if (!wall_wakes.empty() && *wall_wakes.top()->wall_wake() <= now.wall) {
      change(*wall_wakes.top(), [&scene](Course& course) { course.on_due(scene); });
    } else {
      break;
    }
  }
  if (link_settles && now.elapsed >= *link_settles) {
    link_settles.reset();
    for_each_active([this, &scene](Course& course) {
      if (course.undecided()) change(course, [&scene](Course& one) { one.decide(scene); });
    });
  }
}

// Schedules of the store that no longer compile are left out, and that is said once.
void Book::Impl::say_problems(Moment now, model::Effects& effects) {
  for (const auto& [id, problem] : stored_problems) {
    model::LedgerEntry entry;
    entry.at = now.wall;
    entry.origin = model::OriginKind::schedule;
    entry.id = id;
    entry.what = "error";
    entry.reason = "definition";
    entry.detail = problem;
    entry.after_records = effects.records.size();
    effects.ledger.push_back(std::move(entry));
  }
  stored_problems.clear();
}

// From here on calendars run: the clock is trusted, or was waited for for long enough. Waiting is not
// missing: lateness counts to the moment of `begin`, by the clock as it is known now.
void Book::Impl::end_wait(Moment now) {
  const Instant began = now.wall - (now.elapsed - wait_began);
  clock.calendars_run = true;
  downtime = {now.wall, began, "catch_up"};
  for_each_active([now](Course& course) { course.turn_back(now.wall); });
  enter_all();
}

void Book::Impl::trust(bool trusted, Moment now) {
  if (clock.trusted == trusted) return;
  clock.trusted = trusted;
  for_each_active([&](Course& course) {
    if (trusted) {
      course.stop_ticking();
      course.clock_is_right();
    } else {
      course.start_ticking(now.elapsed);
    }
  });
  if (trusted) {
    clock.hole_begin = std::max(now.wall - (now.elapsed - wait_began), Instant{});
    clock.hole_end = now.wall;
    if (!clock.calendars_run) end_wait(now);
  } else {
    begin_wait(now);
  }
  enter_all();
}

// A boot without a right clock.
void Book::Impl::begin_wait(Moment now) {
  clock.calendars_run = false;
  wait_began = now.elapsed;
  wait_ends = now.elapsed + clock_wait;
}

void Book::Impl::step(Instant before, Moment now) {
  const Millis by = now.wall - before;
  if (!clock.trusted) {
    for_each_active([by](Course& course) { course.correct(by); });
  }
  if (clock.calendars_run) {
    if (by > Millis{0}) {
      downtime = {now.wall, now.wall, "clock"};
    } else {
      if (downtime.until > now.wall) downtime.until = downtime.reference = now.wall;
      for_each_active([now](Course& course) { course.turn_back(now.wall); });
    }
  }
  enter_all();
}

void Book::Impl::command(const model::ScheduleCommand& command, Moment now, Scene& scene) {
  using Verb = model::ScheduleCommand::Verb;
  if (command.verb == Verb::create || command.verb == Verb::update) return put(command, now);
  if (command.verb == Verb::remove) return remove(command.id);
  Course* course = active(command.id);
  if (course == nullptr) return;
  change(*course, [&](Course& one) {
    switch (command.verb) {
      case Verb::pause:
        return one.pause(command.note);
      case Verb::unpause:
        return one.unpause(command.note);
      case Verb::trigger:
        return one.trigger(command.overlap, scene);
      case Verb::backfill:
        return one.backfill(command, scene);
      case Verb::create:
      case Verb::update:
      case Verb::remove:
        return;
    }
  });
}

// Create or update. What of the one before still runs or has had its turn is known to the new one.
void Book::Impl::put(const model::ScheduleCommand& command, Moment now) {
  if (!command.definition) return;
  std::vector<model::Problem> problems;
  auto course = compile(*command.definition, false, problems);
  if (!course) {
    for (const model::Problem& problem : problems) stored_problems.emplace_back(command.id, problem.what);
    return;
  }
  Slot& slot = slots[command.id];
  if (slot.api) {
    CourseState before = slot.api->state();
    before.fingerprint.clear();
    course->adopt(std::move(before));
    leave(*slot.api);
    touched.erase(slot.api.get());
  }
  slot.json = std::make_unique<std::string>(command.definition_json);
  slot.api = std::move(course);
  changes.push_back({std::string(kOwner) + command.id, "definition", *slot.json});
  if (slot.file) slot.api->shadow();
  slot.api->begin(now);
  if (clock.trusted) {
    slot.api->clock_is_right();
  } else {
    slot.api->start_ticking(now.elapsed);
  }
  touched.insert(slot.api.get());
  if (!slot.file) enter(*slot.api);
}

void Book::Impl::remove(const std::string& id) {
  const auto slot = slots.find(id);
  if (slot == slots.end() || !slot->second.api) return;
  leave(*slot->second.api);
  touched.erase(slot->second.api.get());
  slot->second.api.reset();
  for (const char* key : {"definition", "api"})
    changes.push_back({std::string(kOwner) + id, key, std::nullopt});
  if (!slot->second.file) slots.erase(slot);
}

Book::Book(const model::Configuration& configuration, const ZoneSource& zones,
           std::vector<model::Problem>& problems, Prepare prepare)
    : impl_(std::make_unique<Impl>(zones)) {
  impl_->prepare = std::move(prepare);
  impl_->device = configuration.device.name;
  impl_->time_zone = configuration.device.time_zone;
  impl_->clock_wait = configuration.device.clock_wait;
  for (const model::ScheduleDefinition& definition : configuration.schedules) {
    if (auto course = impl_->compile(definition, true, problems))
      impl_->slots[definition.id].file = std::move(course);
  }
  for (const model::StoredSchedule& stored : configuration.stored_schedules) {
    std::vector<model::Problem> found;
    auto course = impl_->compile(stored.definition, false, found);
    for (const model::Problem& problem : found)
      impl_->stored_problems.emplace_back(stored.definition.id, problem.what);
    if (!course) continue;
    Impl::Slot& slot = impl_->slots[stored.definition.id];
    if (slot.file) course->shadow();
    slot.api = std::move(course);
    slot.json = std::make_unique<std::string>(stored.json);
  }
}

Book::~Book() = default;

void Book::restore(std::string_view owner, std::string_view key, std::string_view bytes) {
  if (!owner.starts_with(kOwner)) return;
  const auto slot = impl_->slots.find(owner.substr(kOwner.size()));
  if (slot == impl_->slots.end()) return;
  Course* course = key == "file" ? slot->second.file.get() : key == "api" ? slot->second.api.get() : nullptr;
  auto state = course == nullptr ? std::nullopt : read_state(bytes);
  if (state) course->adopt(std::move(*state));
}

void Book::begin(Moment now) {
  impl_->seen = now;
  impl_->begin_wait(now);
  for (auto& [id, slot] : impl_->slots) {
    for (Course* course : {slot.file.get(), slot.api.get()}) {
      if (course == nullptr) continue;
      course->begin(now);
      course->start_ticking(now.elapsed);
      impl_->touched.insert(course);
    }
  }
  impl_->enter_all();
}

void Book::advance(Moment now, const Hands& hands, model::Effects& effects) {
  impl_->advance(now, hands, effects);
}

void Book::take(const model::ScheduleCommand& command, Moment now, const Hands& hands,
                model::Effects& effects) {
  impl_->advance(now, hands, effects);
  Scene scene{now, hands, effects, impl_->clock, impl_->downtime, impl_->link_up};
  impl_->command(command, now, scene);
  impl_->advance(now, hands, effects);
}

void Book::take(const model::RunEnded& ended, Moment now, const Hands& hands, model::Effects& effects) {
  impl_->advance(now, hands, effects);
  Course* course = impl_->active(ended.schedule);
  if (course == nullptr) return;
  Scene scene{now, hands, effects, impl_->clock, impl_->downtime, impl_->link_up};
  impl_->change(*course, [&](Course& one) { one.run_ended(ended, scene); });
}

void Book::take(const model::TemporalLink& link, Moment now, const Hands& hands, model::Effects& effects) {
  impl_->advance(now, hands, effects);
  if (link.up && !impl_->link_up) impl_->link_settles = now.elapsed + kLinkSettles;
  if (!link.up) impl_->link_settles.reset();
  impl_->link_up = link.up;
}

void Book::take(const model::ClockTrust& trust, Moment now, const Hands& hands, model::Effects& effects) {
  impl_->trust(trust.trusted, now);
  impl_->advance(now, hands, effects);
}

void Book::take(const model::ClockStep& step, Moment now, const Hands& hands, model::Effects& effects) {
  impl_->step(step.before, now);
  impl_->seen = now;
  impl_->advance(now, hands, effects);
}

void Book::hold(bool full, Moment now) {
  if (full == impl_->full) return;
  if (impl_->full && !full) impl_->downtime = {now.wall, now.wall, "full"};
  impl_->full = full;
}

Book::Wake Book::next_wake() const {
  Wake wake;
  const auto sooner = [&wake](Elapsed at) { wake.elapsed = wake.elapsed ? std::min(*wake.elapsed, at) : at; };
  if (!impl_->clock.calendars_run) sooner(impl_->wait_ends);
  if (impl_->full) return wake;
  if (impl_->link_settles) sooner(*impl_->link_settles);
  if (!impl_->elapsed_wakes.empty()) sooner(*impl_->elapsed_wakes.top()->elapsed_wake());
  if (!impl_->wall_wakes.empty()) wake.wall = impl_->wall_wakes.top()->wall_wake();
  return wake;
}

std::vector<model::StateChange> Book::collect() {
  std::vector<model::StateChange> collected;
  collected.swap(impl_->changes);
  for (Course* course : impl_->touched) {
    if (!course->take_dirty()) continue;
    collected.push_back({std::string(kOwner).append(course->id()), key_of(*course), course->write()});
  }
  impl_->touched.clear();
  return collected;
}

std::vector<model::StateChange> Book::everything() const {
  std::vector<model::StateChange> all;
  for (const auto& [id, slot] : impl_->slots) {
    const std::string owner = std::string(kOwner) + id;
    if (slot.file) all.push_back({owner, "file", slot.file->write()});
    if (slot.api) all.push_back({owner, "api", slot.api->write()});
    if (slot.api) all.push_back({owner, "definition", *slot.json});
  }
  return all;
}

}  // namespace sundial::schedule

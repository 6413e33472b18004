// Due times: which are next, which were missed, and which fire.
#include "agent/core/schedule/course.hpp"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

namespace sundial::schedule {
namespace {

using std::chrono::seconds;

// A due time that is worked off so late, though nobody said why, was missed: the agent was down, or
// the board slept.
constexpr Millis kLate = seconds{2};
// Missed due times that get a line each before one line stands for the rest.
constexpr int kMaxMissedLines = 1000;
// Made-up firings at a time, and the pause after them.
constexpr int kBurst = 10;
constexpr Millis kPause = seconds{1};
// Stretches of settled due times that are remembered; a new one comes with each step of the clock.
constexpr std::size_t kMaxSettled = 16;
constexpr Millis kRemembered = std::chrono::hours{24 * 30};

}  // namespace

Course::Course(std::string_view id, const model::ScheduleDefinition& definition, Timetable timetable,
               std::shared_ptr<const Deeds> deeds, bool from_file, std::uint32_t order)
    : id_(id),
      catch_up_(definition.catch_up),
      timetable_(std::move(timetable)),
      deeds_(std::move(deeds)),
      order_(order),
      overlap_(definition.overlap),
      pause_on_failure_(definition.pause_on_failure),
      from_file_(from_file) {
  state_.fingerprint = definition.fingerprint;
  state_.paused = definition.paused;
  state_.note = definition.note;
  if (definition.limit > 0) state_.remaining = definition.limit;
}

void Course::adopt(CourseState state) {
  if (state.fingerprint == state_.fingerprint) {
    state_ = std::move(state);
    known_ = !state_.shadowed;
    return;
  }
  state_.settled = std::move(state.settled);
  state_.running = std::move(state.running);
  state_.buffered = std::move(state.buffered);
  state_.fired = state.fired;
  state_.missed = state.missed;
  state_.last_trigger = state.last_trigger;
}

void Course::begin(Moment now) {
  if (!known_) {
    state_.cursor = now.wall;
    cursor_is_guess_ = true;
    fresh_ = true;
    dirty_ = true;
  }
  if (!state_.backfills.empty()) pace_ends_ = now.elapsed;
  if (state_.shadowed != shadowed_) dirty_ = true;
  state_.shadowed = shadowed_;
}

void Course::correct(Millis step) {
  if (cursor_is_guess_) state_.cursor += step;
}

void Course::turn_back(Instant now) {
  if (state_.cursor <= now) return;
  state_.cursor = now;
  dirty_ = true;
}

void Course::refresh(const ClockView& clock) {
  next_due_.reset();
  fire_at_.reset();
  if (shadowed_ || state_.remaining == 0) return;
  Instant after = state_.cursor;
  while (true) {
    const auto by_calendar = clock.calendars_run ? timetable_.next_by_calendar(after) : std::nullopt;
    auto by_interval = clock.trusted ? timetable_.next_by_interval(after) : std::nullopt;
    if (by_interval && *by_interval > clock.hole_begin && *by_interval <= clock.hole_end) {
      by_interval = timetable_.next_by_interval(clock.hole_end);
    }
    const auto due = by_calendar && by_interval ? std::min(by_calendar, by_interval)
                     : by_calendar              ? by_calendar
                                                : by_interval;
    if (!due) return;
    const auto had =
        std::find_if(state_.settled.begin(), state_.settled.end(),
                     [due](const Settled& settled) { return settled.after < *due && *due <= settled.until; });
    if (had == state_.settled.end()) {
      next_due_ = due;
      fire_at_ = timetable_.fire_time(*due);
      return;
    }
    after = had->until;
  }
}

std::optional<Elapsed> Course::elapsed_wake() const {
  std::optional<Elapsed> wake = pace_ends_;
  if (state_.remaining == 0 || shadowed_) return wake;
  for (const Elapsed tick : ticks_) wake = wake ? std::min(*wake, tick) : tick;
  return wake;
}

void Course::on_due(Scene& scene) {
  work_off(scene);
  refresh(scene.clock);
}

void Course::on_elapsed(Scene& scene) {
  if (pace_ends_ && *pace_ends_ <= scene.now.elapsed) {
    pace_ends_.reset();
    made_up_in_a_row_ = 0;
    work_off_backfill(scene);
  }
  tick(scene);
  refresh(scene.clock);
}

void Course::start_ticking(Elapsed now) {
  (void)ticks_.take();
  for (const Interval& interval : timetable_.intervals()) ticks_.push_back(now + interval.every);
}

// While the clock is not trusted an interval is due each `every` after the start, at the moment that
// the clock shows then.
void Course::tick(Scene& scene) {
  bool due = false;
  ticks_.edit([&](std::vector<Elapsed>& ticks) {
    for (std::size_t i = 0; i < ticks.size(); ++i) {
      if (ticks[i] > scene.now.elapsed) continue;
      due = true;
      const Millis every = timetable_.intervals()[i].every;
      ticks[i] += every * ((scene.now.elapsed - ticks[i]) / every + 1);
    }
  });
  if (!due || state_.remaining == 0) return;
  const Instant moment = own_moment(scene.now.wall);
  const Occurrence occurrence{moment, moment, false, false, overlap_};
  if (state_.paused) return miss(occurrence, "missed", "paused", "", scene);
  offer(occurrence, scene);
}

// A moment that no other firing of this schedule has as its time.
Instant Course::own_moment(Instant now) {
  if (state_.last_trigger && now <= *state_.last_trigger && *state_.last_trigger - now < seconds{1}) {
    now = *state_.last_trigger + Millis{1};
  }
  state_.last_trigger = now;
  dirty_ = true;
  return now;
}

// Steps over due times that are too old for a line of their own. True: there were some.
bool Course::pass_old(Scene& scene) {
  const Downtime& down = scene.downtime;
  const Instant horizon = scene.now.wall - std::max(kRemembered, catch_up_);
  if (*next_due_ < horizon && *fire_at_ < down.until) {
    state_.cursor = std::max(state_.cursor, horizon - Millis{1});
    return dirty_ = true;
  }
  if (missed_in_a_row_ < kMaxMissedLines) return false;
  missed_in_a_row_ = 0;
  const Instant reference = *fire_at_ < down.until ? down.reference : scene.now.wall;
  const Instant wanted = (state_.paused ? scene.now.wall : reference - catch_up_) - timetable_.jitter();
  if (wanted <= *next_due_) return false;
  tell(*next_due_, scene.now.wall, "missed", state_.paused ? "paused" : down.reason,
       fmt::format("and all others until {}", format_rfc3339(wanted, Fraction::when_needed)), scene);
  state_.cursor = wanted - Millis{1};
  return dirty_ = true;
}

void Course::work_off(Scene& scene) {
  if (!next_due_ || pass_old(scene)) return;
  const Downtime& down = scene.downtime;
  const bool missed = *fire_at_ < down.until;
  const bool only_paced = pace_began_ && *fire_at_ >= *pace_began_ && !missed;
  const Millis late = missed       ? down.reference - *fire_at_
                      : only_paced ? Millis{0}
                                   : scene.now.wall - *fire_at_;
  const Millis allowed = missed ? catch_up_ : std::max(catch_up_, kLate);
  const bool made_up = missed || late > kLate;
  if (std::exchange(fresh_, false) && made_up && !missed) {
    // It came into being while the agent was down: what was due before nobody has promised.
    state_.cursor = scene.now.wall;
    dirty_ = true;
    return;
  }
  Occurrence occurrence{*next_due_, made_up ? scene.now.wall : *fire_at_, false, made_up, overlap_};
  if (state_.paused || late > allowed) {
    state_.cursor = occurrence.due;
    ++missed_in_a_row_;
    const std::string_view reason = state_.paused ? "paused" : missed ? down.reason : "catch_up";
    miss(occurrence, "missed", reason, late > Millis{0} ? "late by " + format_duration(late) : "", scene);
    return;
  }
  if (made_up && paced(scene)) return;
  missed_in_a_row_ = 0;
  if (!made_up) made_up_in_a_row_ = 0;
  if (!made_up && !only_paced) pace_began_.reset();
  settle(occurrence.due);
  offer(occurrence, scene);
}

// True: enough was made up for at once, the rest follows in a while.
bool Course::paced(Scene& scene) {
  if (++made_up_in_a_row_ <= kBurst) return false;
  pace_ends_ = scene.now.elapsed + kPause;
  if (!pace_began_) pace_began_ = scene.now.wall;
  return true;
}

void Course::settle(Instant due) {
  state_.settled.edit([this, due](std::vector<Settled>& all) {
    const auto at_cursor = std::find_if(all.begin(), all.end(), [this](const Settled& settled) {
      return settled.after < state_.cursor && state_.cursor <= settled.until;
    });
    if (at_cursor != all.end()) {
      at_cursor->until = std::max(at_cursor->until, due);
    } else {
      all.push_back({state_.cursor, due});
      if (all.size() > kMaxSettled) all.erase(all.begin());
    }
  });
  state_.cursor = due;
  dirty_ = true;
}

void Course::miss(const Occurrence& occurrence, std::string_view what, std::string_view reason,
                  std::string detail, Scene& scene) {
  tell(occurrence.due, scene.now.wall, what, reason, std::move(detail), scene);
  ++state_.missed;
  const auto index = std::find(kReasons.begin(), kReasons.end(), reason) - kReasons.begin();
  ++missed_[static_cast<std::size_t>(index)];
  dirty_ = true;
}

void Course::tell(Instant due, Instant at, std::string_view what, std::string_view reason, std::string detail,
                  Scene& scene) {
  model::LedgerEntry entry;
  entry.at = at;
  entry.origin = model::OriginKind::schedule;
  entry.id = id_;
  entry.event = format_rfc3339(due, Fraction::when_needed);
  entry.what = what;
  entry.reason = reason;
  entry.detail = std::move(detail);
  entry.after_records = scene.effects.records.size();
  scene.effects.ledger.push_back(std::move(entry));
}

bool Course::take_dirty() {
  return std::exchange(dirty_, false);
}

std::string Course::write() const {
  return write_state(state_);
}

}  // namespace sundial::schedule

// Runs: what overlaps, what waits, and what people ask for by hand.
#include <algorithm>

#include <fmt/format.h>

#include "agent/core/schedule/course.hpp"

namespace sundial::schedule {
namespace {

using model::Overlap;

// As in Temporal: more due times than this don't wait for one run.
constexpr std::size_t kMaxBuffered = 1000;

bool stops_other(Overlap overlap) {
  return overlap == Overlap::cancel_other || overlap == Overlap::terminate_other;
}

}  // namespace

bool Course::tracks_runs() const {
  return overlap_ != Overlap::allow_all || pause_on_failure_;
}

// A due time whose turn has come: it fires, or its overlap policy says what becomes of it.
void Course::offer(const Occurrence& occurrence, Scene& scene) {
  const bool alone = state_.running.empty() && state_.buffered.empty();
  if (alone || occurrence.overlap == Overlap::allow_all) {
    launch(occurrence, scene);
  } else {
    overlaps(occurrence, scene);
  }
}

void Course::overlaps(const Occurrence& occurrence, Scene& scene) {
  dirty_ = true;
  switch (occurrence.overlap) {
    case Overlap::allow_all:
      return launch(occurrence, scene);
    case Overlap::skip:
      if (scene.link_up || state_.undecided.size() >= kMaxBuffered) {
        return miss(occurrence, "skipped", "overlap", "the run before has not ended", scene);
      }
      state_.undecided.push_back(occurrence);
      return;
    case Overlap::buffer_one:
      if (!state_.buffered.empty())
        return miss(occurrence, "skipped", "overlap", "another waits already", scene);
      state_.buffered.push_back(occurrence);
      return;
    case Overlap::buffer_all:
      if (state_.buffered.size() >= kMaxBuffered) {
        return miss(occurrence, "skipped", "overlap", "too many wait already", scene);
      }
      state_.buffered.push_back(occurrence);
      return;
    case Overlap::cancel_other:
    case Overlap::terminate_other:
      break;
  }
  // The running ones are stopped; of those that wait for their end the latest stays.
  const auto stops = [](const Occurrence& waiting) { return stops_other(waiting.overlap); };
  const auto replaced = std::find_if(state_.buffered.begin(), state_.buffered.end(), stops);
  const StopKind kind = occurrence.overlap == Overlap::cancel_other ? StopKind::cancel : StopKind::terminate;
  const bool asked = replaced != state_.buffered.end() &&
                     (kind == StopKind::cancel || replaced->overlap == Overlap::terminate_other);
  if (!asked) {
    for (const std::string& id : state_.running) scene.hands.stop(id_, id, kind);
  }
  if (replaced == state_.buffered.end()) {
    state_.buffered.push_back(occurrence);
    return;
  }
  miss(*replaced, "skipped", "overlap", "a later one took its place", scene);
  state_.buffered.edit(
      [&](std::vector<Occurrence>& all) { *std::find_if(all.begin(), all.end(), stops) = occurrence; });
}

void Course::launch(Occurrence occurrence, Scene& scene) {
  using Cause = Firing::Cause;
  const Cause cause = occurrence.manual    ? (occurrence.made_up ? Cause::backfill : Cause::trigger)
                      : occurrence.made_up ? Cause::made_up
                                           : Cause::due;
  const std::vector<std::string> ids =
      scene.hands.launch(Firing{id_, deeds_.get(), state_.fingerprint, occurrence.due, occurrence.at, cause});
  if (tracks_runs()) {
    for (const std::string& id : ids) {
      state_.running.push_back(id);
      scene.effects.watch.push_back({std::string(id_), id});
    }
  }
  if (!occurrence.manual && state_.remaining && *state_.remaining > 0) --*state_.remaining;
  ++state_.fired;
  ++fired_;
  dirty_ = true;
  const std::string_view reason = cause == Cause::trigger    ? "trigger"
                                  : cause == Cause::backfill ? "backfill"
                                                             : "";
  tell(occurrence.due, occurrence.at, occurrence.made_up ? "made_up" : "fired", reason, "", scene);
}

// The running ones have ended: who waits comes, one after the other.
void Course::next_in_line(Scene& scene) {
  while (state_.running.empty() && !state_.buffered.empty()) {
    Occurrence occurrence = *state_.buffered.begin();
    state_.buffered.edit([](std::vector<Occurrence>& all) { all.erase(all.begin()); });
    occurrence.at = scene.now.wall;
    launch(occurrence, scene);
  }
}

void Course::run_ended(const model::RunEnded& ended, Scene& scene) {
  const auto run = std::find(state_.running.begin(), state_.running.end(), ended.workflow_id);
  if (run == state_.running.end()) return;
  state_.running.edit([&ended](std::vector<std::string>& all) {
    all.erase(std::find(all.begin(), all.end(), ended.workflow_id));
  });
  dirty_ = true;
  if (ended.failed && pause_on_failure_) {
    state_.paused = true;
    state_.note = fmt::format("paused because workflow {} failed", ended.workflow_id);
  }
  if (!state_.running.empty()) return;
  // What was due before the end overlapped; the first one after it did not.
  const Instant end = ended.ended.value_or(scene.now.wall);
  for (Occurrence& occurrence : state_.undecided.take()) {
    if (occurrence.due < end) {
      miss(occurrence, "skipped", "overlap", "the run before had not ended", scene);
    } else {
      if (state_.running.empty()) occurrence.at = scene.now.wall;
      offer(occurrence, scene);
    }
  }
  next_in_line(scene);
  refresh(scene.clock);
}

void Course::decide(Scene& scene) {
  for (const Occurrence& occurrence : state_.undecided.take()) offer(occurrence, scene);
}

void Course::pause(std::string_view note) {
  state_.paused = true;
  state_.note = note;
  dirty_ = true;
}

void Course::unpause(std::string_view note) {
  state_.paused = false;
  state_.note = note;
  dirty_ = true;
}

void Course::trigger(std::optional<Overlap> policy, Scene& scene) {
  const Instant moment = own_moment(scene.now.wall);
  offer({moment, moment, true, false, policy.value_or(overlap_)}, scene);
}

void Course::backfill(const model::ScheduleCommand& command, Scene& scene) {
  if (state_.backfills.size() >= kMaxBuffered) return;
  state_.backfills.push_back({command.start - Millis{1}, command.end, command.overlap.value_or(overlap_)});
  dirty_ = true;
  if (!pace_ends_) work_off_backfill(scene);
}

void Course::work_off_backfill(Scene& scene) {
  while (!state_.backfills.empty()) {
    const Backfill job = *state_.backfills.begin();
    const auto due = timetable_.next(job.after);
    const bool through = !due || *due > job.until;
    dirty_ = true;
    if (!through && paced(scene)) return;
    state_.backfills.edit([&](std::vector<Backfill>& all) {
      if (through) {
        all.erase(all.begin());
      } else {
        all.front().after = *due;
      }
    });
    if (!through) offer({*due, scene.now.wall, true, true, job.overlap}, scene);
  }
}

}  // namespace sundial::schedule

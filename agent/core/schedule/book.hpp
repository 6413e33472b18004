// The schedule book: all schedules with their lifecycle, from a due time to what becomes of it.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "agent/core/model/effects.hpp"
#include "agent/core/model/input.hpp"
#include "agent/core/model/settings.hpp"
#include "agent/core/schedule/compile.hpp"
#include "platform/base/time.hpp"
#include "platform/base/value.hpp"

namespace sundial::schedule {

// What a schedule does, compiled: the book keeps it with the schedule, and hands it back when that fires.
struct Deeds {
  virtual ~Deeds() = default;
};
// What is wrong with a definition's actions goes to `problems`.
using Prepare = std::function<std::shared_ptr<const Deeds>(const model::ScheduleDefinition& definition,
                                                           std::vector<model::Problem>& problems)>;

// A due time, or a manual one, that fires now.
struct Firing {
  enum class Cause { due, made_up, trigger, backfill };

  std::string_view schedule;  // its id
  const Deeds* deeds;         // as they were prepared; may be null
  std::string_view written;   // its TOML keys as JSON
  Instant due;                // schedule.time: nominal, before jitter; of a trigger its own moment
  Instant at;  // the time of the firing: due with its jitter, however late it is worked off; else now
  Cause cause = Cause::due;
};

enum class StopKind { cancel, terminate };

// What the book has done for it, synchronously and in the order of decisions. Both add their records
// to the effects that the book was handed.
struct Hands {
  // Renders the actions of a firing. Returns the ids of the workflows that it starts: while one of
  // them runs, `overlap` decides what becomes of further due times.
  std::function<std::vector<std::string>(const Firing&)> launch;
  // Asks Temporal to stop a run (overlap = "cancel_other", "terminate_other").
  std::function<void(std::string_view schedule, std::string_view workflow_id, StopKind)> stop;
};

// Pure: the same definitions, state, inputs and moments give the same decisions. Promises: nothing
// fires early by the clock that is trusted, and no due time fires twice, over restarts, clock steps
// and a boot without a right clock; each due time gets one line of the ledger (fired, made_up,
// skipped, missed, and why).
//
// The clock is not trusted until ClockTrust says so: meanwhile intervals run on the elapsed clock,
// and calendars wait, from `begin` (or from when it is no longer trusted) on and for at most
// clock_wait. Whoever knows the clock to be right takes a ClockTrust right after `begin`.
class Book {
 public:
  // Compiles the schedules of the files; problems with one of them leave it out, and there should be
  // no start. One from the store that no longer compiles is left out too, and said in the ledger.
  Book(const model::Configuration& configuration, const ZoneSource& zones,
       std::vector<model::Problem>& problems, Prepare prepare = {});
  ~Book();

  // State as `collect` gave it, before `begin`: owner "schedule/<id>".
  void restore(std::string_view owner, std::string_view key, std::string_view bytes);
  void begin(Moment now);

  // Works off what is due up to and including `now`, oldest first.
  void advance(Moment now, const Hands& hands, model::Effects& effects);
  // These advance first. A command on a schedule that is not there does nothing: who asks has looked.
  void take(const model::ScheduleCommand& command, Moment now, const Hands& hands, model::Effects& effects);
  void take(const model::RunEnded& ended, Moment now, const Hands& hands, model::Effects& effects);
  void take(const model::TemporalLink& link, Moment now, const Hands& hands, model::Effects& effects);
  void take(const model::ClockTrust& trust, Moment now, const Hands& hands, model::Effects& effects);
  // Does not advance before the step is understood: `now` already carries the new time.
  void take(const model::ClockStep& step, Moment now, const Hands& hands, model::Effects& effects);
  // While the store is full (on_full = "block") due times wait; those that then are older than their
  // catch_up are missed as `full`.
  void hold(bool full, Moment now);

  struct Wake {
    std::optional<Instant> wall;
    std::optional<Elapsed> elapsed;
  };
  Wake next_wake() const;

  // The state that changed since the last call, and all of it for the book that follows a reload.
  std::vector<model::StateChange> collect();
  std::vector<model::StateChange> everything() const;

  // For the API, the page and the command line: the TOML keys as written, `id`, `source`, `state`,
  // `next` (ten times) and `transition` (what the clocks' next change does, where it does something).
  // What became of the due times before is in the ledger.
  std::optional<Map> describe(std::string_view id, Moment now) const;
  std::vector<std::string> ids() const;  // ascending
  // Those of the files in their order: id and fingerprint only.
  std::vector<model::ScheduleDefinition> of_files() const;
  // The next due times as RFC 3339 with the zone's offset; nothing where there is no such schedule.
  std::optional<std::vector<std::string>> next_times(std::string_view id, Moment now,
                                                     std::size_t count) const;
  // schedule_fired_total and schedule_missed_total since this book was made.
  std::vector<model::Count> counts() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace sundial::schedule

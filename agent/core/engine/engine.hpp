// The engine: a pure, deterministic function of the inputs and moments that it is handed.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "agent/core/model/effects.hpp"
#include "agent/core/model/input.hpp"
#include "agent/core/model/settings.hpp"
#include "agent/core/rules/prefilter.hpp"
#include "agent/core/rules/subscriptions.hpp"
#include "platform/base/time_zone.hpp"

namespace sundial::engine {

// Owns all rules and schedules with their state. Promises: the same configuration, state, inputs and
// moments give the same effects, byte for byte; nothing is decided before its due instant, and what
// is due carries that instant however late it is worked off.
class Engine {
 public:
  // Compiles the configuration. Everything that is wrong with it goes to `problems`, in one go; with
  // a problem there is no engine.
  static std::unique_ptr<Engine> create(const model::Configuration& configuration, const ZoneSource& zones,
                                        std::vector<model::Problem>& problems);
  virtual ~Engine() = default;

  // State as `collect` gave it, before the first input. What no longer fits is ignored and said.
  virtual void restore(std::string_view owner, std::string_view key, std::string_view bytes) = 0;
  virtual void begin(Moment now) = 0;

  // Works off what is due up to and including `now`, oldest first.
  virtual void advance(Moment now, model::Effects& effects) = 0;
  // advance(now), then the input.
  virtual void take(const model::Input& input, Moment now, model::Effects& effects) = 0;

  // When `advance` has something to do next, as a time of the wall or of the elapsed clock.
  struct Wake {
    std::optional<Instant> wall;
    std::optional<Elapsed> elapsed;
  };
  virtual Wake next_wake() const = 0;

  // When the next timer of a rule (hold, timeout, silence, window end) is due that is running now;
  // schedules, which never end, do not count.
  virtual std::optional<Instant> next_rule_timer() const = 0;

  // A reload: closes the open windows of the rules that `next` changes or lacks, with the actions of
  // this engine, and forgets the state of these rules and of such schedules. What stays is in
  // `everything`, for the `restore` of the engine that follows.
  virtual void retire(const model::Configuration& next, Moment now, model::Effects& effects) = 0;
  virtual std::vector<model::StateChange> everything() const = 0;

  // The state that changed since the last call; to be committed together with the effects.
  virtual std::vector<model::StateChange> collect() = 0;

  // What the agent subscribes to for its rules, and what is worth keeping of what arrives: immutable,
  // and for use on any thread, also after this engine is gone.
  virtual const rules::SubscriptionPlan& subscriptions() const = 0;
  virtual std::shared_ptr<const rules::Prefilter> prefilter() const = 0;

  // For the API, the page and the command line: JSON-like documents with the TOML keys.
  virtual Value describe_rules() const = 0;
  virtual Value describe_keys(std::string_view rule, std::size_t limit) const = 0;
  virtual std::vector<std::string> schedule_ids() const = 0;  // ascending
  // The schedules of the files in their order, with their ids and fingerprints and nothing else: there
  // may be thousands, so nobody keeps a second copy of what the engine knows.
  virtual std::vector<model::ScheduleDefinition> file_schedules() const = 0;
  virtual std::optional<Map> describe_schedule(std::string_view id, Moment now) const = 0;
  // The schedule's next times as RFC 3339 with its zone's offset; nothing where there is none of this id.
  virtual std::optional<std::vector<std::string>> next_times(std::string_view schedule, Moment now,
                                                             std::size_t count) const = 0;

  // The counters of rules and schedules since this engine was made, under their names in the metrics.
  virtual std::vector<model::Count> counts() const = 0;
};

}  // namespace sundial::engine

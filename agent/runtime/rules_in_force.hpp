// The rules and schedules in force as one text: what the store keeps, and what a reload puts into the
// journal.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "agent/core/engine/engine.hpp"
#include "agent/core/model/settings.hpp"
#include "platform/base/log.hpp"
#include "platform/base/result.hpp"

namespace sundial::runtime {

// Equal texts: the same rules and schedules, as far as decisions go.
std::string write_rules(const model::Configuration& configuration);
// The same rules on top of what else `base` says.
Result<model::Configuration> read_rules(std::string_view text, const model::Configuration& base);

// Schedules that were made over the API, from the store's state.
std::vector<model::StoredSchedule> stored_schedules(const std::vector<model::StateChange>& state);

// "rule.overheat", "schedule.nightly": what differs.
std::vector<std::string> changed_names(const model::Configuration& before, const model::Configuration& after);

// Says which schedules of the file take the place of one that was made over the API, and which of those are
// back; the stored ones are those of `after`.
void tell_of_places(const model::Configuration& before, const model::Configuration& after, Log& log);

// All that is wrong as one error, a line each.
Error error_of(const std::vector<model::Problem>& problems);

// The engine that takes over from `old` at `at`: what `old` still decides goes to `effects`, what it
// forgets to `state`. Nothing where `next` has problems, and then `old` is untouched.
std::unique_ptr<engine::Engine> follow(engine::Engine& old, const model::Configuration& next,
                                       const ZoneSource& zones, Moment at, model::Effects& effects,
                                       std::vector<model::StateChange>& state,
                                       std::vector<model::Problem>& problems);

}  // namespace sundial::runtime

// The actions of schedules, compiled.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "agent/core/actions/actions.hpp"
#include "agent/core/model/schedule.hpp"
#include "agent/core/schedule/book.hpp"

namespace sundial::engine {

class ScheduleActions {
 public:
  struct Compiled final : schedule::Deeds {
    explicit Compiled(std::vector<actions::CompiledAction> made) : actions(std::move(made)) {}
    std::vector<actions::CompiledAction> actions;
  };

  explicit ScheduleActions(const ZoneSource& zones);

  // Compiles the schedule's actions and checks them against its `overlap`. Nothing where they would take
  // more room than they are worth: then they are made again when they are due.
  std::shared_ptr<const schedule::Deeds> prepare(const model::ScheduleDefinition& definition,
                                                 std::vector<model::Problem>& problems);
  std::shared_ptr<const Compiled> of(const schedule::Firing& firing);

 private:
  std::shared_ptr<const Compiled> make(std::string_view id,
                                       const std::vector<model::ActionDefinition>& definitions,
                                       std::vector<model::Problem>& problems) const;

  expression::Scope scope_;
  // By what was written: many schedules of a device do the same.
  std::map<std::string, std::shared_ptr<const Compiled>> known_;
};

}  // namespace sundial::engine

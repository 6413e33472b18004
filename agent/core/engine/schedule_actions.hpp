// The actions of schedules, compiled.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "agent/core/actions/actions.hpp"
#include "agent/core/model/schedule.hpp"

namespace sundial::engine {

class ScheduleActions {
 public:
  explicit ScheduleActions(const ZoneSource& zones);

  // Compiles the schedule's actions, in place of those that it had, and checks them against its `overlap`.
  void add(const model::ScheduleDefinition& definition, std::vector<model::Problem>& problems);
  // None where it was not added.
  const std::vector<actions::CompiledAction>& of(std::string_view id) const;

 private:
  expression::Scope scope_;
  std::map<std::string, std::vector<actions::CompiledAction>, std::less<>> compiled_;
};

}  // namespace sundial::engine

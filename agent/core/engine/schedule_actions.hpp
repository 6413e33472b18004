// The actions of schedules, compiled: those of the file at once, those made over the API when they fire.
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

  // Compiles the schedule's actions and checks them against its `overlap`.
  void add(const model::ScheduleDefinition& definition, std::vector<model::Problem>& problems);
  // Those of the definition as it is now; an update over the API compiles them anew.
  const std::vector<actions::CompiledAction>& of(const model::ScheduleDefinition& definition);

 private:
  struct Compiled {
    std::string fingerprint;
    std::vector<actions::CompiledAction> actions;
  };

  expression::Scope scope_;
  std::map<std::string, Compiled, std::less<>> compiled_;
};

}  // namespace sundial::engine

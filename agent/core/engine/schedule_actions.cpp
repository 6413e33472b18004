// Compiling the actions of schedules.
#include "agent/core/engine/schedule_actions.hpp"

#include <fmt/format.h>

namespace sundial::engine {

using expression::Variable;

ScheduleActions::ScheduleActions(const ZoneSource& zones) {
  scope_.variables = {Variable::device, Variable::now, Variable::schedule};
  scope_.zones = &zones;
}

void ScheduleActions::add(const model::ScheduleDefinition& definition,
                          std::vector<model::Problem>& problems) {
  const std::string where = fmt::format("[schedule.{}]", definition.id);
  std::vector<actions::CompiledAction> made =
      actions::compile_all(definition.actions, scope_, where, problems);
  if (definition.overlap == model::Overlap::allow_all) {
    for (const actions::CompiledAction& action : made) {
      if (action.kind() != model::ActionKind::start || action.id_names_due_time()) continue;
      problems.push_back(
          {definition.at, where + " overlap",
           "with \"allow_all\" each run needs its own id: let the start's id hold {schedule.time}, "
           "or leave the id out"});
      break;
    }
  }
  compiled_.insert_or_assign(definition.id, std::move(made));
}

const std::vector<actions::CompiledAction>& ScheduleActions::of(std::string_view id) const {
  static const std::vector<actions::CompiledAction> none;
  const auto found = compiled_.find(id);
  return found == compiled_.end() ? none : found->second;
}

}  // namespace sundial::engine

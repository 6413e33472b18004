// Compiling the actions of schedules.
#include "agent/core/engine/schedule_actions.hpp"

#include <fmt/format.h>

namespace sundial::engine {

using expression::Variable;

namespace {

// Different actions that are looked for when the next schedule comes; beyond them each has its own.
constexpr std::size_t kMaxKnown = 256;

// Equal for nodes with the same content of the same types. The depth of a tree is bounded where it is made.
struct Shape {
  std::string text;

  void add(const model::Node& node) {
    text += fmt::format("{}", node.data.index());
    std::visit(*this, node.data);
  }
  void operator()(const std::string& string) { text += fmt::format("{}:{}", string.size(), string); }
  void operator()(std::int64_t number) { text += fmt::format("{};", number); }
  void operator()(double number) { text += fmt::format("{};", number); }
  void operator()(bool truth) { text += truth ? '1' : '0'; }
  void operator()(Instant instant) { text += fmt::format("{};", instant.time_since_epoch().count()); }
  void operator()(Null) {}
  void operator()(const model::Array& items) {
    text += '[';
    for (const model::Node& item : items) add(item);
    text += ']';
  }
  void operator()(const model::Table& table) {
    text += '{';
    for (const model::Entry& entry : table) {
      (*this)(entry.key);
      add(entry.value);
    }
    text += '}';
  }
};

std::string shape_of(const std::vector<model::ActionDefinition>& actions) {
  Shape shape;
  for (const model::ActionDefinition& action : actions) {
    shape.text += model::name_of(action.kind);
    shape.add(*action.table);
  }
  return shape.text;
}

}  // namespace

ScheduleActions::ScheduleActions(const ZoneSource& zones) {
  scope_.variables = {Variable::device, Variable::now, Variable::schedule};
  scope_.zones = &zones;
}

std::shared_ptr<const ScheduleActions::Compiled> ScheduleActions::find_or_make(
    const model::ScheduleDefinition& definition, std::vector<model::Problem>& problems) {
  std::string shape = shape_of(definition.actions);
  if (const auto known = known_.find(shape); known != known_.end()) return known->second;
  const std::size_t before = problems.size();
  auto made = std::make_shared<const Compiled>(actions::compile_all(
      definition.actions, scope_, fmt::format("[schedule.{}]", definition.id), problems));
  if (problems.size() == before && known_.size() < kMaxKnown) known_.emplace(std::move(shape), made);
  return made;
}

std::shared_ptr<const ScheduleActions::Compiled> ScheduleActions::compile(
    const model::ScheduleDefinition& definition, std::vector<model::Problem>& problems) {
  auto made = find_or_make(definition, problems);
  if (definition.overlap != model::Overlap::allow_all) return made;
  for (const actions::CompiledAction& action : made->actions) {
    if (action.kind() != model::ActionKind::start || action.id_names_due_time()) continue;
    problems.push_back({definition.at, fmt::format("[schedule.{}] overlap", definition.id),
                        "with \"allow_all\" each run needs its own id: let the start's id hold "
                        "{schedule.time}, or leave the id out"});
    break;
  }
  return made;
}

}  // namespace sundial::engine

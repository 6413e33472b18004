// Compiling the actions of schedules.
#include "agent/core/engine/schedule_actions.hpp"

#include <set>
#include <utility>
#include <variant>

#include <fmt/format.h>

#include "platform/json/json.hpp"

namespace sundial::engine {

using expression::Variable;

namespace {

// Different actions that are kept compiled, for all schedules that have them. What comes after them is
// compiled for each firing, out of what the book keeps anyway: that takes microseconds.
constexpr std::size_t kMaxKnown = 256;

// Equal for nodes with the same content of the same types. The depth of a tree is bounded where it is made.
struct Shape {
  std::string text;
  bool has_time = false;  // which is no time any more once it is JSON

  void add(const model::Node& node) {
    text += fmt::format("{}", node.data.index());
    std::visit(*this, node.data);
  }
  void operator()(const std::string& string) { text += fmt::format("{}:{}", string.size(), string); }
  void operator()(std::int64_t number) { text += fmt::format("{};", number); }
  void operator()(double number) { text += fmt::format("{};", number); }
  void operator()(bool truth) { text += truth ? '1' : '0'; }
  void operator()(Instant instant) {
    has_time = true;
    text += fmt::format("{};", instant.time_since_epoch().count());
  }
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

Shape shape_of(const std::vector<model::ActionDefinition>& actions) {
  Shape shape;
  for (const model::ActionDefinition& action : actions) {
    shape.text += model::name_of(action.kind);
    shape.add(*action.table);
  }
  return shape;
}

// Whether the actions of each kind stand together: else JSON, where they must, tells them in another order.
bool by_kind(const std::vector<model::ActionDefinition>& actions) {
  std::set<model::ActionKind> seen;
  for (std::size_t i = 0; i < actions.size(); ++i) {
    if (i > 0 && actions[i].kind == actions[i - 1].kind) continue;
    if (!seen.insert(actions[i].kind).second) return false;
  }
  return true;
}

// The tree of what was written, without its places.
struct Unplaced {
  model::Node operator()(const std::string& text) const { return {text, {}}; }
  model::Node operator()(std::int64_t number) const { return {number, {}}; }
  model::Node operator()(double number) const { return {number, {}}; }
  model::Node operator()(bool truth) const { return {truth, {}}; }
  model::Node operator()(const List& list) const {
    model::Array items;
    for (const Value& item : list) items.push_back(std::visit(*this, item.variant()));
    return {std::move(items), {}};
  }
  model::Node operator()(const Map& map) const {
    model::Table table;
    for (const auto& [key, value] : map)
      table.push_back({*key.text(), {}, std::visit(*this, value.variant())});
    return {std::move(table), {}};
  }
  template <typename T>  // JSON has no others
  model::Node operator()(const T&) const {
    return {Null{}, {}};
  }
};

// The actions of a schedule in the order in which they are written.
std::vector<model::ActionDefinition> actions_in(std::string_view written) {
  std::vector<model::ActionDefinition> found;
  const auto document = json::parse(written);
  const Map* keys = document ? document->get_if<Map>() : nullptr;
  for (const auto& [key, value] : keys == nullptr ? Map() : *keys) {
    const auto kind = model::action_kind(*key.text());
    if (!kind || value.is_null()) continue;
    const List* several = value.get_if<List>();
    for (const Value& one : several == nullptr ? List{value} : *several) {
      found.push_back({*kind, std::visit(Unplaced{}, one.variant())});
    }
  }
  return found;
}

}  // namespace

ScheduleActions::ScheduleActions(const ZoneSource& zones) {
  scope_.variables = {Variable::device, Variable::now, Variable::schedule};
  scope_.zones = &zones;
}

std::shared_ptr<const ScheduleActions::Compiled> ScheduleActions::make(
    std::string_view id, const std::vector<model::ActionDefinition>& definitions,
    std::vector<model::Problem>& problems) const {
  return std::make_shared<const Compiled>(
      actions::compile_all(definitions, scope_, fmt::format("[schedule.{}]", id), problems));
}

std::shared_ptr<const schedule::Deeds> ScheduleActions::prepare(const model::ScheduleDefinition& definition,
                                                                std::vector<model::Problem>& problems) {
  Shape shape = shape_of(definition.actions);
  const auto known = known_.find(shape.text);
  const std::size_t before = problems.size();
  auto made = known != known_.end() ? known->second : make(definition.id, definition.actions, problems);
  if (definition.overlap == model::Overlap::allow_all) {
    for (const actions::CompiledAction& action : made->actions) {
      if (action.kind() != model::ActionKind::start || action.id_names_due_time()) continue;
      problems.push_back({definition.at, fmt::format("[schedule.{}] overlap", definition.id),
                          "with \"allow_all\" each run needs its own id: let the start's id hold "
                          "{schedule.time}, or leave the id out"});
      break;
    }
  }
  if (known != known_.end() || shape.has_time || !by_kind(definition.actions)) return made;
  if (problems.size() > before || known_.size() >= kMaxKnown) return nullptr;
  known_.emplace(std::move(shape.text), made);
  return made;
}

std::shared_ptr<const ScheduleActions::Compiled> ScheduleActions::of(const schedule::Firing& firing) {
  if (firing.deeds != nullptr) {
    // Whoever keeps it outlives the firing.
    return {std::shared_ptr<const void>(), static_cast<const Compiled*>(firing.deeds)};
  }
  std::vector<model::Problem> checked_before;
  return make(firing.schedule, actions_in(firing.written), checked_before);
}

}  // namespace sundial::engine

// CompiledNode: a value of an action's table, its texts compiled as templates.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "agent/core/actions/template.hpp"
#include "agent/core/model/node.hpp"

namespace sundial::actions {

struct CompiledMember;

struct CompiledNode {
  using Items = std::vector<CompiledNode>;
  using Members = std::vector<CompiledMember>;
  // A Value: nothing in it is an expression.
  std::variant<Value, Template, Items, Members> data;
  model::Position at;

  static std::optional<CompiledNode> compile(const model::Node& node, const expression::Scope& scope,
                                             std::string_view where, std::vector<model::Problem>& problems);

  Result<Value> render(const expression::Bindings& bindings) const;

  // The value where it is the same for every firing.
  const Value* constant() const { return std::get_if<Value>(&data); }
  void for_each_template(const std::function<void(const Template&)>& visit) const;
};

struct CompiledMember {
  std::string name;
  CompiledNode node;
};

// The node as a value, its texts as they are written.
Value raw_value(const model::Node& node);

}  // namespace sundial::actions

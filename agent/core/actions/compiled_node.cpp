// Compiling and rendering the trees of an action's table.
#include "agent/core/actions/compiled_node.hpp"

#include <chrono>

#include <fmt/format.h>

#include "platform/json/json.hpp"

namespace sundial::actions {
namespace {

Timestamp timestamp_of(Instant instant) {
  const auto seconds = std::chrono::floor<std::chrono::seconds>(instant);
  return {seconds.time_since_epoch().count(),
          static_cast<std::int32_t>((instant - seconds).count() * 1'000'000)};
}

struct RawValue {
  Value operator()(const std::string& text) const { return text; }
  Value operator()(std::int64_t number) const { return number; }
  Value operator()(double number) const { return number; }
  Value operator()(bool value) const { return value; }
  Value operator()(Instant instant) const { return timestamp_of(instant); }
  Value operator()(Null) const { return Null{}; }
  Value operator()(const model::Array& array) const {
    List list;
    for (const model::Node& node : array) list.push_back(raw_value(node));
    return list;
  }
  Value operator()(const model::Table& table) const {
    Map map;
    for (const model::Entry& entry : table) map.append(entry.key, raw_value(entry.value));
    return map;
  }
};

class Compiler {
 public:
  Compiler(const expression::Scope& scope, std::string_view where, std::vector<model::Problem>& problems)
      : scope_(scope), where_(where), problems_(problems) {}

  // Recursion ends at the depth of JSON.
  std::optional<CompiledNode> compile(const model::Node& node, std::size_t depth) {
    if (depth > json::kMaxDepth) {
      problems_.push_back(
          {node.at, std::string(where_), fmt::format("nested deeper than {} levels", json::kMaxDepth)});
      return std::nullopt;
    }
    if (const auto* text = std::get_if<std::string>(&node.data)) return compile_text({*text, node.at});
    if (const auto* array = std::get_if<model::Array>(&node.data))
      return compile_array(*array, node.at, depth);
    if (const auto* table = std::get_if<model::Table>(&node.data))
      return compile_table(*table, node.at, depth);
    return CompiledNode{raw_value(node), node.at};
  }

 private:
  std::optional<CompiledNode> compile_text(const model::Text& text) {
    auto compiled = Template::compile(text, scope_, where_, problems_);
    if (!compiled) return std::nullopt;
    if (auto constant = compiled->constant()) return CompiledNode{Value(std::move(*constant)), text.at};
    return CompiledNode{std::move(*compiled), text.at};
  }

  std::optional<CompiledNode> compile_array(const model::Array& array, const model::Position& at,
                                            std::size_t depth) {
    CompiledNode::Items items;
    bool complete = true;
    for (const model::Node& node : array) {
      if (auto item = compile(node, depth + 1)) {
        items.push_back(std::move(*item));
      } else {
        complete = false;
      }
    }
    if (!complete) return std::nullopt;
    for (const CompiledNode& item : items) {
      if (item.constant() == nullptr) return CompiledNode{std::move(items), at};
    }
    List list;
    for (CompiledNode& item : items) list.push_back(std::move(std::get<Value>(item.data)));
    return CompiledNode{Value(std::move(list)), at};
  }

  std::optional<CompiledNode> compile_table(const model::Table& table, const model::Position& at,
                                            std::size_t depth) {
    CompiledNode::Members members;
    bool complete = true;
    for (const model::Entry& entry : table) {
      if (auto member = compile(entry.value, depth + 1)) {
        members.push_back({entry.key, std::move(*member)});
      } else {
        complete = false;
      }
    }
    if (!complete) return std::nullopt;
    for (const auto& [name, member] : members) {
      if (member.constant() == nullptr) return CompiledNode{std::move(members), at};
    }
    Map map;
    for (auto& [name, member] : members) map.append(name, std::move(std::get<Value>(member.data)));
    return CompiledNode{Value(std::move(map)), at};
  }

  const expression::Scope& scope_;
  std::string_view where_;
  std::vector<model::Problem>& problems_;
};

}  // namespace

Value raw_value(const model::Node& node) {
  return std::visit(RawValue{}, node.data);
}

std::optional<CompiledNode> CompiledNode::compile(const model::Node& node, const expression::Scope& scope,
                                                  std::string_view where,
                                                  std::vector<model::Problem>& problems) {
  return Compiler(scope, where, problems).compile(node, 1);
}

Result<Value> CompiledNode::render(const expression::Bindings& bindings) const {
  if (const Value* value = constant()) return *value;
  if (const Template* text = std::get_if<Template>(&data)) return text->render(bindings);
  if (const Items* items = std::get_if<Items>(&data)) {
    List list;
    for (const CompiledNode& item : *items) {
      Result<Value> value = item.render(bindings);
      if (!value) return value;
      list.push_back(std::move(*value));
    }
    return Value(std::move(list));
  }
  Map map;
  for (const auto& [name, member] : std::get<Members>(data)) {
    Result<Value> value = member.render(bindings);
    if (!value) return value;
    map.append(name, std::move(*value));
  }
  return Value(std::move(map));
}

void CompiledNode::for_each_template(const std::function<void(const Template&)>& visit) const {
  if (const Template* text = std::get_if<Template>(&data)) visit(*text);
  if (const Items* items = std::get_if<Items>(&data)) {
    for (const CompiledNode& item : *items) item.for_each_template(visit);
  }
  if (const Members* members = std::get_if<Members>(&data)) {
    for (const auto& [name, member] : *members) member.for_each_template(visit);
  }
}

}  // namespace sundial::actions

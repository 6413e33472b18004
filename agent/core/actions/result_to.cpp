// Filling in `result_to` in two steps: at the firing, and at the end of the workflow.
#include "agent/core/actions/result_to.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "agent/core/actions/actions.hpp"
#include "agent/core/actions/keys.hpp"
#include "platform/json/json.hpp"

namespace sundial::actions {
namespace {

using expression::Variable;
constexpr expression::Variables kAtTheEnd{Variable::result, Variable::status};

bool waits_for_the_end(const expression::Expression& expression) {
  return expression.uses().has(Variable::result) || expression.uses().has(Variable::status);
}

// The text as a template that gives it back.
std::string escaped_text(std::string_view text) {
  std::string out;
  for (char c : text) {
    out += c;
    if (c == '{' || c == '}') out += c;
  }
  return out;
}

// The value with every text in it escaped. Recursion is bounded: values are.
Value escaped(const Value& value) {
  if (const std::string* text = value.text()) return escaped_text(*text);
  if (const List* list = value.get_if<List>()) {
    List out;
    for (const Value& item : *list) out.push_back(escaped(item));
    return out;
  }
  if (const Map* map = value.get_if<Map>()) {
    Map out;
    for (const auto& [name, member] : *map) out.append(name, escaped(member));
    return out;
  }
  if (const Verbatim* verbatim = value.get_if<Verbatim>()) {
    const Result<Value> parsed = json::parse(verbatim->json);
    return parsed ? escaped(*parsed) : Value();
  }
  return value;
}

Result<Value> fill_in(const Template& text, const expression::Bindings& bindings) {
  const std::vector<Template::Part>& parts = text.parts();
  if (parts.size() == 1 && parts[0].expression && !waits_for_the_end(*parts[0].expression)) {
    Result<Value> value = text.render(bindings);
    return value ? Result<Value>(escaped(*value)) : value;
  }
  std::string filled;
  for (const Template::Part& part : parts) {
    if (!part.expression) {
      filled += escaped_text(part.literal);
    } else if (waits_for_the_end(*part.expression)) {
      filled += "{" + part.expression->text() + "}";
    } else {
      Result<Value> value = part.expression->evaluate(bindings);
      if (!value) return value;
      filled += escaped_text(text_of(*value));
    }
  }
  return Value(std::move(filled));
}

Result<Value> fill_in(const CompiledNode& node, const expression::Bindings& bindings) {
  if (const Value* value = node.constant()) return escaped(*value);
  if (const Template* text = std::get_if<Template>(&node.data)) return fill_in(*text, bindings);
  if (const auto* items = std::get_if<CompiledNode::Items>(&node.data)) {
    List list;
    for (const CompiledNode& item : *items) {
      Result<Value> value = fill_in(item, bindings);
      if (!value) return value;
      list.push_back(std::move(*value));
    }
    return Value(std::move(list));
  }
  Map map;
  for (const auto& [name, member] : std::get<CompiledNode::Members>(node.data)) {
    Result<Value> value = fill_in(member, bindings);
    if (!value) return value;
    map.append(name, std::move(*value));
  }
  return Value(std::move(map));
}

// The topic where it is the same for every firing.
const Value* constant_topic(const CompiledNode& table) {
  if (const Value* value = table.constant()) return value->find("topic");
  for (const auto& [name, member] : std::get<CompiledNode::Members>(table.data)) {
    if (name == "topic") return member.constant();
  }
  return nullptr;
}

// The other way round: a filled-in table with its texts as nodes to compile.
model::Node node_of(const Value& value) {
  model::Node node;
  if (const std::string* text = value.text()) {
    node.data = *text;
  } else if (const List* list = value.get_if<List>()) {
    model::Array array;
    for (const Value& item : *list) array.push_back(node_of(item));
    node.data = std::move(array);
  } else if (const Map* map = value.get_if<Map>()) {
    model::Table table;
    for (const auto& [name, member] : *map) table.push_back({text_of(name), {}, node_of(member)});
    node.data = std::move(table);
  } else if (const std::int64_t* number = value.get_if<std::int64_t>()) {
    node.data = *number;
  } else if (const double* fractional = value.get_if<double>()) {
    node.data = *fractional;
  } else if (const bool* boolean = value.get_if<bool>()) {
    node.data = *boolean;
  } else if (value.is_null()) {
    node.data = Null{};
  } else {
    node.data = text_of(value);
  }
  return node;
}

}  // namespace

std::optional<ResultTo> ResultTo::compile(const model::Node& node, const expression::Scope& scope,
                                          std::string_view where, std::vector<model::Problem>& problems) {
  const std::size_t before = problems.size();
  const auto* table = std::get_if<model::Table>(&node.data);
  if (table == nullptr) {
    problems.push_back(
        {node.at, std::string(where), "a table is expected: { topic = \"…\", payload = \"{result}\" }"});
    return std::nullopt;
  }
  for (const model::Entry& entry : *table) {
    if (entry.key != "topic" && entry.key != "payload") {
      problems.push_back({entry.key_at, std::string(where),
                          fmt::format("'{}' is not a key of it; it has topic and payload", entry.key)});
    }
  }
  const model::Node* topic = node.find("topic");
  if (topic == nullptr || !std::holds_alternative<std::string>(topic->data)) {
    problems.push_back({node.at, std::string(where), "a topic is expected, such as \"done/{topic.device}\""});
  }
  expression::Scope at_the_end = scope;
  at_the_end.variables.add(kAtTheEnd);
  auto compiled = CompiledNode::compile(node, at_the_end, where, problems);
  if (!compiled || problems.size() != before) return std::nullopt;
  if (const Value* name = constant_topic(*compiled)) {
    Value fitted = *name;
    if (auto problem = fit(Form::topic, fitted)) {
      problems.push_back({topic->at, fmt::format("{}.topic", where), std::move(*problem)});
    }
  }
  compiled->for_each_template([&](const Template& text) {
    for (const Template::Part& part : text.parts()) {
      if (part.expression && waits_for_the_end(*part.expression) &&
          !part.expression->uses().within(kAtTheEnd)) {
        problems.push_back(
            {node.at, std::string(where),
             fmt::format("'{{{}}}' names the result together with what is gone when it comes; put them "
                         "into two expressions",
                         part.expression->text())});
      }
    }
  });
  return problems.size() == before ? std::optional(ResultTo(std::move(*compiled))) : std::nullopt;
}

Result<Value> ResultTo::fill_in(const expression::Bindings& bindings) const {
  return actions::fill_in(table_, bindings);
}

void ResultTo::for_each_template(const std::function<void(const Template&)>& visit) const {
  table_.for_each_template(visit);
}

Result<ResultMessage> bind_result(const Value& result_to, const Value& result, std::string_view status) {
  expression::Scope scope;
  scope.variables = kAtTheEnd;
  std::vector<model::Problem> problems;
  const auto compiled = CompiledNode::compile(node_of(result_to), scope, "result_to", problems);
  if (!compiled) return Error(ErrorKind::invalid, problems.front().what);
  const Value status_value(status);
  expression::Bindings bindings;
  bindings.result = &result;
  bindings.status = &status_value;
  Result<Value> table = compiled->render(bindings);
  if (!table) return table.error();
  const Value* topic = table->find("topic");
  if (topic == nullptr) return Error(ErrorKind::invalid, "result_to has no topic");
  Value name = *topic;
  if (const auto problem = fit(Form::topic, name)) return Error(ErrorKind::invalid, "topic: " + *problem);
  const Value* payload = table->find("payload");
  return ResultMessage{*name.text(), payload == nullptr ? result : *payload};
}

}  // namespace sundial::actions

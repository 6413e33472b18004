// Definitions from nodes and values.
#include "agent/config/definitions.hpp"

#include "agent/config/sections.hpp"
#include "platform/json/json.hpp"

namespace sundial::config {
namespace {

using model::Node;
using model::Problem;

constexpr std::size_t kLongestId = 900;

struct NodeToValue {
  Value operator()(const std::string& text) const { return text; }
  Value operator()(std::int64_t number) const { return number; }
  Value operator()(double number) const { return number; }
  Value operator()(bool truth) const { return truth; }
  Value operator()(Null) const { return Null{}; }
  Value operator()(Instant instant) const { return format_rfc3339(instant, Fraction::when_needed); }
  Value operator()(const model::Array& items) const {
    List list;
    for (const Node& item : items) list.push_back(to_value(item));
    return list;
  }
  Value operator()(const model::Table& table) const {
    Map map;
    for (const model::Entry& entry : table) map.append(entry.key, to_value(entry.value));
    return map;
  }
};

struct ValueToNode {
  Node operator()(const std::string& text) const { return {text, {}}; }
  Node operator()(std::int64_t number) const { return {number, {}}; }
  Node operator()(double number) const { return {number, {}}; }
  Node operator()(bool truth) const { return {truth, {}}; }
  Node operator()(Null) const { return {Null{}, {}}; }
  Node operator()(const List& list) const {
    model::Array items;
    for (const Value& item : list) items.push_back(to_node(item));
    return {std::move(items), {}};
  }
  Node operator()(const Map& map) const {
    model::Table table;
    for (const auto& [key, value] : map) {
      const std::string* name = key.text();
      table.push_back({name == nullptr ? json::write(key) : *name, {}, to_node(value)});
    }
    return {std::move(table), {}};
  }
  // JSON has no other types: these come as their text.
  template <typename T>
  Node operator()(const T& other) const {
    const Value written = json::parse(json::write(Value(other))).value_or(Value());
    const std::string* text = written.text();
    return {text == nullptr ? json::write(written) : *text, {}};
  }
};

// The ids of requests; those of files are checked where files are read.
bool check_id(std::string_view id, Reader& reader) {
  if (id.empty() || id.size() > kLongestId || id.find('/') != std::string_view::npos || !is_utf8(id)) {
    reader.problem({}, "an id is UTF-8 of 1 to 900 bytes without a slash");
    return false;
  }
  return true;
}

// Reads one definition out of a body, and gives it only where nothing was wrong.
template <typename T, typename Read>
std::optional<T> read_body(std::string_view section, std::string_view id, const Value& body,
                           std::vector<Problem>& problems, Written written, Read read) {
  const std::size_t before = problems.size();
  Substituted substituted;
  substituted.anything = written == Written::in_a_file;
  Reader reader(problems, substituted);
  const Reader::Below in_section(reader, section);
  const Reader::Below in_id(reader, id);
  T definition = read(reader, to_node(body));
  if (problems.size() != before) return std::nullopt;
  return definition;
}

template <typename S>
void add_defaults(const Section<S>& section, std::initializer_list<std::string_view> names, Map& into) {
  for (const Key<S>& key : section.keys) {
    for (std::string_view name : names) {
      if (key.declared.name != name || into.find(name) != nullptr) continue;
      // What is declared as a default is written as TOML writes it, and so does JSON.
      into.set(name, json::parse(key.declared.fallback).value_or(Value()));
    }
  }
}

}  // namespace

Value to_value(const Node& node) {
  return std::visit(NodeToValue{}, node.data);
}

Node to_node(const Value& value) {
  return std::visit(ValueToNode{}, value.variant());
}

std::string fingerprint_of(const Node& node) {
  return json::write(to_value(node));
}

model::ScheduleDefinition read_schedule(Reader& reader, std::string id, const Node& table) {
  model::ScheduleDefinition schedule;
  schedule.id = std::move(id);
  schedule.at = table.at;
  read_table(reader, table, schedule_section(), schedule);
  sort_actions(schedule.actions);
  schedule.fingerprint = fingerprint_of(table);
  return schedule;
}

model::RuleDefinition read_rule(Reader& reader, std::string id, const Node& table) {
  model::RuleDefinition rule;
  rule.id = std::move(id);
  rule.at = table.at;
  read_table(reader, table, rule_section(), rule);
  sort_actions(rule.actions);
  rule.source = table;
  rule.fingerprint = fingerprint_of(table);
  return rule;
}

std::optional<model::ScheduleDefinition> read_schedule(std::string_view id, const Value& body,
                                                       std::vector<Problem>& problems, Written written) {
  return read_body<model::ScheduleDefinition>("schedule", id, body, problems, written,
                                              [id](Reader& reader, const Node& node) {
                                                check_id(id, reader);
                                                return read_schedule(reader, std::string(id), node);
                                              });
}

std::optional<model::RuleDefinition> read_rule(std::string_view id, const Value& body,
                                               std::vector<Problem>& problems, Written written) {
  return read_body<model::RuleDefinition>("rule", id, body, problems, written,
                                          [id](Reader& reader, const Node& node) {
                                            check_id(id, reader);
                                            return read_rule(reader, std::string(id), node);
                                          });
}

std::optional<model::ActionDefinition> read_action(model::ActionKind kind, const Value& body,
                                                   std::vector<Problem>& problems) {
  if (!body.is<Map>()) {
    problems.push_back({{}, std::string(model::name_of(kind)), "expected an object"});
    return std::nullopt;
  }
  return model::ActionDefinition{kind, to_node(body)};
}

Value to_value(const model::ScheduleDefinition& schedule) {
  Value value = json::parse(schedule.fingerprint).value_or(Map());
  if (Map* map = value.get_if<Map>()) {
    add_defaults(schedule_section(),
                 {"dst", "catch_up", "overlap", "limit", "paused", "pause_on_failure", "note"}, *map);
  }
  return value;
}

Value to_value(const model::RuleDefinition& rule) {
  Value value = to_value(*rule.source);
  if (Map* map = value.get_if<Map>()) {
    add_defaults(rule_section(), {"qos", "decode", "max_keys", "retained"}, *map);
  }
  return value;
}

}  // namespace sundial::config

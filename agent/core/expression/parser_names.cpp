// Names: variables, their fields, types, and the suggestion where a name is unknown.
#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "agent/core/expression/parser.hpp"
#include "platform/base/text.hpp"

namespace sundial::expression {
namespace {

constexpr std::array<std::string_view, 10> kTypes{"int",   "uint", "double", "bool",      "string",
                                                  "bytes", "list", "map",    "null_type", "type"};

std::optional<Variable> variable_of(std::string_view name) {
  for (std::size_t i = 0; i < kVariables; ++i) {
    if (name_of(static_cast<Variable>(i)) == name) return static_cast<Variable>(i);
  }
  return std::nullopt;
}

bool has_fields(Variable variable) {
  switch (variable) {
    case Variable::topic:
    case Variable::message:
    case Variable::device:
    case Variable::state:
    case Variable::window:
    case Variable::schedule:
    case Variable::rule:
      return true;
    case Variable::payload:
    case Variable::now:
    case Variable::each:
    case Variable::result:
    case Variable::status:
      return false;
  }
  return false;
}

}  // namespace

Parser::Static Parser::name() {
  const bool global = accept(TokenKind::dot);  // .payload: the variable, whatever a macro calls its elements
  if (token_.kind != TokenKind::identifier || is_reserved(token_.text)) {
    if (token_.kind == TokenKind::identifier) {
      syntax_error(token_.offset, fmt::format("'{}' is a word that CEL keeps for itself", token_.text));
    } else {
      refuse_token();
    }
    return {};
  }
  const Token word = token_;
  advance();
  if (token_.kind == TokenKind::open_parenthesis) return call(word.text);
  return variable(word.text, word.offset, global);
}

Parser::Static Parser::variable(std::string_view name, std::size_t offset, bool global) {
  Static result;
  result.offset = offset;
  for (std::size_t i = locals_.size(); i > 0 && !global; --i) {
    if (locals_[i - 1].name != name) continue;
    emit_at(offset, Op::load_local, 1, static_cast<std::uint32_t>(i - 1));
    result.int_depth = locals_[i - 1].int_depth;
    return result;
  }
  const auto known = variable_of(name);
  if (known && scope_.variables.has(*known)) {
    program_->uses.add(*known);
    if (has_fields(*known)) result.object = *known;
    // A field behind it takes this instruction's place, and its use as a whole back.
    emit_at(offset, Op::load, 1, static_cast<std::uint32_t>(*known));
    if (*known == Variable::window && token_.kind != TokenKind::dot) {
      semantic_error(offset, "name what you want of the window, as in window.count");
    }
    if (token_.kind != TokenKind::dot || !result.object) program_->wholes.add(*known);
    return result;
  }
  if (std::find(kTypes.begin(), kTypes.end(), name) != kTypes.end()) {
    emit_constant(TypeName{std::string(name)}, offset);
    return result;
  }
  emit_constant(Value(), offset);
  semantic_error(offset, unknown_name(name));
  return result;
}

std::string Parser::unknown_name(std::string_view name) const {
  if (const auto known = variable_of(name))
    return fmt::format("'{}' is not there at this place", name_of(*known));
  std::vector<std::string_view> names;
  for (std::size_t i = 0; i < kVariables; ++i) {
    if (scope_.variables.has(static_cast<Variable>(i))) names.push_back(name_of(static_cast<Variable>(i)));
  }
  for (const Local& local : locals_) names.push_back(local.name);
  if (const auto meant = did_you_mean(name, names)) {
    return fmt::format("there is no variable '{}'; did you mean '{}'?", printable(name, 40), *meant);
  }
  return fmt::format(
      "there is no variable '{}'; a field of the message is payload.{}, and text stands in quotes",
      printable(name, 40), printable(name, 40));
}

Parser::Static Parser::object_field(const Static& of, std::string_view name, std::size_t offset) {
  const Variable variable = *of.object;
  if (variable == Variable::window) return window_field(name, offset);
  if (variable == Variable::topic) return topic_field(name, offset);
  Static result;
  result.offset = offset;
  result.is_select = true;
  const auto field = of.is_fired ? field_of_fired(name) : field_of(variable, name);
  if (!field) {
    unknown_field(of.is_fired ? "state.fired" : name_of(variable), name, offset,
                  of.is_fired ? std::vector<std::string_view>{"time", "payload"} : field_names(variable));
    return result;
  }
  program_->code.back() = {Op::load_field, static_cast<std::uint32_t>(*field), 0,
                           static_cast<std::uint32_t>(offset)};
  program_->fields.push_back(*field);
  if (*field == Field::state_fired) {
    result.object = variable;
    result.is_fired = true;
  }
  return result;
}

Parser::Static Parser::window_field(std::string_view name, std::size_t offset) {
  Static result;
  result.offset = offset;
  result.is_select = true;
  const auto known = std::find(scope_.window_names.begin(), scope_.window_names.end(), name);
  if (known == scope_.window_names.end()) {
    unknown_field("window", name, offset, {scope_.window_names.begin(), scope_.window_names.end()});
    return result;
  }
  const auto index = static_cast<std::uint32_t>(known - scope_.window_names.begin());
  program_->code.back() = {Op::load_window, index, 0, static_cast<std::uint32_t>(offset)};
  program_->paths.emplace_back(Variable::window, name);
  return result;
}

Parser::Static Parser::topic_field(std::string_view name, std::size_t offset) {
  Static result;
  result.offset = offset;
  result.is_select = true;
  program_->paths.emplace_back(Variable::topic, name);
  if (!scope_.topic_names) {
    emit_at(offset, Op::select, 0, name_index(name));
    return result;
  }
  const auto known = std::find(scope_.topic_names->begin(), scope_.topic_names->end(), name);
  if (known == scope_.topic_names->end()) {
    unknown_field("topic", name, offset, {scope_.topic_names->begin(), scope_.topic_names->end()});
    return result;
  }
  const auto index = static_cast<std::uint32_t>(known - scope_.topic_names->begin());
  program_->code.back() = {Op::load_topic, index, 0, static_cast<std::uint32_t>(offset)};
  return result;
}

void Parser::unknown_field(std::string_view owner, std::string_view name, std::size_t offset,
                           const std::vector<std::string_view>& known) {
  if (const auto meant = did_you_mean(name, known)) {
    return semantic_error(offset, fmt::format("there is no {}.{}; did you mean {}.{}?", owner,
                                              printable(name, 40), owner, *meant));
  }
  std::string all;
  for (std::string_view one : known) all += fmt::format("{}{}", all.empty() ? "" : ", ", one);
  semantic_error(offset, fmt::format("there is no {}.{}; there {} {}", owner, printable(name, 40),
                                     all.empty() ? "is" : "are", all.empty() ? "nothing" : all));
}

}  // namespace sundial::expression

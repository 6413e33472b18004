// Expressions as the rest of the program sees them.
#include "agent/core/expression/expression.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "agent/core/expression/machine.hpp"
#include "agent/core/expression/parser.hpp"

namespace sundial::expression {
namespace {

// Where a text is one line of the file, the mistake is behind its quote.
void report(const model::Text& text, const CompileProblem& problem, std::string_view where,
            std::vector<model::Problem>& problems) {
  std::string what = problem.what;
  if (text.at.line == 0 || problem.line > 1) {
    what += fmt::format(" (line {}, column {} of the text)", problem.line, problem.column);
  }
  problems.push_back({place_within(text, problem), std::string(where), std::move(what)});
}

bool names_field(const Program& program, Variable variable, std::string_view field) {
  if (program.wholes.has(variable)) return true;
  for (const auto& [named, name] : program.paths) {
    if (named == variable && name == field) return true;
  }
  const auto known = field_of(variable, field);
  return known && std::find(program.fields.begin(), program.fields.end(), *known) != program.fields.end();
}

}  // namespace

model::Position place_within(const model::Text& text, const CompileProblem& problem) {
  model::Position at = text.at;
  if (at.line > 0 && problem.line == 1) at.column += problem.column;
  return at;
}

std::optional<Expression> Expression::compile(std::string_view text, const Scope& scope,
                                              CompileProblem& problem) {
  auto program = Parser(text, scope, nullptr).parse(problem);
  if (program == nullptr) return std::nullopt;
  return Expression(std::move(program));
}

std::optional<Expression> Expression::compile(const model::Text& text, const Scope& scope,
                                              std::string_view where, std::vector<model::Problem>& problems) {
  CompileProblem problem;
  auto expression = compile(text.text, scope, problem);
  if (!expression) report(text, problem, where, problems);
  return expression;
}

Expression::Expression(std::shared_ptr<const Program> program) : program_(std::move(program)) {}
Expression::Expression(const Expression&) = default;
Expression::Expression(Expression&&) noexcept = default;
Expression& Expression::operator=(const Expression&) = default;
Expression& Expression::operator=(Expression&&) noexcept = default;
Expression::~Expression() = default;

Result<Value> Expression::evaluate(const Bindings& bindings) const {
  Machine machine(*program_, bindings, {});
  return machine.take(machine.run());
}

Outcome Expression::test(const Bindings& bindings, std::string* why) const {
  Machine machine(*program_, bindings, {});
  const Operand result = machine.run();
  if (result.kind == Kind::boolean) return result.boolean ? Outcome::holds : Outcome::does_not_hold;
  if (why != nullptr) {
    *why = result.kind == Kind::error
               ? machine.describe(result)
               : fmt::format("a condition must be bool, and this is {}", type_name(result.kind));
  }
  return Outcome::failed;
}

Variables Expression::uses() const {
  return program_->uses;
}

bool Expression::is_exactly(Variable variable, std::string_view field) const {
  if (program_->code.size() != 1) return false;
  const Instruction& only = program_->code.front();
  if (field.empty()) return only.op == Op::load && only.a == static_cast<std::uint32_t>(variable);
  if (only.op == Op::load_field) return field_of(variable, field) == static_cast<Field>(only.a);
  const bool by_name = only.op == Op::load_window || only.op == Op::load_topic;
  return by_name && program_->paths.front() == std::pair(variable, std::string(field));
}

bool Expression::names(Variable variable, std::string_view field) const {
  return names_field(*program_, variable, field);
}

std::optional<std::vector<std::string>> Expression::payload_members() const {
  std::vector<std::string> members;
  const std::vector<Instruction>& code = program_->code;
  for (std::size_t i = 0; i < code.size(); ++i) {
    if (code[i].op != Op::load || code[i].a != static_cast<std::uint32_t>(Variable::payload)) continue;
    if (i + 1 == code.size() || (code[i + 1].op != Op::select && code[i + 1].op != Op::has))
      return std::nullopt;
    members.push_back(program_->names[code[i + 1].a]);
  }
  return members;
}

const std::string& Expression::text() const {
  return program_->text;
}

CollectExpression::CollectExpression(std::vector<AggregateCall> aggregates, Expression outer)
    : aggregates_(std::move(aggregates)), outer_(std::move(outer)) {}

std::optional<CollectExpression> CollectExpression::compile(const model::Text& text, const Scope& scope,
                                                            std::string_view where,
                                                            std::vector<model::Problem>& problems) {
  CompileProblem problem;
  std::vector<ParsedAggregate> parsed;
  auto program = Parser(text.text, scope, &parsed).parse(problem);
  if (program == nullptr) {
    report(text, problem, where, problems);
    return std::nullopt;
  }
  std::vector<AggregateCall> aggregates;
  for (ParsedAggregate& one : parsed) {
    std::optional<Expression> inner;
    if (one.inner != nullptr) inner = Expression(std::move(one.inner));
    aggregates.push_back({one.kind, std::move(inner)});
  }
  return CollectExpression(std::move(aggregates), Expression(std::move(program)));
}

Result<Value> CollectExpression::evaluate(const Bindings& last_message,
                                          std::span<const Value> results) const {
  Machine machine(*outer_.program_, last_message, results);
  return machine.take(machine.run());
}

}  // namespace sundial::expression

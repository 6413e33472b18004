// Calls: functions, methods, has(), the macros, and the aggregates of `collect`.
#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "agent/core/expression/functions.hpp"
#include "agent/core/expression/parser.hpp"
#include "platform/base/text.hpp"

namespace sundial::expression {
namespace {

struct KnownFunction {
  std::string_view name;
  Function function;
  bool is_method;
  std::size_t fewest;  // arguments, without the receiver
  std::size_t most;
};

constexpr std::array<KnownFunction, 26> kFunctions{{
    {"size", Function::size, false, 1, 1},
    {"int", Function::int_, false, 1, 1},
    {"uint", Function::uint_, false, 1, 1},
    {"double", Function::double_, false, 1, 1},
    {"string", Function::string, false, 1, 1},
    {"bytes", Function::bytes, false, 1, 1},
    {"bool", Function::bool_, false, 1, 1},
    {"type", Function::type, false, 1, 1},
    {"timestamp", Function::timestamp, false, 1, 1},
    {"duration", Function::duration, false, 1, 1},
    {"matches", Function::matches, false, 2, 2},
    {"size", Function::size, true, 0, 0},
    {"matches", Function::matches, true, 1, 1},
    {"contains", Function::contains, true, 1, 1},
    {"startsWith", Function::starts_with, true, 1, 1},
    {"endsWith", Function::ends_with, true, 1, 1},
    {"getDate", Function::get_date, true, 0, 1},
    {"getDayOfMonth", Function::get_day_of_month, true, 0, 1},
    {"getDayOfWeek", Function::get_day_of_week, true, 0, 1},
    {"getDayOfYear", Function::get_day_of_year, true, 0, 1},
    {"getFullYear", Function::get_full_year, true, 0, 1},
    {"getHours", Function::get_hours, true, 0, 1},
    {"getMilliseconds", Function::get_milliseconds, true, 0, 1},
    {"getMinutes", Function::get_minutes, true, 0, 1},
    {"getMonth", Function::get_month, true, 0, 1},
    {"getSeconds", Function::get_seconds, true, 0, 1},
}};

struct KnownMacro {
  std::string_view name;
  Macro macro;
};
constexpr std::array<KnownMacro, 5> kMacros{{{"all", Macro::all},
                                             {"exists", Macro::exists},
                                             {"exists_one", Macro::exists_one},
                                             {"filter", Macro::filter},
                                             {"map", Macro::map}}};

constexpr std::array<std::string_view, 14> kAggregates{"count", "sum",    "avg",      "min", "max",
                                                       "first", "last",   "list",     "p50", "p95",
                                                       "p99",   "stddev", "distinct", "rate"};

std::optional<AggregateKind> aggregate_kind(std::string_view name) {
  const auto known = std::find(kAggregates.begin(), kAggregates.end(), name);
  if (known == kAggregates.end()) return std::nullopt;
  return static_cast<AggregateKind>(known - kAggregates.begin());
}

const KnownFunction* find_function(std::string_view name, bool is_method) {
  const auto known = std::find_if(kFunctions.begin(), kFunctions.end(), [&](const KnownFunction& function) {
    return function.name == name && function.is_method == is_method;
  });
  return known == kFunctions.end() ? nullptr : &*known;
}

std::string unknown_function(std::string_view name, bool is_method) {
  const std::string_view kind = is_method ? "method" : "function";
  if (find_function(name, !is_method) != nullptr) {
    return is_method ? fmt::format("'{}' is no method; write {}(…)", name, name)
                     : fmt::format("'{}' is a method; write value.{}(…)", name, name);
  }
  if (aggregate_kind(name) && !is_method) {
    return fmt::format("'{}' is an aggregate, and belongs into an entry of `collect`", name);
  }
  std::vector<std::string_view> names;
  for (const KnownFunction& known : kFunctions) {
    if (known.is_method == is_method) names.push_back(known.name);
  }
  for (const KnownMacro& known : kMacros) {
    if (is_method) names.push_back(known.name);
  }
  if (!is_method) names.push_back("has");
  const auto meant = did_you_mean(name, names);
  return fmt::format("there is no {} '{}'{}", kind, printable(name, 40),
                     meant ? fmt::format("; did you mean '{}'?", *meant) : "");
}

std::string wrong_count(const KnownFunction& function, std::size_t count) {
  const std::string wanted = function.fewest == function.most
                                 ? std::to_string(function.fewest)
                                 : fmt::format("{} or {}", function.fewest, function.most);
  return fmt::format("{}() takes {} argument{}, and {} {} given", function.name, wanted,
                     wanted == "1" ? "" : "s", count, count == 1 ? "is" : "are");
}

}  // namespace

std::string_view name_of(AggregateKind kind) {
  return kAggregates[static_cast<std::size_t>(kind)];
}

// The arguments in parentheses; how many.
std::size_t Parser::arguments() {
  std::size_t count = 0;
  advance();  // (
  if (accept(TokenKind::close_parenthesis)) return count;
  while (!failed_) {
    last_argument_ = here();
    expression();
    ++count;
    if (!accept(TokenKind::comma)) break;
  }
  expect(TokenKind::close_parenthesis, "a `,` or a `)`");
  return count;
}

Parser::Static Parser::call(std::string_view name) {
  const std::size_t offset = token_.offset;
  if (name == "has") return has();
  if (aggregates_ != nullptr) {
    if (const auto kind = aggregate_kind(name)) return aggregate(*kind, offset);
  }
  return finish_call(name, false, offset);
}

Parser::Static Parser::method(std::string_view name, const Static& receiver) {
  const std::size_t offset = token_.offset;
  for (const KnownMacro& known : kMacros) {
    if (known.name == name) return macro(known.macro, receiver, offset);
  }
  return finish_call(name, true, offset);
}

Parser::Static Parser::finish_call(std::string_view name, bool is_method, std::size_t offset) {
  const std::size_t given = arguments();
  Static result;
  result.offset = offset;
  const KnownFunction* known = find_function(name, is_method);
  if (known == nullptr) {
    semantic_error(offset, unknown_function(name, is_method));
    return result;
  }
  if (given < known->fewest || given > known->most) {
    semantic_error(offset, wrong_count(*known, given));
    return result;
  }
  if (given > 0 && use_constant(known->function, offset)) return result;
  const std::size_t count = given + (is_method ? 1 : 0);
  emit_at(offset, Op::call, 1 - static_cast<int>(count), static_cast<std::uint32_t>(known->function),
          static_cast<std::uint32_t>(count));
  const bool is_int = known->function == Function::int_ || known->function == Function::uint_ ||
                      known->function == Function::size;
  result.int_depth = is_int ? 0 : Static::kOther;
  return result;
}

// A pattern or a zone that is written out is read now, once, and told now where it is wrong. True where
// that took the place of the call.
bool Parser::use_constant(Function function, std::size_t offset) {
  if (failed_ || problem_ || here() != last_argument_ + 1) return false;
  const Instruction argument = program_->code.back();
  if (argument.op != Op::push_constant || argument.a + 1 != program_->constants.size()) return false;
  const std::string* text = program_->constants[argument.a].text();
  if (text == nullptr) return false;
  const auto refuse = [&](const std::string& what) {
    semantic_error(argument.offset, what);
    return false;
  };
  if (function == Function::matches) {
    Result<Pattern> pattern = Pattern::compile(*text);
    if (!pattern) return refuse(pattern.error().message());
    program_->patterns.push_back(std::move(*pattern));
    program_->code.pop_back();
    program_->constants.pop_back();
    stack_ -= 1;
    emit_at(offset, Op::matches, 0, static_cast<std::uint32_t>(program_->patterns.size() - 1));
    return true;
  }
  const bool takes_zone = function >= Function::get_date;
  if (!takes_zone || *text == "UTC" || fixed_offset(*text)) return false;
  if (scope_.zones == nullptr) return false;
  auto zone = scope_.zones->find(*text);
  if (!zone) return refuse(zone.error().message());
  program_->zones.emplace_back(*text, std::move(*zone));
  return false;
}

Parser::Static Parser::has() {
  const std::size_t offset = token_.offset;
  advance();
  Static result;
  result.offset = offset;
  if (accept(TokenKind::close_parenthesis)) {
    semantic_error(offset, "has() takes one argument: a field, as in has(payload.temperature)");
    return result;
  }
  const Static argument = expression();
  bool single = true;
  while (!failed_ && accept(TokenKind::comma)) {
    expression();
    single = false;
  }
  expect(TokenKind::close_parenthesis, "a `)`");
  if (failed_) return result;
  if (!single) {
    semantic_error(offset, "has() takes one argument: a field, as in has(payload.temperature)");
  } else if (!argument.is_select) {
    semantic_error(argument.offset, "has() asks for a field, as in has(payload.temperature)");
  } else {
    Instruction& read = program_->code.back();
    if (read.op == Op::select) read.op = Op::has;
    if (read.op == Op::load_field) read.op = Op::has_field;
    if (read.op == Op::load_window) read.op = Op::has_window;
    if (read.op == Op::load_topic) {
      program_->constants.push_back(true);  // every name of the filter has a level
      read.op = Op::push_constant;
      read.a = static_cast<std::uint32_t>(program_->constants.size() - 1);
    }
  }
  return result;
}

// All arguments of a macro that is written wrongly: they are read only so that a mistake in the grammar,
// which is told first, is found.
void Parser::skip_arguments() {
  while (!failed_ && token_.kind != TokenKind::close_parenthesis) {
    expression();
    if (!accept(TokenKind::comma)) break;
  }
  expect(TokenKind::close_parenthesis, "a `,` or a `)`");
}

// The range is on the stack. `payload.l.all(x, x > 1)`: the body is run for each element.
Parser::Static Parser::macro(Macro kind, const Static& range, std::size_t offset) {
  const std::string usage = kind == Macro::map ? "write it as list.map(x, x * 2)"
                                               : "write it as list.all(x, x > 0): a name and a condition";
  advance();  // (
  Static result;
  result.offset = offset;
  const std::string_view variable = token_.text;
  Lexer ahead = lexer_;
  if (token_.kind != TokenKind::identifier || is_reserved(variable) ||
      ahead.next().kind != TokenKind::comma) {
    const std::optional<CompileProblem> before = problem_;
    const bool empty = token_.kind == TokenKind::close_parenthesis;
    const Static first = empty ? result : expression();
    const bool alone = token_.kind != TokenKind::comma;
    if (accept(TokenKind::comma) || alone) skip_arguments();
    if (failed_) return result;
    problem_ = before;  // what is no name there is worth no further remark
    semantic_error(alone ? offset : first.offset, usage);
    return result;
  }
  advance();
  advance();  // the name and its comma
  const int inner =
      range.int_depth > 0 && range.int_depth != Static::kEmptyList ? range.int_depth - 1 : Static::kOther;
  const std::size_t begin = emit_at(offset, Op::begin_loop, -1, static_cast<std::uint32_t>(kind));
  locals_.push_back({variable, inner});
  Static body = expression();
  if (kind == Macro::map && accept(TokenKind::comma)) {
    emit_at(offset, Op::filter_loop, -1);
    body = expression();
  }
  locals_.pop_back();
  emit_at(offset, Op::next_loop, 0);
  at(begin).b = here();
  if (!failed_ && token_.kind == TokenKind::comma) {
    semantic_error(offset, usage);
    advance();
    skip_arguments();
    return result;
  }
  expect(TokenKind::close_parenthesis, "a `)`");
  if (kind == Macro::filter) result.int_depth = range.int_depth;
  const bool maps_ints = body.int_depth >= 0 && body.int_depth != Static::kEmptyList;
  if (kind == Macro::map && maps_ints) result.int_depth = body.int_depth + 1;
  return result;
}

// An aggregate's argument is an expression of its own, evaluated for each message; here stands its result.
Parser::Static Parser::aggregate(AggregateKind kind, std::size_t offset) {
  advance();  // (
  Static result;
  result.offset = offset;
  if (in_aggregate_)
    semantic_error(offset, fmt::format("{}() stands within another aggregate", name_of(kind)));
  const bool nested = std::exchange(in_aggregate_, true);
  std::shared_ptr<Program> outer = std::exchange(program_, std::make_shared<Program>());
  std::vector<Local> locals = std::exchange(locals_, {});
  auto name_places = std::exchange(name_places_, {});
  const std::ptrdiff_t stack = std::exchange(stack_, 0);
  program_->zone_source = scope_.zones;

  const bool has_argument = token_.kind != TokenKind::close_parenthesis;
  if (has_argument) expression();
  // Offsets count from the beginning of the whole text, so that a failure points to its place.
  program_->text = text_;
  if (!failed_ && token_.kind == TokenKind::comma) {
    semantic_error(offset, fmt::format("{}() takes one argument", name_of(kind)));
    advance();
    skip_arguments();
  } else {
    expect(TokenKind::close_parenthesis, "a `)`");
  }
  // These two may mean the messages themselves.
  if (!has_argument && kind != AggregateKind::count && kind != AggregateKind::rate) {
    semantic_error(offset, fmt::format("{}() takes one argument: what it is to be taken of", name_of(kind)));
  }
  aggregates_->push_back({kind, has_argument ? program_ : nullptr});

  program_ = std::move(outer);
  locals_ = std::move(locals);
  name_places_ = std::move(name_places);
  stack_ = stack;
  in_aggregate_ = nested;
  emit_at(offset, Op::load_aggregate, 1, static_cast<std::uint32_t>(aggregates_->size() - 1));
  return result;
}

}  // namespace sundial::expression

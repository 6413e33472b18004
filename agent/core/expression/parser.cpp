// The grammar: operators by precedence, literals, lists and maps. Only what stands in brackets recurses.
#include "agent/core/expression/parser.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "platform/base/text.hpp"

namespace sundial::expression {
namespace {

constexpr int kOr = 1;
constexpr int kAnd = 2;
constexpr int kRelation = 3;
constexpr int kSum = 4;
constexpr int kProduct = 5;

// 0: no binary operator.
int precedence(TokenKind kind) {
  switch (kind) {
    case TokenKind::or_:
      return kOr;
    case TokenKind::and_:
      return kAnd;
    case TokenKind::less:
    case TokenKind::less_equal:
    case TokenKind::greater:
    case TokenKind::greater_equal:
    case TokenKind::equal:
    case TokenKind::not_equal:
    case TokenKind::keyword_in:
      return kRelation;
    case TokenKind::plus:
    case TokenKind::minus:
      return kSum;
    case TokenKind::star:
    case TokenKind::slash:
    case TokenKind::percent:
      return kProduct;
    default:
      return 0;
  }
}

Op op_of(TokenKind kind) {
  switch (kind) {
    case TokenKind::less:
      return Op::less;
    case TokenKind::less_equal:
      return Op::less_equal;
    case TokenKind::greater:
      return Op::greater;
    case TokenKind::greater_equal:
      return Op::greater_equal;
    case TokenKind::equal:
      return Op::equal;
    case TokenKind::not_equal:
      return Op::not_equal;
    case TokenKind::keyword_in:
      return Op::in;
    case TokenKind::plus:
      return Op::add;
    case TokenKind::minus:
      return Op::subtract;
    case TokenKind::star:
      return Op::multiply;
    case TokenKind::slash:
      return Op::divide;
    default:
      return Op::modulo;
  }
}

}  // namespace

void locate(std::string_view text, CompileProblem& problem) {
  const std::string_view before = text.substr(0, problem.offset);
  const std::size_t line_start = before.rfind('\n') == std::string_view::npos ? 0 : before.rfind('\n') + 1;
  problem.line = 1 + static_cast<int>(std::count(before.begin(), before.end(), '\n'));
  problem.column = 1 + static_cast<int>(code_points(before.substr(line_start)));
}

Parser::Parser(std::string_view text, const Scope& scope, std::vector<ParsedAggregate>* aggregates)
    : text_(text),
      scope_(scope),
      aggregates_(aggregates),
      lexer_(text),
      program_(std::make_shared<Program>()) {
  program_->text = text;
  program_->zone_source = scope.zones;
}

std::shared_ptr<const Program> Parser::parse(CompileProblem& problem) {
  if (text_.size() > kMaxText) {
    problem = {fmt::format("the expression is longer than {} bytes", kMaxText), 0, 1, 1};
    return nullptr;
  }
  if (!is_utf8(text_)) {
    problem = {"the expression is not valid UTF-8", 0, 1, 1};
    return nullptr;
  }
  advance();
  expression();
  if (!failed_ && token_.kind != TokenKind::end) refuse_token();
  if (problem_) {
    problem = *problem_;
    locate(text_, problem);
    return nullptr;
  }
  return program_;
}

Parser::Static Parser::expression() {
  if (++nesting_ > kMaxNesting) {
    syntax_error(token_.offset, fmt::format("the expression is nested deeper than {} levels", kMaxNesting));
    return {};
  }
  // a ? b : c ? d : e, without recursion: each branch jumps behind the last.
  std::vector<std::size_t> jumps;
  std::vector<std::size_t> branches;
  Static result = binary(kOr);
  std::optional<int> int_depth;
  while (token_.kind == TokenKind::question && !failed_) {
    branches.push_back(emit(Op::branch, -1));
    advance();
    const Static middle = binary(kOr);
    int_depth = !int_depth || *int_depth == middle.int_depth ? middle.int_depth : Static::kOther;
    if (!expect(TokenKind::colon, "a `:` and what comes out otherwise")) break;
    jumps.push_back(emit(Op::jump, -1));
    at(branches.back()).a = here();
    result = binary(kOr);
  }
  if (!branches.empty()) {
    for (std::size_t jump : jumps) at(jump).a = here();
    for (std::size_t branch : branches) at(branch).b = here();
    Static chosen;
    chosen.offset = result.offset;
    chosen.int_depth = result.int_depth == *int_depth ? *int_depth : Static::kOther;
    result = chosen;
  }
  --nesting_;
  return result;
}

Parser::Static Parser::binary(int lowest) {
  Static left = unary();
  while (!failed_) {
    const TokenKind op = token_.kind;
    const int level = precedence(op);
    if (level == 0 || level < lowest) break;
    const std::size_t offset = token_.offset;
    advance();
    std::size_t jump = 0;
    if (level <= kAnd) jump = emit_at(offset, op == TokenKind::or_ ? Op::jump_if_true : Op::jump_if_false, 0);
    const Static right = binary(level + 1);
    if (level <= kAnd) {
      emit_at(offset, op == TokenKind::or_ ? Op::or_ : Op::and_, -1);
      at(jump).a = here();
      left = {};
      left.offset = offset;
    } else {
      left = operation(op, offset, left, right);
    }
  }
  return left;
}

Parser::Static Parser::operation(TokenKind op, std::size_t offset, const Static& left, const Static& right) {
  Static result;
  result.offset = offset;
  const int level = precedence(op);
  if (level >= kSum) {
    const bool wildcard = left.int_depth == Static::kEmptyList || right.int_depth == Static::kEmptyList;
    if (left.int_depth == right.int_depth) {
      result.int_depth = left.int_depth;
    } else if (wildcard && left.int_depth > 0 && right.int_depth > 0) {
      result.int_depth = std::min(left.int_depth, right.int_depth);
    }
  }
  const bool whole = op == TokenKind::slash && result.int_depth == 0;
  emit_at(offset, op_of(op), -1, whole ? 1 : 0);
  return result;
}

Parser::Static Parser::unary() {
  if (token_.kind != TokenKind::not_ && token_.kind != TokenKind::minus) return member();
  const TokenKind op = token_.kind;
  std::vector<std::size_t> offsets;
  for (; token_.kind == op; advance()) offsets.push_back(token_.offset);
  // The innermost minus belongs to the number behind it, so that the smallest int can be written.
  const bool is_number = token_.kind == TokenKind::integer || token_.kind == TokenKind::number;
  Static operand;
  if (op == TokenKind::minus && is_number) {
    operand = negative_literal();
    offsets.pop_back();
  } else {
    operand = member();
  }
  for (; !offsets.empty(); offsets.pop_back()) {
    emit_at(offsets.back(), op == TokenKind::minus ? Op::negate : Op::not_, 0);
    const int int_depth = op == TokenKind::minus && operand.int_depth == 0 ? 0 : Static::kOther;
    operand = {};
    operand.int_depth = int_depth;
    operand.offset = offsets.back();
  }
  return operand;
}

Parser::Static Parser::member() {
  Static operand = primary();
  while (!failed_) {
    if (token_.kind == TokenKind::dot) {
      const std::size_t dot = token_.offset;
      advance();
      operand = field(operand, dot);
    } else if (token_.kind == TokenKind::open_bracket) {
      operand = indexed(operand);
    } else {
      break;
    }
  }
  return operand;
}

Parser::Static Parser::field(const Static& of, std::size_t dot) {
  std::string_view name = token_.text;
  const std::size_t offset = token_.offset;
  if (token_.kind == TokenKind::quoted_identifier) {
    name = name.substr(1, name.size() - 2);
  } else if (token_.kind != TokenKind::identifier) {
    refuse_token();
    return {};
  }
  const bool quoted = token_.kind == TokenKind::quoted_identifier;
  advance();
  if (token_.kind == TokenKind::open_parenthesis && !quoted) return method(name, of);
  if (of.object) return object_field(of, name, offset);
  emit_at(dot, Op::select, 0, name_index(name));
  Static result;
  result.is_select = true;
  result.offset = dot;
  return result;
}

Parser::Static Parser::indexed(const Static& of) {
  Static result;
  result.offset = token_.offset;
  advance();
  expression();
  expect(TokenKind::close_bracket, "a `]`");
  emit_at(result.offset, Op::index, -1);
  if (of.int_depth > 0 && of.int_depth != Static::kEmptyList) result.int_depth = of.int_depth - 1;
  return result;
}

Parser::Static Parser::primary() {
  switch (token_.kind) {
    case TokenKind::integer:
    case TokenKind::unsigned_integer:
    case TokenKind::number:
    case TokenKind::text:
    case TokenKind::bytes:
    case TokenKind::keyword_true:
    case TokenKind::keyword_false:
    case TokenKind::keyword_null:
      return literal();
    case TokenKind::open_parenthesis:
      return parenthesis();
    case TokenKind::open_bracket:
      return list();
    case TokenKind::open_brace:
      return map();
    case TokenKind::identifier:
    case TokenKind::dot:
      return name();
    default:
      refuse_token();
      return {};
  }
}

Parser::Static Parser::parenthesis() {
  advance();
  const Static inner = expression();
  expect(TokenKind::close_parenthesis, "a `)`");
  return inner;
}

Parser::Static Parser::literal() {
  Static result;
  result.offset = token_.offset;
  std::string_view what = "the number is too large";
  std::optional<Value> value;
  switch (token_.kind) {
    case TokenKind::integer:
      result.int_depth = 0;
      if (const auto number = integer_of(token_.text, false)) value = *number;
      break;
    case TokenKind::unsigned_integer:
      result.int_depth = 0;
      if (const auto number = unsigned_of(token_.text)) value = *number;
      break;
    case TokenKind::number:
      if (const auto number = double_of(token_.text)) value = *number;
      break;
    case TokenKind::text:
      if (auto text = unescape(token_, what)) value = std::move(*text);
      break;
    case TokenKind::bytes:
      if (auto bytes = unescape(token_, what)) value = Bytes{std::move(*bytes)};
      break;
    case TokenKind::keyword_true:
      value = true;
      break;
    case TokenKind::keyword_false:
      value = false;
      break;
    default:
      value = Null{};
      break;
  }
  if (!value) {
    syntax_error(token_.offset, std::string(what));
    return {};
  }
  emit_constant(std::move(*value), token_.offset);
  advance();
  return result;
}

Parser::Static Parser::negative_literal() {
  Static result;
  result.offset = token_.offset;
  std::optional<Value> value;
  if (token_.kind == TokenKind::integer) {
    result.int_depth = 0;
    if (const auto number = integer_of(token_.text, true)) value = *number;
  } else if (const auto number = double_of(token_.text)) {
    value = -*number;
  }
  if (!value) {
    syntax_error(token_.offset, "the number is too large");
    return {};
  }
  emit_constant(std::move(*value), token_.offset);
  advance();
  if (token_.kind == TokenKind::dot || token_.kind == TokenKind::open_bracket) refuse_token();
  return result;
}

Parser::Static Parser::list() {
  Static result;
  result.offset = token_.offset;
  advance();
  const std::size_t first = here();
  std::uint32_t count = 0;
  int int_depth = Static::kEmptyList;
  while (token_.kind != TokenKind::close_bracket && !failed_) {
    const Static item = expression();
    if (count == 0) {
      const bool known = item.int_depth != Static::kOther && item.int_depth != Static::kEmptyList;
      int_depth = known ? item.int_depth + 1 : Static::kOther;
    } else if (int_depth != item.int_depth + 1) {
      int_depth = Static::kOther;
    }
    ++count;
    if (!accept(TokenKind::comma)) break;
  }
  expect(TokenKind::close_bracket, "a `,` or a `]`");
  emit_at(result.offset, Op::make_list, 1 - static_cast<int>(count), count);
  if (here() == first + count + 1) fold(first, count, false);
  result.int_depth = int_depth;
  return result;
}

Parser::Static Parser::map() {
  Static result;
  result.offset = token_.offset;
  advance();
  const std::size_t first = here();
  std::uint32_t count = 0;
  while (token_.kind != TokenKind::close_brace && !failed_) {
    expression();
    if (!expect(TokenKind::colon, "a `:` and the key's value")) break;
    expression();
    ++count;
    if (!accept(TokenKind::comma)) break;
  }
  expect(TokenKind::close_brace, "a `,` or a `}`");
  emit_at(result.offset, Op::make_map, 1 - 2 * static_cast<int>(count), count);
  if (here() == first + 2 * count + 1) fold(first, 2 * count, true);
  return result;
}

void Parser::fold(std::size_t first, std::size_t count, bool is_map) {
  if (failed_ || problem_) return;  // what is refused may lack the values that a fold takes
  std::vector<Instruction>& code = program_->code;
  for (std::size_t i = first; i < first + count; ++i) {
    if (code[i].op != Op::push_constant) return;
  }
  if (is_map) return;  // its keys are checked when it is made
  const std::size_t offset = code.back().offset;
  std::vector<Value>& constants = program_->constants;
  // Pushed one after the other, they are the last constants there are.
  const auto begin = constants.end() - static_cast<std::ptrdiff_t>(count);
  List items(std::make_move_iterator(begin), std::make_move_iterator(constants.end()));
  constants.erase(begin, constants.end());
  code.erase(code.begin() + static_cast<std::ptrdiff_t>(first), code.end());
  stack_ -= 1;
  emit_constant(Value(std::move(items)), offset);
}

void Parser::advance() {
  if (failed_) return;
  token_ = lexer_.next();
}

bool Parser::accept(TokenKind kind) {
  if (failed_ || token_.kind != kind) return false;
  advance();
  return true;
}

bool Parser::expect(TokenKind kind, std::string_view what) {
  if (accept(kind)) return true;
  if (failed_) return false;
  if (token_.kind == TokenKind::bad) {
    refuse_token();
  } else {
    const std::string found = token_.kind == TokenKind::end
                                  ? "the expression ends"
                                  : fmt::format("'{}' stands", printable(token_.text, 40));
    syntax_error(token_.offset, fmt::format("{} where {} is missing", found, what));
  }
  return false;
}

void Parser::refuse_token() {
  if (token_.kind == TokenKind::bad) return syntax_error(token_.offset, std::string(token_.what));
  if (token_.kind == TokenKind::end)
    return syntax_error(token_.offset, "the expression ends where a value is missing");
  syntax_error(token_.offset, fmt::format("'{}' does not belong here", printable(token_.text, 40)));
}

void Parser::syntax_error(std::size_t offset, std::string what) {
  if (failed_) return;
  failed_ = true;
  token_ = {TokenKind::end, offset, {}, {}};
  problem_ = CompileProblem{std::move(what), offset, 1, 1};
}

void Parser::semantic_error(std::size_t offset, std::string what) {
  if (!problem_) problem_ = CompileProblem{std::move(what), offset, 1, 1};
}

std::size_t Parser::emit(Op op, int effect, std::uint32_t a, std::uint32_t b) {
  return emit_at(token_.offset, op, effect, a, b);
}

std::size_t Parser::emit_at(std::size_t offset, Op op, int effect, std::uint32_t a, std::uint32_t b) {
  program_->code.push_back({op, a, b, static_cast<std::uint32_t>(offset)});
  stack_ += effect;
  program_->stack = std::max(program_->stack, static_cast<std::size_t>(std::max<std::ptrdiff_t>(stack_, 0)));
  return program_->code.size() - 1;
}

void Parser::emit_constant(Value value, std::size_t offset) {
  program_->constants.push_back(std::move(value));
  emit_at(offset, Op::push_constant, 1, static_cast<std::uint32_t>(program_->constants.size() - 1));
}

std::uint32_t Parser::name_index(std::string_view name) {
  const auto known = name_places_.find(name);
  if (known != name_places_.end()) return known->second;
  const auto place = static_cast<std::uint32_t>(program_->names.size());
  program_->names.emplace_back(name);
  name_places_.emplace(name, place);
  return place;
}

}  // namespace sundial::expression

// Parser: reads an expression and writes the instructions for it in the same pass.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "agent/core/expression/expression.hpp"
#include "agent/core/expression/lexer.hpp"
#include "agent/core/expression/program.hpp"

namespace sundial::expression {

// An aggregate that was met in an entry of `collect`.
struct ParsedAggregate {
  AggregateKind kind;
  std::shared_ptr<const Program> inner;  // null: count()
};

class Parser {
 public:
  // With `aggregates`, their calls are taken out into it; without, they are unknown functions.
  Parser(std::string_view text, const Scope& scope, std::vector<ParsedAggregate>* aggregates);

  // Null where the text does not compile: then `problem` says what is wrong first. What is wrong with
  // the grammar comes before what is wrong with a name.
  std::shared_ptr<const Program> parse(CompileProblem& problem);

 private:
  // What is known of a value before it is there.
  struct Static {
    static constexpr int kOther = -1;
    static constexpr int kEmptyList = 1000;
    // 0: an int by its form alone; 1: a list of such; 2: a list of lists, …
    int int_depth = kOther;
    bool is_select = false;          // the last instruction reads a member
    std::optional<Variable> object;  // a variable whose fields are not those of a map
    bool is_fired = false;           // `state.fired`
    std::size_t offset = 0;          // where a message about it points
  };
  struct Local {
    std::string_view name;
    int int_depth;
  };

  Static expression();
  Static binary(int lowest);
  Static operation(TokenKind op, std::size_t offset, const Static& left, const Static& right);
  Static unary();
  Static member();
  Static field(const Static& of, std::size_t dot);
  Static indexed(const Static& of);
  Static primary();
  Static literal();
  Static negative_literal();
  Static list();
  Static map();
  Static parenthesis();

  // parser_calls.cpp
  Static call(std::string_view name);
  Static method(std::string_view name, const Static& receiver);
  Static finish_call(std::string_view name, bool is_method, std::size_t offset);
  Static has();
  Static macro(Macro kind, const Static& range, std::size_t offset);
  Static aggregate(AggregateKind kind, std::size_t offset);
  std::size_t arguments();
  void skip_arguments();
  bool use_constant(Function function, std::size_t offset);

  // parser_names.cpp
  Static name();
  Static variable(std::string_view name, std::size_t offset, bool global);
  Static object_field(const Static& of, std::string_view name, std::size_t offset);
  Static window_field(std::string_view name, std::size_t offset);
  Static topic_field(std::string_view name, std::size_t offset);
  void unknown_field(std::string_view owner, std::string_view name, std::size_t offset,
                     const std::vector<std::string_view>& known);
  std::string unknown_name(std::string_view name) const;

  void advance();
  bool accept(TokenKind kind);
  bool expect(TokenKind kind, std::string_view what);
  void refuse_token();
  void syntax_error(std::size_t offset, std::string what);
  void semantic_error(std::size_t offset, std::string what);

  std::size_t emit(Op op, int effect, std::uint32_t a = 0, std::uint32_t b = 0);
  std::size_t emit_at(std::size_t offset, Op op, int effect, std::uint32_t a = 0, std::uint32_t b = 0);
  void emit_constant(Value value, std::size_t offset);
  std::uint32_t name_index(std::string_view name);
  std::uint32_t here() const { return static_cast<std::uint32_t>(program_->code.size()); }
  Instruction& at(std::size_t index) { return program_->code[index]; }
  // Joins constants that stand side by side into one list or map.
  void fold(std::size_t first, std::size_t count, bool is_map);

  std::string_view text_;
  const Scope& scope_;
  std::vector<ParsedAggregate>* aggregates_;
  Lexer lexer_;
  Token token_;
  std::shared_ptr<Program> program_;
  std::map<std::string, std::uint32_t, std::less<>> name_places_;
  std::vector<Local> locals_;
  std::size_t nesting_ = 0;
  std::size_t last_argument_ = 0;  // where the code of the argument read last begins
  std::ptrdiff_t stack_ = 0;
  bool in_aggregate_ = false;
  bool failed_ = false;
  std::optional<CompileProblem> problem_;
};

// Line and column, from 1 and in code points, of an offset.
void locate(std::string_view text, CompileProblem& problem);

}  // namespace sundial::expression

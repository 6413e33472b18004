// Expressions: CEL as conditions, keys and templates use it, compiled once and evaluated per message.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "agent/core/expression/scope.hpp"
#include "agent/core/model/node.hpp"
#include "platform/base/result.hpp"
#include "platform/base/value.hpp"

namespace sundial::expression {

// Bounds: what is beyond them is refused, when compiled or when evaluated.
inline constexpr std::size_t kMaxText = 4 * 1024 * 1024;       // bytes of an expression
inline constexpr std::size_t kMaxNesting = 200;                // brackets, calls and macros within each other
inline constexpr std::size_t kMaxValueDepth = 250;             // lists and maps within each other
inline constexpr std::size_t kMaxSteps = 5'000'000;            // of one evaluation
inline constexpr std::size_t kMaxProduced = 32 * 1024 * 1024;  // bytes of values made by one evaluation

// What does not compile, and where: an offset in bytes, and line and column from 1 in code points.
struct CompileProblem {
  std::string what;
  std::size_t offset = 0;
  int line = 1;
  int column = 1;
};

struct Program;

enum class Outcome { holds, does_not_hold, failed };

// Immutable and free of hidden state: one Expression may be evaluated by several threads at once.
class Expression {
 public:
  // Nothing, and `problem`, where the text does not compile under this scope.
  static std::optional<Expression> compile(std::string_view text, const Scope& scope,
                                           CompileProblem& problem);
  // The same for a text of the configuration: what is wrong is added to `problems` under `where`
  // ("[rule.overheat] when"), at its place in the file.
  static std::optional<Expression> compile(const model::Text& text, const Scope& scope,
                                           std::string_view where, std::vector<model::Problem>& problems);

  Expression(const Expression&);
  Expression(Expression&&) noexcept;
  Expression& operator=(const Expression&);
  Expression& operator=(Expression&&) noexcept;
  ~Expression();

  // The value, on its own: it points to nothing of the bindings.
  Result<Value> evaluate(const Bindings& bindings) const;

  // As a condition, without building a value: anything but `true` and `false` has failed. `why` is
  // filled in for a failure where it is given.
  Outcome test(const Bindings& bindings, std::string* why = nullptr) const;

  // The variables that it names.
  Variables uses() const;
  // Whether it is exactly this one variable, or this field of one ("schedule", "time").
  bool is_exactly(Variable variable, std::string_view field = {}) const;
  // Whether it names this field of a variable anywhere: `message.id`; also where it uses the whole variable.
  bool names(Variable variable, std::string_view field) const;
  // The members of the payload that it looks at; nothing where it looks at the payload as a whole.
  std::optional<std::vector<std::string>> payload_members() const;

  const std::string& text() const;

 private:
  explicit Expression(std::shared_ptr<const Program> program);
  friend class CollectExpression;
  std::shared_ptr<const Program> program_;
};

enum class AggregateKind {
  count,
  sum,
  avg,
  min,
  max,
  first,
  last,
  list,
  p50,
  p95,
  p99,
  stddev,
  distinct,
  rate
};
std::string_view name_of(AggregateKind kind);

// One aggregate in an entry of `collect`.
struct AggregateCall {
  AggregateKind kind;
  std::optional<Expression> inner;  // not set only in `count()`
};

// An entry of `collect`: an expression over the results of aggregates, which else sees the last message.
class CollectExpression {
 public:
  // An aggregate within another does not compile, nor does a wrong number of its arguments.
  static std::optional<CollectExpression> compile(const model::Text& text, const Scope& scope,
                                                  std::string_view where,
                                                  std::vector<model::Problem>& problems);

  // In the order of `results`.
  const std::vector<AggregateCall>& aggregates() const { return aggregates_; }

  // What it names of the last message, outside its aggregates.
  Variables uses() const { return outer_.uses(); }
  bool names(Variable variable, std::string_view field) const { return outer_.names(variable, field); }

  // `results[i]` is what aggregates()[i] came to; an entry that is one aggregate alone is its result.
  Result<Value> evaluate(const Bindings& last_message, std::span<const Value> results) const;

 private:
  CollectExpression(std::vector<AggregateCall> aggregates, Expression outer);
  std::vector<AggregateCall> aggregates_;
  Expression outer_;
};

// The place in the file of an offset within a text: exact for a text on one line without escapes,
// else the beginning of the text.
model::Position place_within(const model::Text& text, const CompileProblem& problem);

}  // namespace sundial::expression

// Expressions and payloads from a stranger: whatever compiles is answered, twice the same, and its value
// can be written.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "agent/core/expression/expression.hpp"
#include "agent/core/expression/value_semantics.hpp"
#include "platform/json/json.hpp"

namespace {

using namespace sundial;              // NOLINT: one short program
using namespace sundial::expression;  // NOLINT

void require(bool holds) {
  if (!holds) std::abort();
}

void evaluate(const Expression& expression, const Bindings& bindings) {
  const Result<Value> first = expression.evaluate(bindings);
  const Result<Value> second = expression.evaluate(bindings);
  require(first.has_value() == second.has_value());
  if (!first) return;
  const std::string text = json::write(*first);
  require(text == json::write(*second));
  if (equal(*first, *second)) require(hash(*first) == hash(*second));
  (void)expression.test(bindings);
}

}  // namespace

// The first line is the expression, the rest the payload.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  const std::size_t line = input.find('\n');
  const std::string_view text = input.substr(0, line);
  const Result<Value> payload =
      line == std::string_view::npos ? Value() : json::parse(input.substr(line + 1));
  Scope scope;
  scope.variables = {Variable::payload, Variable::topic, Variable::message, Variable::now, Variable::state};
  CompileProblem problem;
  const auto expression = Expression::compile(text, scope, problem);
  if (!expression) {
    require(!problem.what.empty() && problem.offset <= text.size() && problem.line >= 1 &&
            problem.column >= 1);
    return 0;
  }
  model::Message message;
  const StateView state;
  Bindings bindings;
  if (payload) bindings.payload = &*payload;
  bindings.message = &message;
  bindings.now = Instant{};
  bindings.state = &state;
  evaluate(*expression, bindings);
  std::vector<model::Problem> problems;
  (void)CollectExpression::compile(model::Text{std::string(text), {}}, scope, "collect", problems);
  return 0;
}

// Entries of `collect`: expressions over aggregates.
#include <gtest/gtest.h>

#include "agent/core/expression/expression.hpp"
#include "platform/json/json.hpp"

namespace sundial::expression {
namespace {

class Collect : public ::testing::Test {
 protected:
  Collect() {
    scope_.variables = {Variable::payload};
    bindings_.payload = &payload_;
  }

  std::optional<CollectExpression> compile(std::string_view text) {
    problems_.clear();
    return CollectExpression::compile(model::Text{std::string(text), {}}, scope_, "x", problems_);
  }

  std::string problem(std::string_view text) {
    EXPECT_FALSE(compile(text)) << text;
    return problems_.empty() ? "" : problems_[0].what;
  }

  Scope scope_;
  Value payload_ = *json::parse(R"({"v": 3, "l": [1, 2]})");
  Bindings bindings_;
  std::vector<model::Problem> problems_;
};

TEST_F(Collect, TakesItsAggregatesOut) {
  const auto span = compile("max(payload.v) - min(payload.v + 1)");
  ASSERT_TRUE(span);
  ASSERT_EQ(span->aggregates().size(), 2U);
  EXPECT_EQ(span->aggregates()[0].kind, AggregateKind::max);
  EXPECT_EQ(span->aggregates()[1].kind, AggregateKind::min);
  EXPECT_EQ(json::write(*span->aggregates()[1].inner->evaluate(bindings_)), "4");
  const std::vector<Value> results{10, 4};
  EXPECT_EQ(json::write(*span->evaluate(bindings_, results)), "6");
}

TEST_F(Collect, CountsAllWithoutAnArgument) {
  const auto count = compile("count()");
  ASSERT_TRUE(count);
  EXPECT_FALSE(count->aggregates()[0].inner);
  const std::vector<Value> results{8};
  EXPECT_EQ(json::write(*count->evaluate(bindings_, results)), "8");
}

TEST_F(Collect, SeesTheLastMessageOutsideItsAggregates) {
  const auto mixed = compile("payload.v + count()");
  ASSERT_TRUE(mixed);
  const std::vector<Value> results{8};
  EXPECT_EQ(json::write(*mixed->evaluate(bindings_, results)), "11");
}

TEST_F(Collect, DividesAggregatesAsDoubles) {
  const auto share = compile("count(payload.v == 3) / count()");
  const std::vector<Value> results{3, 8};
  EXPECT_EQ(json::write(*share->evaluate(bindings_, results)), "0.375");
}

TEST_F(Collect, MayUseMacrosInAnAggregate) {
  const auto listed = compile("list(payload.l.map(x, x * 2))");
  ASSERT_TRUE(listed);
  EXPECT_EQ(json::write(*listed->aggregates()[0].inner->evaluate(bindings_)), "[2,4]");
}

TEST_F(Collect, FailsWithWhatItIsMadeOf) {
  const auto broken = compile("avg(payload.v) > 1.0");
  const std::vector<Value> results{Null{}};
  EXPECT_FALSE(broken->evaluate(bindings_, results));
}

TEST_F(Collect, RefusesWhatMakesNoSense) {
  EXPECT_NE(problem("max(avg(payload.v))").find("avg() stands within another aggregate"), std::string::npos);
  EXPECT_NE(problem("max()").find("max() takes one argument"), std::string::npos);
  EXPECT_NE(problem("max(payload.v, 1)").find("max() takes one argument"), std::string::npos);
  EXPECT_NE(problem("maximum(payload.v)").find("there is no function 'maximum'"), std::string::npos);
  EXPECT_NE(problem("max(payload.v").find("missing"), std::string::npos);
  EXPECT_NE(problem("payload.l.map(x, max(x))").find("there is no variable 'x'"), std::string::npos);
  EXPECT_NE(problem("max(nothing)").find("there is no variable 'nothing'"), std::string::npos);
}

TEST_F(Collect, KnowsEveryAggregate) {
  for (const char* name : {"sum", "avg", "min", "max", "first", "last", "list", "p50", "p95", "p99", "stddev",
                           "distinct", "rate", "count"}) {
    const auto entry = compile(std::string(name) + "(payload.v)");
    ASSERT_TRUE(entry) << name;
    EXPECT_EQ(name_of(entry->aggregates()[0].kind), name);
  }
}

}  // namespace
}  // namespace sundial::expression

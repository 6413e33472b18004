// Expressions beside the corpus: what each variable means, what a scope refuses, and the bounds.
#include "agent/core/expression/expression.hpp"

#include <gtest/gtest.h>

#include "platform/json/json.hpp"

namespace sundial::expression {
namespace {

Instant at(std::string_view text) {
  return *parse_rfc3339(text);
}

class Window final : public WindowView {
 public:
  const Value* field(std::size_t index) const override { return index < 2 ? &values_[index] : nullptr; }

 private:
  std::vector<Value> values_{5, List{1, 2}};
};

class Expressions : public ::testing::Test {
 protected:
  Expressions() {
    scope_.variables = {Variable::payload, Variable::topic, Variable::message, Variable::device,
                        Variable::now,     Variable::state, Variable::window,  Variable::schedule,
                        Variable::rule,    Variable::each};
    scope_.topic_names = {"site", "device"};
    scope_.window_names = {"count", "values", "p95"};
    message_.id = "m1";
    message_.topic = "a/b";
    message_.qos = 1;
    message_.properties.content_type = "application/json";
    message_.properties.user = {{"k", "v"}};
    payload_ = *json::parse(R"({"t": 81.5, "n": 40, "s": "x", "l": [1, 2, 3]})");
    bindings_.payload = &payload_;
    bindings_.topic = {names_, levels_};
    bindings_.message = &message_;
    bindings_.message_time = at("2026-03-10T12:00:00.5Z");
    bindings_.device = &device_;
    bindings_.now = at("2026-03-10T12:00:01Z");
    bindings_.state = &state_;
    bindings_.window = &window_;
    bindings_.schedule = &schedule_;
    bindings_.rule = "overheat";
    bindings_.each = &each_;
  }

  std::string value(std::string_view text) {
    CompileProblem problem;
    const auto expression = Expression::compile(text, scope_, problem);
    if (!expression) return "problem: " + problem.what;
    const auto result = expression->evaluate(bindings_);
    return result ? json::write(*result) : "failed: " + result.error().message();
  }

  Expression compiled(std::string_view text) {
    CompileProblem problem;
    auto expression = Expression::compile(text, scope_, problem);
    EXPECT_TRUE(expression) << text << ": " << problem.what;
    return *expression;
  }

  Scope scope_;
  model::Message message_;
  Value payload_;
  DeviceView device_{"greenhouse-1", "Europe/Berlin"};
  StateView state_;
  Window window_;
  ScheduleView schedule_{"health", at("2026-01-01T00:00:00Z")};
  Value each_{"line-1"};
  std::vector<std::string> names_{"site", "device"};
  std::vector<std::string_view> levels_{"north", "th-1"};
  Bindings bindings_;
};

TEST_F(Expressions, SeeTheVariables) {
  EXPECT_EQ(value("topic.device + '@' + topic.site"), R"("th-1@north")");
  EXPECT_EQ(value("topic"), R"({"site":"north","device":"th-1"})");
  EXPECT_EQ(value("topic['site']"), R"("north")");
  EXPECT_EQ(value("message.id + message.topic"), R"("m1a/b")");
  EXPECT_EQ(value("[message.qos, message.retained, message.duplicate]"), "[1,false,false]");
  EXPECT_EQ(value("message.time"), R"("2026-03-10T12:00:00.5Z")");
  EXPECT_EQ(value("message.properties.content_type"), R"("application/json")");
  EXPECT_EQ(value("message.properties.user.k"), R"("v")");
  EXPECT_EQ(value("has(message.properties.response_topic)"), "false");
  EXPECT_EQ(value("device.name + device.time_zone"), R"("greenhouse-1Europe/Berlin")");
  EXPECT_EQ(value("now - message.time"), R"("0.5s")");
  EXPECT_EQ(value("window.count + size(window.values)"), "7");
  EXPECT_EQ(value("schedule.id + rule.id + each"), R"("healthoverheatline-1")");
  EXPECT_EQ(value("schedule.time"), R"("2026-01-01T00:00:00Z")");
  EXPECT_EQ(value("rule"), R"({"id":"overheat"})");
}

TEST_F(Expressions, SeeTheStateAsFarAsItIsThere) {
  EXPECT_EQ(value("state.count"), "0");
  EXPECT_EQ(value("has(state.previous)"), "false");
  EXPECT_EQ(value("has(state.fired)"), "false");
  EXPECT_TRUE(value("has(state.fired.time)").starts_with("failed"));
  EXPECT_TRUE(value("state.previous.t > 1").starts_with("failed"));
  EXPECT_EQ(value("!has(state.previous) || payload.t > state.previous.t"), "true");
  const Value previous = *json::parse(R"({"t": 80})");
  state_ = {3, &previous, at("2026-03-10T11:00:00Z"), &previous};
  EXPECT_EQ(value("state.count"), "3");
  EXPECT_EQ(value("payload.t - state.previous.t"), "1.5");
  EXPECT_EQ(value("now - state.fired.time > duration('1h')"), "true");
  EXPECT_EQ(value("state.fired.payload.t"), "80");
  EXPECT_EQ(value("has(state.fired.payload.t)"), "true");
  EXPECT_EQ(value("state.fired"), R"({"time":"2026-03-10T11:00:00Z","payload":{"t":80}})");
}

TEST_F(Expressions, FailWhereAWindowHasNoSuchFieldYet) {
  EXPECT_TRUE(value("window.p95 > 1").starts_with("failed"));
  EXPECT_EQ(value("has(window.p95)"), "false");
}

TEST_F(Expressions, RefuseNamesThatAreNotInScope) {
  EXPECT_EQ(value("topic.devise"), "problem: there is no topic.devise; did you mean topic.device?");
  EXPECT_EQ(value("window.mean"), "problem: there is no window.mean; there are count, values, p95");
  EXPECT_EQ(value("message.ids"), "problem: there is no message.ids; did you mean message.id?");
  EXPECT_EQ(value("state.fired.when"), "problem: there is no state.fired.when; there are time, payload");
  EXPECT_EQ(value("playload.t"), "problem: there is no variable 'playload'; did you mean 'payload'?");
  EXPECT_EQ(value("payload.s.startswith('x')"),
            "problem: there is no method 'startswith'; did you mean 'startsWith'?");
  EXPECT_EQ(value("len(payload.s)").substr(0, 31), "problem: there is no function '");
  EXPECT_EQ(value("[0, playload]"), "problem: there is no variable 'playload'; did you mean 'payload'?");
  EXPECT_EQ(value("[[1, 2], playload] == []"),
            "problem: there is no variable 'playload'; did you mean 'payload'?");
  EXPECT_EQ(value("max(payload.t)"),
            "problem: 'max' is an aggregate, and belongs into an entry of `collect`");
  EXPECT_EQ(value("result"), "problem: 'result' is not there at this place");
  EXPECT_TRUE(value("window").starts_with("problem: name what you want"));
}

TEST_F(Expressions, KnowAnyTopicNameWhereTheScopeNamesNone) {
  scope_.topic_names.reset();
  EXPECT_EQ(value("topic.device"), R"("th-1")");
  EXPECT_EQ(value("has(topic.floor)"), "false");
  EXPECT_TRUE(value("topic.floor").starts_with("failed"));
}

TEST_F(Expressions, KnowHexadecimalByItsSmallX) {
  EXPECT_EQ(value("0x1F"), "31");
  EXPECT_EQ(value("0X1F").substr(0, 8), "problem:");
}

TEST_F(Expressions, KnowRawBytesInOneOrder) {
  EXPECT_EQ(value("size(br'\\n')"), "2");
  EXPECT_EQ(value("size(rb'\\n')").substr(0, 8), "problem:");
}

TEST_F(Expressions, MakeNoUintOfWhatIsBelowZero) {
  EXPECT_EQ(value("uint(-0.5)").substr(0, 7), "failed:");
  EXPECT_EQ(value("uint(-0.0)"), "0");
  EXPECT_EQ(value("uint(1.9)"), "1");
}

TEST_F(Expressions, FailWhereAVariableIsNotBound) {
  const Bindings nothing;
  bindings_ = nothing;
  for (const char* text : {"payload", "message.id", "device.name", "now", "state.count", "window.count",
                           "schedule.time", "rule.id", "each", "topic.device"}) {
    EXPECT_TRUE(value(text).starts_with("failed: this has no value here")) << text << ": " << value(text);
  }
}

TEST_F(Expressions, DivideAsIntsOnlyWhereBothSidesAreIntsByTheirForm) {
  EXPECT_EQ(value("7 / 2"), "3");
  EXPECT_EQ(value("(3 + 4) / 2"), "3");
  EXPECT_EQ(value("-7 / 2"), "-3");
  EXPECT_EQ(value("int(payload.t) / 2"), "40");
  EXPECT_EQ(value("size(payload.l) / 2"), "1");
  EXPECT_EQ(value("payload.l.size() / 2"), "1");
  EXPECT_EQ(value("[7, 9][0] / 2"), "3");
  EXPECT_EQ(value("[[7], [9]].map(l, l[0] / 2)"), "[3,4]");
  EXPECT_EQ(value("[7, 8].filter(x, x > 7).map(x, x / 3)"), "[2]");
  EXPECT_EQ(value("[7].map(x, x * 2).map(x, x / 4)"), "[3]");
  EXPECT_EQ(value("(true ? 7 : 9) / 2"), "3");
  EXPECT_EQ(value("payload.n / 3 > 13.3"), "true");
  EXPECT_EQ(value("(payload.n + 1) / 2"), "20.5");
  EXPECT_EQ(value("(true ? 7 : payload.n) / 2"), "3.5");
  EXPECT_EQ(value("payload.l.map(x, x / 2)"), "[0.5,1.0,1.5]");
  EXPECT_EQ(value("[payload.n, 7].map(x, x / 2)"), "[20.0,3.5]");
  EXPECT_EQ(value("window.count / 2"), "2.5");
  EXPECT_EQ(value("7 / 0 > 1 || true"), "true");
}

TEST_F(Expressions, TestConditions) {
  std::string why;
  EXPECT_EQ(compiled("payload.t > 80.0").test(bindings_), Outcome::holds);
  EXPECT_EQ(compiled("payload.t > 90.0").test(bindings_), Outcome::does_not_hold);
  EXPECT_EQ(compiled("payload.missing > 1").test(bindings_, &why), Outcome::failed);
  EXPECT_EQ(why, "there is no field 'missing' (at '.missing > 1')");
  EXPECT_EQ(compiled("payload.t").test(bindings_, &why), Outcome::failed);
  EXPECT_EQ(why, "a condition must be bool, and this is double");
}

TEST_F(Expressions, TellWhatTheyUse) {
  const Expression condition = compiled("payload.t > 1 && topic.device != '' || message.id == 'x'");
  EXPECT_TRUE(condition.uses().within({Variable::payload, Variable::topic, Variable::message}));
  EXPECT_FALSE(condition.uses().has(Variable::state));
  EXPECT_TRUE(compiled("[1].exists(x, state.count > x)").uses().has(Variable::state));
  EXPECT_TRUE(condition.names(Variable::message, "id"));
  EXPECT_FALSE(condition.names(Variable::message, "time"));
  EXPECT_TRUE(compiled("string(message)").names(Variable::message, "id"));
  EXPECT_TRUE(compiled("window.count > 1").names(Variable::window, "count"));
  EXPECT_TRUE(compiled("payload").is_exactly(Variable::payload));
  EXPECT_TRUE(compiled(" ( payload ) ").is_exactly(Variable::payload));
  EXPECT_FALSE(compiled("payload.t").is_exactly(Variable::payload));
  EXPECT_TRUE(compiled("schedule.time").is_exactly(Variable::schedule, "time"));
  EXPECT_FALSE(compiled("schedule.id").is_exactly(Variable::schedule, "time"));
  EXPECT_TRUE(compiled("window.count").is_exactly(Variable::window, "count"));
}

TEST_F(Expressions, HideVariablesBehindTheNamesOfMacros) {
  EXPECT_EQ(value("[1].map(payload, payload + 1)"), "[2]");
  EXPECT_EQ(value("[1].map(payload, .payload.n)"), "[40]");
  EXPECT_EQ(value("[1, 2].map(x, [3].map(x, x))"), "[[3],[3]]");
  EXPECT_EQ(value("[1, 2].map(x, x > 1, x * 10)"), "[20]");
  EXPECT_TRUE(value("[1].map(x, x) == [x]").starts_with("problem"));
}

TEST_F(Expressions, DoNotTakeABranchForAConstantPattern) {
  EXPECT_EQ(value("'b'.matches(payload.n > 50 ? 'a' : 'b')"), "true");
  EXPECT_EQ(value("'b'.matches(payload.n > 30 ? 'a' : 'b')"), "false");
  EXPECT_EQ(value("matches('abc', '^b') || matches('abc', 'b')"), "true");
}

TEST_F(Expressions, GrowTemporariesWithoutChangingWhatIsKept) {
  EXPECT_EQ(value("['a', 'b'].map(x, x + x + x)"), R"(["aaa","bbb"])");
  EXPECT_EQ(value("[[1], [2]].map(l, l + l) == [[1, 1], [2, 2]]"), "true");
  EXPECT_EQ(value("payload.l + payload.l"), "[1,2,3,1,2,3]");
  EXPECT_EQ(value("payload.l"), "[1,2,3]");
  EXPECT_EQ(value("['a'].map(x, [x + 'b', x + 'c'])"), R"([["ab","ac"]])");
}

TEST_F(Expressions, AreBounded) {
  EXPECT_TRUE(value("[0,1,2,3,4,5,6,7,8,9].all(a, [0,1,2,3,4,5,6,7,8,9].all(b, "
                    "[0,1,2,3,4,5,6,7,8,9].all(c, [0,1,2,3,4,5,6,7,8,9].all(d, [0,1,2,3,4,5,6,7,8,9].all(e, "
                    "[0,1,2,3,4,5,6,7,8,9].all(f, [0,1,2,3,4,5,6,7,8,9].all(g, true))))))) || true")
                  .starts_with("failed: it takes too many steps"));
  std::string text = "['aaaaaaaa']";
  for (int i = 0; i < 40; ++i) text += ".map(s, s + s)";
  EXPECT_TRUE(value(text).starts_with("failed: its values take too much memory"))
      << value(text).substr(0, 100);
  std::string deep = "[1]";
  for (int i = 0; i < 300; ++i) deep += ".map(l, [l])";
  EXPECT_TRUE(value(deep).starts_with("failed: ")) << value(deep).substr(0, 100);
  EXPECT_TRUE(value(std::string(201, '(') + "1" + std::string(201, ')')).starts_with("problem"));
  EXPECT_EQ(value(std::string(199, '(') + "1" + std::string(199, ')')), "1");
  EXPECT_TRUE(value(std::string(kMaxText + 1, ' ')).starts_with("problem"));
  EXPECT_TRUE(value("'\xff'").starts_with("problem"));
}

TEST_F(Expressions, PointIntoTheFile) {
  std::vector<model::Problem> problems;
  const model::Text text{"payload.t >> 5", {"sundial.toml", 12, 8}};
  EXPECT_FALSE(Expression::compile(text, scope_, "[rule.r] when", problems));
  ASSERT_EQ(problems.size(), 1U);
  EXPECT_EQ(model::format_problem(problems[0]),
            "sundial.toml:12:20: [rule.r] when: '>' does not belong here");
}

TEST_F(Expressions, WriteDoublesAsCelDoes) {
  EXPECT_EQ(value("string(1.0)"), R"("1")");
  EXPECT_EQ(value("string(0.1)"), R"("0.1")");
  EXPECT_EQ(value("string(123456.5)"), R"("123456.5")");
  EXPECT_EQ(value("string(1e6)"), R"("1e+06")");
  EXPECT_EQ(value("string(1e-5)"), R"("1e-05")");
  EXPECT_EQ(value("string(-0.0001)"), R"("-0.0001")");
}

}  // namespace
}  // namespace sundial::expression

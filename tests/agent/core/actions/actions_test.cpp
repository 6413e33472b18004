// Actions: what a table may hold, what a firing makes of it, and the ids of starts that have none.
#include "agent/core/actions/actions.hpp"

#include <gtest/gtest.h>

#include "agent/core/actions/template.hpp"
#include "platform/base/sha256.hpp"
#include "platform/json/json.hpp"

namespace sundial::actions {
namespace {

using expression::Variable;
using model::ActionKind;

Instant at(std::string_view text) {
  return *parse_rfc3339(text);
}

// A node as the loader makes it, each value on a line of its own.
model::Node node_of(const Value& value, int& line) {
  model::Node node;
  node.at = {"config.toml", ++line, 5};
  if (const std::string* text = value.text()) {
    node.data = *text;
  } else if (const List* list = value.get_if<List>()) {
    model::Array array;
    for (const Value& item : *list) array.push_back(node_of(item, line));
    node.data = std::move(array);
  } else if (const Map* map = value.get_if<Map>()) {
    model::Table table;
    for (const auto& [name, member] : *map) {
      const model::Position key_at{"config.toml", line + 1, 1};
      table.push_back({*name.text(), key_at, node_of(member, line)});
    }
    node.data = std::move(table);
  } else if (const auto* number = value.get_if<std::int64_t>()) {
    node.data = *number;
  } else if (const auto* fractional = value.get_if<double>()) {
    node.data = *fractional;
  } else if (const auto* boolean = value.get_if<bool>()) {
    node.data = *boolean;
  }
  return node;
}

model::ActionDefinition definition(ActionKind kind, std::string_view table) {
  int line = 0;
  return {kind, node_of(*json::parse(table), line)};
}

class Window final : public expression::WindowView {
 public:
  const Value* field(std::size_t index) const override { return &values_[index]; }

 private:
  std::vector<Value> values_{Timestamp{1773144000, 0}, List{"a", "b"}};
};

class Actions : public ::testing::Test {
 protected:
  Actions() {
    scope_.variables = {Variable::payload,  Variable::topic, Variable::message,
                        Variable::device,   Variable::now,   Variable::state,
                        Variable::schedule, Variable::rule,  Variable::window};
    scope_.topic_names = {"device"};
    scope_.window_names = {"start", "ids"};
    message_.id = "m1";
    message_.topic = "sensors/a/t";
    bindings_.payload = &payload_;
    bindings_.topic = {names_, levels_};
    bindings_.message = &message_;
    bindings_.device = &device_;
    bindings_.now = at("2026-03-10T12:00:00.250Z");
    bindings_.schedule = &schedule_;
    bindings_.rule = "overheat";
    bindings_.window = &window_;
    firing_.owner = "overheat";
    firing_.key = "a";
    firing_.message_id = "m1";
  }

  void payload(std::string_view text) {
    json_ = text;
    payload_ = *json::parse(text);
    bindings_.payload_json = json_;
  }

  std::vector<std::string> problems(ActionKind kind, std::string_view table) {
    std::vector<model::Problem> found;
    const auto action =
        CompiledAction::compile(definition(kind, table), scope_, {"[rule.overheat] do", 1}, found);
    EXPECT_EQ(action.has_value(), found.empty());
    std::vector<std::string> texts;
    for (const model::Problem& problem : found) texts.push_back(model::format_problem(problem));
    return texts;
  }

  std::vector<Result<RenderedAction>> render(ActionKind kind, std::string_view table, int start_number = 1) {
    std::vector<model::Problem> found;
    const auto action =
        CompiledAction::compile(definition(kind, table), scope_, {"[rule.overheat] do", start_number}, found);
    EXPECT_TRUE(found.empty()) << model::format_problem(found.front());
    return action ? action->render(bindings_, firing_) : std::vector<Result<RenderedAction>>{};
  }

  // The actions as JSON, a line each; what failed as its message.
  std::string shown(ActionKind kind, std::string_view table, int start_number = 1) {
    std::string text;
    for (const auto& one : render(kind, table, start_number)) {
      text += (text.empty() ? "" : "\n") + (one ? json::write(one->action) : "! " + one.error().message());
    }
    return text;
  }

  std::string text(std::string_view source) {
    std::vector<model::Problem> found;
    const auto compiled = Template::compile({std::string(source), {}}, scope_, "x", found);
    if (!compiled) return "problem: " + found.front().what;
    const auto value = compiled->render(bindings_);
    return value ? json::write(*value) : "failed: " + value.error().message();
  }

  expression::Scope scope_;
  model::Message message_;
  Value payload_;
  std::string json_;
  expression::DeviceView device_{"greenhouse-1", "Europe/Berlin"};
  expression::ScheduleView schedule_{"health", at("2026-01-01T00:00:00Z")};
  Window window_;
  std::vector<std::string> names_{"device"};
  std::vector<std::string_view> levels_{"a"};
  expression::Bindings bindings_;
  Firing firing_;
};

TEST_F(Actions, KeepsTheTypeOfOneExpressionAlone) {
  payload(R"({"t":21.5,"n":3,"s":"x","b":true,"z":null,"l":[1,"x"]})");
  EXPECT_EQ(text("{payload.t}"), "21.5");
  EXPECT_EQ(text("{ payload.n }"), "3");
  EXPECT_EQ(text(" {payload.n}"), R"(" 3")");
  EXPECT_EQ(text("{payload.z}"), "null");
  EXPECT_EQ(text("{payload.l}"), R"([1,"x"])");
  EXPECT_EQ(text("{payload.s}-{payload.n}/{payload.b}"), R"("x-3/true")");
  EXPECT_EQ(text(""), R"("")");
  EXPECT_TRUE(text("{payload.missing}").starts_with("failed"));
}

TEST_F(Actions, WritesValuesIntoOtherText) {
  payload(R"({"d":21.0,"e":1e2,"l":[1],"ts":"2026-03-10T13:00:00+01:00","n":null})");
  EXPECT_EQ(text("x={payload.d}"), R"("x=21.0")");
  EXPECT_EQ(text("x={payload.e}"), R"("x=100.0")");
  EXPECT_EQ(text("x={payload.l}"), R"("x=[1]")");
  EXPECT_EQ(text("x={payload.n}"), R"("x=null")");
  EXPECT_EQ(text("x={timestamp(payload.ts)}"), R"("x=2026-03-10T12:00:00.000Z")");
  EXPECT_EQ(text("x={now - timestamp(payload.ts)}"), R"("x=0.25s")");
  EXPECT_EQ(text("x={schedule.time}"), R"("x=2026-01-01T00:00:00Z")");
  EXPECT_EQ(text("x={now}"), R"("x=2026-03-10T12:00:00.250Z")");
  EXPECT_EQ(text("x={b'abc'}"), R"("x=YWJj")");
  EXPECT_EQ(text("{topic.device}@{device.name} {rule.id} {message.topic}"),
            R"("a@greenhouse-1 overheat sensors/a/t")");
}

TEST_F(Actions, EndsAnExpressionAtTheFirstBraceOutsideQuotesAndBrackets) {
  payload(R"({"m":{"a}b":1},"s":"x","c":5})");
  EXPECT_EQ(text("{payload.m['a}b']}"), "1");
  EXPECT_EQ(text("{[payload.c, {'k': payload.c}]}"), R"([5,{"k":5}])");
  EXPECT_EQ(text("{payload.s + '}'}"), R"("x}")");
  EXPECT_EQ(text(R"(<{payload.m["a}b"]}>)"), R"("<1>")");
  EXPECT_EQ(text("{payload.s == '{' ? 1 : 2}"), "2");
  EXPECT_EQ(text("{size({'a': 1, 'b': 2})}{{x}}"), R"("2{x}")");
  EXPECT_EQ(text(R"({payload.s == '\'}' ? 1 : 2})"), "2");
  EXPECT_EQ(text(R"({payload.s == r'\' ? 1 : 2}})"),
            "problem: a } that closes nothing; a brace in the text is written }}");
  EXPECT_EQ(text("{'''it's }'''}"), R"("it's }")");
  EXPECT_EQ(text("{{{payload.c}}}"), R"("{5}")");
}

TEST_F(Actions, RefusesBracesThatDoNotMatch) {
  EXPECT_TRUE(text("a { b").starts_with("problem"));
  EXPECT_TRUE(text("a } b").starts_with("problem"));
  EXPECT_TRUE(text("{}").starts_with("problem"));
  EXPECT_TRUE(text("{payload.}").starts_with("problem"));
  EXPECT_TRUE(text("{topic.room}").starts_with("problem: there is no topic.room"));
}

TEST_F(Actions, PassesThePayloadOnByteForByte) {
  payload("{\"b\":1.50,\r\n \"a\":1E2 ,\"s\":\"\\u00e9\\n\",\"b\":2}");
  EXPECT_EQ(text("{payload}"), "{\"b\":1.50,   \"a\":1E2 ,\"s\":\"\\u00e9\\n\",\"b\":2}");
  EXPECT_EQ(text("{ payload }"), "{\"b\":1.50,   \"a\":1E2 ,\"s\":\"\\u00e9\\n\",\"b\":2}");
  EXPECT_EQ(text("<{payload}>"), R"("<{\"b\":2,\"a\":100.0,\"s\":\"é\\n\"}>")");
  bindings_.payload_json.reset();
  EXPECT_EQ(text("{payload}"), R"({"b":2,"a":100.0,"s":"é\n"})");
}

TEST_F(Actions, ShowsTheKeysAsTheyAreWritten) {
  payload(R"({"n":2})");
  EXPECT_EQ(
      shown(ActionKind::start,
            R"({"workflow":"Order","id":"order-{topic.device}","task_queue":"orders","args":[],
                      "if_running":"use_existing","reuse":"failed_only","start_delay":"5s","run_timeout":"1h",
                      "memo":{"src":"{message.topic}"},"search_attributes":{"Site":"{device.name}"},
                      "retry":{"initial":"1s","maximum":"1m","attempts":3},"expires":"1d","priority":0})"),
      R"({"workflow":"Order","id":"order-a","task_queue":"orders","args":[],"if_running":"use_existing",)"
      R"("reuse":"failed_only","start_delay":"5s","run_timeout":"1h","memo":{"src":"sensors/a/t"},)"
      R"("search_attributes":{"Site":"greenhouse-1"},"retry":{"initial":"1s","maximum":"1m","attempts":3},)"
      R"("expires":"1d","priority":0})");
  EXPECT_EQ(
      shown(
          ActionKind::publish,
          R"({"topic":"ack/{topic.device}","payload":{"n":"{payload.n}"},"qos":0,"retain":false,"expiry":"1h"})"),
      R"({"topic":"ack/a","payload":{"n":2},"qos":0,"retain":false,"expiry":"1h"})");
}

TEST_F(Actions, TellsTheOutboxWhatItNeeds) {
  payload("{}");
  const auto one =
      render(ActionKind::signal, R"({"id":"w-{message.id}","name":"n","expires":"90s","priority":3})");
  ASSERT_TRUE(one[0]);
  EXPECT_EQ(one[0]->expires, Millis{90'000});
  EXPECT_EQ(one[0]->priority, 3);
  EXPECT_TRUE(one[0]->id_names_event);
  EXPECT_FALSE(one[0]->id_left_out);
  EXPECT_FALSE(render(ActionKind::signal, R"({"id":"w","name":"n"})")[0]->id_names_event);
  EXPECT_TRUE(render(ActionKind::start, R"({"workflow":"W","id":"{window.start}x"})")[0]->id_names_event);
  EXPECT_TRUE(render(ActionKind::start, R"({"workflow":"W"})")[0]->id_left_out);
}

TEST_F(Actions, MakesOneActionForEachElement) {
  payload(R"({"v":1,"targets":["a","b","a"],"none":[],"text":"a","nil":null})");
  const auto each = [&](std::string_view list) {
    return shown(ActionKind::signal, R"({"each":")" + std::string(list) +
                                         R"(","id":"to-{each}","name":"n","args":["{payload.v}"]})");
  };
  EXPECT_EQ(each("payload.targets"), R"({"id":"to-a","name":"n","args":[1]})"
                                     "\n"
                                     R"({"id":"to-b","name":"n","args":[1]})"
                                     "\n"
                                     R"({"id":"to-a","name":"n","args":[1]})");
  EXPECT_EQ(each("window.ids.map(x, x + '!')").substr(0, 14), R"({"id":"to-a!",)");
  EXPECT_EQ(each("payload.none"), "");
  EXPECT_EQ(each("payload.text"), "! each: this is no list");
  EXPECT_EQ(each("payload.nil"), "! each: this is no list");
  EXPECT_TRUE(each("payload.missing").starts_with("! each: there is no field"));
}

TEST_F(Actions, OneElementThatFailsLeavesTheOthers) {
  payload(R"({"l":[{"id":"x"},{},{"id":"a/b"},{"id":7}]})");
  EXPECT_EQ(shown(ActionKind::cancel, R"({"each":"payload.l","id":"{each.id}"})"),
            "{\"id\":\"x\"}\n! id: there is no field 'id' (at '.id')\n"
            "! id: an id can't have a slash: Temporal's HTTP API can't address it\n{\"id\":\"7\"}");
}

TEST_F(Actions, TakesTextAndNumbersForIds) {
  for (const auto& [value, id] : std::vector<std::pair<std::string, std::string>>{
           {"7", "7"}, {"7.5", "7.5"}, {"8.0", "8.0"}, {"\"7\"", "7"}}) {
    payload(R"({"room":)" + value + "}");
    EXPECT_EQ(shown(ActionKind::cancel, R"({"id":"{payload.room}"})"), R"({"id":")" + id + "\"}") << value;
  }
  for (std::string_view value : {"true", "null", "[1]", "\"\"", "\"a/b\""}) {
    payload(R"({"room":)" + std::string(value) + "}");
    EXPECT_TRUE(shown(ActionKind::cancel, R"({"id":"{payload.room}"})").starts_with("! id: ")) << value;
  }
  payload(R"({"room":")" + std::string(1001, 'x') + "\"}");
  EXPECT_TRUE(shown(ActionKind::cancel, R"({"id":"{payload.room}"})").starts_with("! id: "));
}

TEST_F(Actions, ChecksWhatATemplateComesTo) {
  payload(R"({"topic":"a/+","empty":"","delay":"5 minutes","l":1,"qos":2})");
  EXPECT_TRUE(
      shown(ActionKind::publish, R"({"topic":"{payload.topic}","payload":1})").starts_with("! topic: "));
  EXPECT_TRUE(
      shown(ActionKind::publish, R"({"topic":"{payload.empty}","payload":1})").starts_with("! topic: "));
  EXPECT_TRUE(shown(ActionKind::publish, R"({"topic":"t","payload":1,"qos":"{payload.qos}"})")
                  .starts_with("! qos: "));
  EXPECT_TRUE(shown(ActionKind::start, R"({"workflow":"W","start_delay":"{payload.delay}"})")
                  .starts_with("! start_delay: "));
  EXPECT_TRUE(shown(ActionKind::start, R"({"workflow":"W","args":"{payload.l}"})").starts_with("! args: "));
}

TEST_F(Actions, ReportsEverythingThatIsWrongAtOnce) {
  const auto found =
      problems(ActionKind::start, R"({"workfow":"W","args":5,"run_timeout":"soon","reuse":"never",
      "id":"a/b","retry":{"initial":1},"memo":[],"priority":-1,"each":5,"search_attributes":{"a":"{nothing}"}})");
  ASSERT_EQ(found.size(), 11U);
  EXPECT_EQ(found[0], "config.toml:2:1: [rule.overheat] do: unknown key 'workfow'; did you mean 'workflow'?");
  EXPECT_EQ(found[1],
            "config.toml:3:5: [rule.overheat] do.args: a list is expected, such as [\"{payload}\"]");
  EXPECT_NE(found[2].find("[rule.overheat] do.run_timeout: 'soon' is not a duration"), std::string::npos)
      << found[2];
  EXPECT_NE(found[3].find("do.reuse: one of \"allow\", \"failed_only\", \"reject\" is expected"),
            std::string::npos);
  EXPECT_NE(found[4].find("do.id: an id can't have a slash"), std::string::npos) << found[4];
  EXPECT_NE(found[9].find("do.search_attributes: there is no variable 'nothing'"), std::string::npos)
      << found[9];
  EXPECT_EQ(found[10], "config.toml:1:5: [rule.overheat] do: 'workflow' is missing");
}

TEST_F(Actions, SuggestsKeysOfInnerTablesToo) {
  const auto retry = problems(ActionKind::start, R"({"workflow":"W","retry":{"attempt":3}})");
  ASSERT_EQ(retry.size(), 1U);
  EXPECT_NE(retry[0].find("'attempt' is not a key of it; did you mean 'attempts'?"), std::string::npos);
  const auto failure =
      problems(ActionKind::fail, R"({"workflow_id":"a","activity_id":"b","failure":{"x":"y"}})");
  ASSERT_EQ(failure.size(), 1U);
  EXPECT_NE(failure[0].find("it has message, type, non_retryable, details"), std::string::npos);
}

TEST_F(Actions, KnowsTheKeysOfEachKind) {
  EXPECT_TRUE(problems(ActionKind::signal, R"({"id":"a","name":"n","args":[],"merge":"list"})").empty());
  EXPECT_EQ(problems(ActionKind::signal, R"({"id":"a","name":"n","merge":"all"})").size(), 1U);
  EXPECT_EQ(problems(ActionKind::signal, R"({"name":"n"})").size(), 1U);
  EXPECT_EQ(problems(ActionKind::signal, R"({"id":"a","name":"n","workflow":"W"})").size(), 1U);
  EXPECT_TRUE(
      problems(ActionKind::complete, R"({"workflow_id":"a","activity_id":"b","result":{"x":1}})").empty());
  EXPECT_TRUE(
      problems(ActionKind::fail, R"({"workflow_id":"a","activity_id":"b","failure":"broken"})").empty());
  EXPECT_TRUE(
      problems(
          ActionKind::fail,
          R"({"workflow_id":"a","activity_id":"b","failure":{"message":"{payload}","type":"T","non_retryable":true}})")
          .empty());
  EXPECT_EQ(
      problems(ActionKind::fail, R"({"workflow_id":"a","activity_id":"b","failure":{"text":"x"}})").size(),
      1U);
  EXPECT_TRUE(
      problems(ActionKind::heartbeat, R"({"workflow_id":"a","activity_id":"b","details":[1]})").empty());
  EXPECT_TRUE(problems(ActionKind::signal_with_start,
                       R"({"workflow":"W","id":"a","name":"n","start_args":[1],"args":[2]})")
                  .empty());
  const auto fails =
      problems(ActionKind::signal_with_start, R"({"workflow":"W","id":"a","name":"n","if_running":"fail"})");
  ASSERT_EQ(fails.size(), 1U);
  EXPECT_NE(fails[0].find("do.if_running: a signal with start can't fail"), std::string::npos);
  EXPECT_TRUE(problems(ActionKind::terminate, R"({"id":"a","reason":"over"})").empty());
  EXPECT_EQ(problems(ActionKind::publish, R"({"topic":"a/#","payload":1})").size(), 1U);
  EXPECT_EQ(problems(ActionKind::publish, R"({"topic":"a","payload":1,"qos":2})").size(), 1U);
}

TEST_F(Actions, NamesStartsThatHaveNoId) {
  const auto id = [&](Firing::Kind kind, int start_number = 1, std::optional<std::size_t> element = {}) {
    firing_.kind = kind;
    return made_id(firing_, start_number, element);
  };
  firing_.key = "a/50%";
  firing_.window_start = at("2026-03-10T12:00:00.000Z");
  firing_.window_end = at("2026-03-10T12:00:10.500Z");
  firing_.at = at("2026-03-10T12:00:11.000Z");
  firing_.schedule_time = at("2026-01-01T00:00:00Z");
  EXPECT_EQ(id(Firing::Kind::message), "overheat-m1");
  EXPECT_EQ(id(Firing::Kind::message, 2), "overheat-m1-2");
  EXPECT_EQ(id(Firing::Kind::message, 3, 0), "overheat-m1-3.0");
  EXPECT_EQ(id(Firing::Kind::message, 1, 4), "overheat-m1.4");
  EXPECT_EQ(id(Firing::Kind::back), "overheat-back-m1");
  EXPECT_EQ(id(Firing::Kind::window), "overheat-a%2F50%25-2026-03-10T12:00:00.000Z-2026-03-10T12:00:10.500Z");
  EXPECT_EQ(id(Firing::Kind::reload_window),
            "overheat-a%2F50%25-2026-03-10T12:00:00.000Z-2026-03-10T12:00:10.500Z");
  EXPECT_EQ(id(Firing::Kind::evicted_window), "overheat-a%2F50%25-2026-03-10T12:00:00.000Z-m1");
  EXPECT_EQ(id(Firing::Kind::timer), "overheat-a%2F50%25-2026-03-10T12:00:11.000Z");
  EXPECT_EQ(id(Firing::Kind::schedule), "overheat-2026-01-01T00:00:00Z");
  EXPECT_EQ(id(Firing::Kind::schedule, 2), "overheat-2026-01-01T00:00:00Z-2");
  firing_.key = "";
  EXPECT_EQ(id(Firing::Kind::timer), "overheat-2026-03-10T12:00:11.000Z");
}

TEST_F(Actions, CutsTheKeyOfALongId) {
  firing_.kind = Firing::Kind::timer;
  firing_.at = at("2026-03-10T12:00:11.000Z");
  const std::string behind = "-2026-03-10T12:00:11.000Z";
  const std::string key(2000, 'k');
  firing_.key = key;
  const std::string id = made_id(firing_, 1, std::nullopt);
  EXPECT_EQ(id.size(), 1000U);
  EXPECT_TRUE(id.starts_with("overheat-kkkk"));
  EXPECT_TRUE(id.ends_with("k~" + sha256_hex(key) + behind));
  // Exactly as long as is allowed: nothing is cut.
  const std::string fits(1000 - 9 - behind.size(), 'k');
  firing_.key = fits;
  EXPECT_EQ(made_id(firing_, 1, std::nullopt), "overheat-" + fits + behind);
  // Neither a character nor an escape is cut in half.
  for (std::size_t lead = 0; lead < 6; ++lead) {
    for (std::string_view unit : {"é", "%", "🍅", "/"}) {
      std::string many(lead, 'k');
      while (many.size() < 1500) many += unit;
      firing_.key = many;
      const std::string cut = made_id(firing_, 1, std::nullopt);
      const std::string kept = cut.substr(9, cut.find('~') - 9);
      EXPECT_LE(cut.size(), 1000U);
      EXPECT_GT(cut.size(), 990U);
      EXPECT_EQ(kept.find('%') == std::string::npos || (kept.size() - lead) % 3 == 0, true)
          << kept.substr(kept.size() - 6);
      EXPECT_TRUE(json::parse("\"" + kept + "\"")) << "half a character";
    }
  }
}

TEST_F(Actions, CountsTheStartsOfARule) {
  payload("{}");
  std::vector<model::Problem> found;
  const auto all = compile_all({definition(ActionKind::start, R"({"workflow":"A"})"),
                                definition(ActionKind::signal, R"({"id":"x","name":"n"})"),
                                definition(ActionKind::start, R"({"workflow":"B"})")},
                               scope_, "[rule.overheat]", found);
  ASSERT_EQ(all.size(), 3U);
  EXPECT_EQ(json::write((*all[0].render(bindings_, firing_)[0]).action),
            R"({"workflow":"A","id":"overheat-m1"})");
  EXPECT_EQ(json::write((*all[2].render(bindings_, firing_)[0]).action),
            R"({"workflow":"B","id":"overheat-m1-2"})");
}

TEST_F(Actions, KnowsWhetherAnIdHoldsTheDueTime) {
  std::vector<model::Problem> found;
  const auto due = [&](std::string_view table) {
    return CompiledAction::compile(definition(ActionKind::start, table), scope_, {"x", 1}, found)
        ->id_names_due_time();
  };
  EXPECT_TRUE(due(R"({"workflow":"W"})"));
  EXPECT_TRUE(due(R"({"workflow":"W","id":"h-{schedule.time}"})"));
  EXPECT_TRUE(due(R"({"workflow":"W","id":"h-{string(schedule.time)}"})"));
  EXPECT_FALSE(due(R"({"workflow":"W","id":"h","args":["{schedule.time}"]})"));
}

TEST_F(Actions, FillsInWhatIsPublishedAtTheEndInTwoSteps) {
  payload(R"({"odd":"{x}","m":{"k":"}"}})");
  const auto all = render(ActionKind::start,
                          R"({"workflow":"W","id":"w","result_to":{"topic":"done/{topic.device}/{status}",
      "payload":{"r":"{result}","odd":"{payload.odd}","m":"{payload.m}","both":"{topic.device}={result.x}"}}})");
  ASSERT_TRUE(all[0]);
  EXPECT_EQ(json::write(*all[0]->action.find("result_to")->find("topic")),
            R"("done/{topic.device}/{status}")");
  // Through the store and back, as it is kept.
  const Value kept = *json::parse(json::write(*all[0]->result_to));
  const auto message = bind_result(kept, Map::of({{"x", 1}}), "completed");
  ASSERT_TRUE(message) << message.error().message();
  EXPECT_EQ(message->topic, "done/a/completed");
  EXPECT_EQ(json::write(message->payload), R"({"r":{"x":1},"odd":"{x}","m":{"k":"}"},"both":"a=1"})");
  EXPECT_FALSE(bind_result(kept, "text", "failed"));
}

TEST_F(Actions, RefusesAResultThatIsMixedWithWhatIsGone) {
  const auto found = problems(
      ActionKind::start, R"({"workflow":"W","result_to":{"topic":"t","payload":"{result + payload.x}"}})");
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(problems(ActionKind::start, R"({"workflow":"W","result_to":{"payload":"{result}"}})").size(), 1U);
  EXPECT_EQ(problems(ActionKind::start, R"({"workflow":"W","result_to":{"topic":"a/+"}})").size(), 1U);
  EXPECT_EQ(problems(ActionKind::start, R"({"workflow":""})").size(), 1U);
  EXPECT_EQ(problems(ActionKind::signal, R"({"id":"i","name":""})").size(), 1U);
  EXPECT_EQ(problems(ActionKind::signal, R"({"id":"i","name":"a/b"})").size(), 1U);
  EXPECT_EQ(problems(ActionKind::start, R"({"workflow":"W","result_to":{"topic":"#","payload":"{result}"}})")
                .size(),
            1U);
  EXPECT_EQ(
      problems(ActionKind::start, R"({"workflow":"W","result_to":{"topic":"t","paylod":"{result}"}})").size(),
      1U);
  EXPECT_EQ(problems(ActionKind::signal, R"({"id":"w","name":"n","args":["{result}"]})").size(), 1U);
}

TEST(Sha256, GivesTheDigestsOfItsStandard) {
  EXPECT_EQ(sha256_hex(""), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  EXPECT_EQ(sha256_hex("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(sha256_hex("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq"),
            "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
  EXPECT_EQ(sha256_hex(std::string(1'000'000, 'a')),
            "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

}  // namespace
}  // namespace sundial::actions

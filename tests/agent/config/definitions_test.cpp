// Definitions from the body of a request and back to JSON.
#include "agent/config/definitions.hpp"

#include <gtest/gtest.h>

#include "platform/json/json.hpp"

namespace sundial::config {
namespace {

Value parsed(std::string_view json) {
  return json::parse(json).value_or(Value());
}

TEST(ScheduleBody, ReadsTheTomlKeys) {
  std::vector<model::Problem> problems;
  const auto schedule =
      read_schedule("täglich um 8", parsed(R"({"cron":["0 8 * * *","@hourly"],"every":"90s","offset":"15s",
        "calendar":[{"hour":"9-17","month":12}],"overlap":"allow_all","end_at":"2027-01-01T00:00:00+01:00","note":null,
        "start":{"workflow":"W","args":[null,1,{"a":21.0}]}})"),
                    problems);
  ASSERT_TRUE(problems.empty());
  ASSERT_TRUE(schedule);
  EXPECT_EQ(schedule->crons.size(), 2U);
  EXPECT_EQ(schedule->intervals.size(), 1U);
  EXPECT_EQ(schedule->intervals[0].offset, std::chrono::seconds(15));
  EXPECT_EQ(schedule->calendars[0].month->text, "12");
  EXPECT_EQ(schedule->overlap, model::Overlap::allow_all);
  EXPECT_EQ(format_rfc3339(*schedule->end_at, Fraction::when_needed), "2026-12-31T23:00:00Z");
  const Value back = to_value(*schedule);
  EXPECT_EQ(json::write(*back.find("start")), R"({"workflow":"W","args":[null,1,{"a":21.0}]})");
  EXPECT_EQ(json::write(*back.find("catch_up")), "\"10m\"");
  EXPECT_EQ(json::write(*back.find("paused")), "false");
  EXPECT_EQ(json::write(*back.find("limit")), "0");
}

TEST(ScheduleBody, SaysAllThatIsWrong) {
  std::vector<model::Problem> problems;
  EXPECT_FALSE(read_schedule("a/b", parsed(R"({"cron":5,"over_lap":"skip"})"), problems));
  ASSERT_EQ(problems.size(), 3U);
  EXPECT_NE((model::format_problem(problems[0])).find("without a slash"), std::string::npos);
  EXPECT_EQ(model::format_problem(problems[1]), "[schedule.a/b] cron: expected a string, not an integer");
  EXPECT_EQ(model::format_problem(problems[2]),
            "[schedule.a/b] over_lap: unknown key; did you mean overlap?");
  problems.clear();
  EXPECT_FALSE(read_schedule("x", Value(5), problems));
  EXPECT_EQ(problems.size(), 1U);
}

TEST(RuleBody, KeepsTheOrderOfActions) {
  std::vector<model::Problem> problems;
  const auto rule = read_rule(
      "r",
      parsed(
          R"({"topic":"a/{x}","publish":[{"topic":"1"}],"change":{"of":"payload.v","by":"5%"},"start":{"workflow":"2"}})"),
      problems);
  ASSERT_TRUE(rule);
  ASSERT_EQ(rule->actions.size(), 2U);
  EXPECT_EQ(rule->actions[0].kind, model::ActionKind::publish);
  EXPECT_TRUE(rule->change->percent);
  EXPECT_EQ(json::write(*to_value(*rule).find("retained")), "\"use\"");
}

TEST(ActionBody, IsATable) {
  std::vector<model::Problem> problems;
  const auto action = read_action(model::ActionKind::signal, parsed(R"({"id":"w","name":"n"})"), problems);
  ASSERT_TRUE(action);
  EXPECT_NE(action->table->find("name"), nullptr);
  EXPECT_FALSE(read_action(model::ActionKind::signal, parsed("[]"), problems));
  EXPECT_EQ(problems.size(), 1U);
}

}  // namespace
}  // namespace sundial::config

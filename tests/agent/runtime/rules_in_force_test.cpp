// What is told of rules and schedules that come into force.
#include "agent/runtime/rules_in_force.hpp"

#include <gtest/gtest.h>

#include "platform/fake/log_sink.hpp"

namespace sundial::runtime {
namespace {

TEST(RulesInForce, TellsWhichScheduleTakesTheOthersPlace) {
  const auto named = [](const char* id) {
    model::ScheduleDefinition definition;
    definition.id = id;
    return definition;
  };
  model::Configuration none;
  none.stored_schedules = {{named("a"), "{}"}, {named("b"), "{}"}};
  model::Configuration file = none;
  file.schedules = {named("a"), named("c")};
  FakeLogSink sink;
  Log log(sink, LogSeverity::info, [] { return Instant{}; });

  tell_of_places(none, none, log);
  tell_of_places(file, file, log);
  EXPECT_TRUE(sink.lines.empty());
  tell_of_places(none, file, log);
  ASSERT_EQ(sink.lines.size(), 1U);
  EXPECT_EQ(sink.lines[0].event, "schedule.replaced");
  tell_of_places(file, none, log);
  ASSERT_EQ(sink.lines.size(), 2U);
  EXPECT_EQ(sink.lines[1].event, "schedule.back");
}

}  // namespace
}  // namespace sundial::runtime

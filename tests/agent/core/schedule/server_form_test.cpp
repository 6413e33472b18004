// What is sent to the server means there what it means on the device, and what can't is said.
#include <gtest/gtest.h>

#include "agent/core/schedule/compile.hpp"
#include "agent/core/schedule/server_form.hpp"
#include "platform/zones/zones.hpp"

namespace sundial::schedule {
namespace {

using Lines = std::vector<std::string>;

Result<ServerForm> form_of(const std::string& cron, const std::string& zone = "UTC", bool once = true) {
  static const auto source = system_zones();
  static ZoneTables zones(*source);
  model::ScheduleDefinition definition;
  definition.crons.push_back({cron, {}});
  definition.dst = once ? model::DaylightSaving::once : model::DaylightSaving::every;
  std::vector<model::Problem> problems;
  const auto times = compile_times(definition, {"pi", zone}, zones, problems);
  EXPECT_TRUE(times) << cron;
  return server_form(definition, times->timetable, parse_rfc3339("2026-06-01T00:00:00Z").value());
}

Lines crons(const std::string& cron) {
  const auto form = form_of(cron);
  return form ? form->crons : Lines{form.error().message()};
}

TEST(ServerForm, KeepsWhatMeansTheSame) {
  for (const char* same : {"0 9 * * mon-fri", "*/15 * * * *", "0 0 1,15 * *", "0 0 */2 * 5", "@every 5h/45m",
                           "0 30 9 * * * 2030"}) {
    EXPECT_EQ(crons(same), Lines{same});
    EXPECT_TRUE(form_of(same)->notes.empty()) << same;
  }
  EXPECT_EQ(crons("@Daily"), Lines{"@daily"});
  EXPECT_EQ(crons("CRON_TZ=UTC 0 9 * * *"), Lines{"0 9 * * *"});
  EXPECT_EQ(crons("0 9 ? * 1"), Lines{"0 9 * * 1"});
}

TEST(ServerForm, TranslatesWhatTheServerReadsOtherwise) {
  EXPECT_EQ(crons("0 0 * * 1-7"), Lines{"0 0 * * 0,1,2,3,4,5,6"});
  EXPECT_EQ(crons("0 0 * * 5-7"), Lines{"0 0 * * 0,5,6"});
  EXPECT_EQ(crons("*/30 * * * * *"), Lines{"*/30 * * * * * *"});
  EXPECT_EQ(crons("0 0 13 * fri"), (Lines{"0 0 13 * *", "0 0 * * fri"}));
  EXPECT_EQ(crons("0 0 0 13 * 7 2030"), (Lines{"0 0 0 13 * * 2030", "0 0 0 * * 0 2030"}));
  EXPECT_EQ(form_of("0 0 13 * fri")->notes.size(), 1U);
  EXPECT_EQ(form_of("5 0 0 13 * fri")->notes.size(), 2U);
}

TEST(ServerForm, RefusesWhatTheServerCannotSay) {
  for (const char* unknown :
       {"0 0 L * *", "0 0 15W * *", "0 0 * * 5#2", "0 0 * * friL", "H H * * *", "0 0 LW * *"}) {
    EXPECT_FALSE(form_of(unknown)) << unknown;
  }
  EXPECT_TRUE(form_of("0 0 1 jul thu"));
}

TEST(ServerForm, SaysWhatTheNextChangeOfTheClocksDoesHereAndThere) {
  const auto form = form_of("30 1 * * *", "America/New_York");
  ASSERT_EQ(form->notes.size(), 1U);
  EXPECT_NE(form->notes[0].find("due twice"), std::string::npos) << form->notes[0];
  EXPECT_TRUE(form_of("30 1 * * *", "America/New_York", false)->notes.empty());
  EXPECT_TRUE(form_of("30 9 * * *", "America/New_York")->notes.empty());
}

}  // namespace
}  // namespace sundial::schedule

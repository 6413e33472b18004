// Schedules within the engine: their actions, and what the store's being full does to due times.
#include <gtest/gtest.h>

#include "agent/config/definitions.hpp"
#include "agent/core/engine/engine.hpp"
#include "platform/json/json.hpp"
#include "platform/zones/zones.hpp"

namespace sundial::engine {
namespace {

using Lines = std::vector<std::string>;
using std::chrono::hours;
using std::chrono::minutes;

model::ScheduleDefinition schedule(const std::string& id, const std::string& body) {
  std::vector<model::Problem> problems;
  return config::read_schedule(id, json::parse(body).value(), problems).value();
}

// An engine that hears its time from the test.
class Life {
 public:
  explicit Life(const std::vector<model::ScheduleDefinition>& schedules) {
    model::Configuration configuration;
    configuration.device = {"pi", "UTC", minutes{5}};
    configuration.schedules = schedules;
    std::vector<model::Problem> problems;
    engine_ = Engine::create(configuration, *zones_, problems);
    engine_->begin(now_);
    take(model::ClockTrust{true});
  }

  void take(const model::Input& input) { engine_->take(input, now_, effects_); }
  void pass(Millis time) {
    now_.wall += time;
    now_.elapsed += time;
  }
  void live(Millis time) {
    for (const Instant end = now_.wall + time; now_.wall < end;) {
      pass(minutes{1});
      engine_->advance(now_, effects_);
    }
  }

  // The ids of the workflows that were to be started or signalled since the last call.
  Lines ids() {
    Lines ids;
    for (const model::OutboxRecord& record : effects_.records) ids.push_back(record.lane);
    effects_.records.clear();
    return ids;
  }
  Lines lines() {
    Lines lines;
    for (const model::LedgerEntry& entry : effects_.ledger) {
      lines.push_back(entry.what + " " + entry.event + (entry.reason.empty() ? "" : " " + entry.reason));
    }
    effects_.ledger.clear();
    return lines;
  }

 private:
  std::unique_ptr<ZoneSource> zones_ = system_zones();
  Moment now_{parse_rfc3339("2026-03-01T00:30:00Z").value(), Elapsed{Millis{1000}}};
  std::unique_ptr<Engine> engine_;
  model::Effects effects_;
};

TEST(EngineSchedules, WhatWaitsForAFullStoreForTooLongIsMissedAsFull) {
  Life life({schedule("hourly", R"({"cron":"0 * * * *","catch_up":"40m","overlap":"allow_all",)"
                                R"("start":{"workflow":"W"}})")});
  life.take(model::Absence{true, true});
  life.live(hours{2});
  EXPECT_EQ(life.lines(), Lines{});
  life.take(model::Absence{false});
  EXPECT_EQ(life.lines(), (Lines{"missed 2026-03-01T01:00:00Z full", "made_up 2026-03-01T02:00:00Z"}));
  EXPECT_EQ(life.ids(), (Lines{"hourly-2026-03-01T02:00:00Z"}));
  life.live(minutes{30});
  EXPECT_EQ(life.lines(), (Lines{"fired 2026-03-01T03:00:00Z"}));
}

TEST(EngineSchedules, AnUpdatedScheduleStartsWhatItSaysNow) {
  Life life({});
  model::ScheduleCommand command;
  command.id = "made";
  for (const auto& [verb, workflow] : {std::pair{model::ScheduleCommand::Verb::create, "first"},
                                       std::pair{model::ScheduleCommand::Verb::update, "second"}}) {
    command.verb = verb;
    command.definition_json =
        std::string(R"({"cron":"0 * * * *","overlap":"allow_all","start":{"workflow":"W",)") + R"("id":")" +
        workflow + R"(-{schedule.time}"}})";
    command.definition = schedule("made", command.definition_json);
    life.take(command);
    life.live(hours{1});
  }
  EXPECT_EQ(life.ids(), (Lines{"first-2026-03-01T01:00:00Z", "second-2026-03-01T02:00:00Z"}));
}

TEST(EngineSchedules, ASignalToWhatRunsNeverOverlaps) {
  Life life(
      {schedule("watch", R"({"cron":"0 * * * *","signal_with_start":)"
                         R"({"workflow":"W","id":"watch","name":"tick","args":["{schedule.time}"]}})")});
  life.live(hours{2});
  EXPECT_EQ(life.ids(), (Lines{"watch", "watch"}));
}

// Only so many different actions are kept compiled: the others must do the same all the same.
TEST(EngineSchedules, ThousandsThatEachDoSomethingOfTheirOwn) {
  std::vector<model::ScheduleDefinition> schedules;
  for (int i = 0; i < 300; ++i) {
    const std::string number = std::to_string(i);
    schedules.push_back(schedule(
        "s" + number, R"({"cron":"0 * * * *","overlap":"allow_all","start":[{"workflow":"W","id":"a)" +
                          number + R"(-{schedule.time}","args":[{"n":)" + number +
                          R"(,"x":1.0}]},{"workflow":"V"}],)" + R"("signal":{"id":"b)" + number +
                          R"(","name":"n"}})"));
  }
  Life life(schedules);
  life.live(hours{1});
  const Lines ids = life.ids();
  ASSERT_EQ(ids.size(), 900U);
  for (const int i : {0, 255, 256, 299}) {
    const auto at = static_cast<std::size_t>(3 * i);
    const std::string number = std::to_string(i);
    EXPECT_EQ(ids[at].substr(0, ids[at].find('-')), "a" + number);
    EXPECT_EQ(ids[at + 1].substr(0, ids[at + 1].find('-')), "s" + number);
    EXPECT_EQ(ids[at + 2], "b" + number);
  }
}

}  // namespace
}  // namespace sundial::engine

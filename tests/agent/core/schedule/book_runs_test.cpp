// The book and its runs: overlap, limits, pauses, commands, and schedules from two sources.
#include <gtest/gtest.h>

#include "tests/agent/core/schedule/book_rig.hpp"

namespace sundial::schedule {
namespace {

using model::Overlap;
using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;
using Lines = std::vector<std::string>;
using Verb = model::ScheduleCommand::Verb;

// Every hour; each firing starts the workflow w<n>.
class Runs {
 public:
  explicit Runs(Overlap overlap, bool pause_on_failure = false) : rig({hourly(overlap, pause_on_failure)}) {
    rig.starts = [this](const Firing&) { return Lines{"w" + std::to_string(++started_)}; };
    rig.boot();
  }
  static model::ScheduleDefinition hourly(Overlap overlap, bool pause_on_failure) {
    auto hourly = definition("hourly", R"({"cron":"0 * * * *"})");
    hourly.overlap = overlap;
    hourly.pause_on_failure = pause_on_failure;
    return hourly;
  }
  void end(std::string workflow, std::string_view when = "", bool failed = false) {
    model::RunEnded ended{"hourly", std::move(workflow), failed, std::nullopt};
    if (!when.empty()) ended.ended = at(when);
    rig.take(ended);
  }
  void hours_pass(int count) { rig.run_for(hours{count}); }

  BookRig rig;

 private:
  int started_ = 0;
};

TEST(BookRuns, SkipLeavesOutWhatComesDueMeanwhile) {
  Runs runs(Overlap::skip);
  runs.hours_pass(2);
  EXPECT_EQ(runs.rig.lines(), (Lines{"fired 2026-03-01T01:00:00Z", "skipped 2026-03-01T02:00:00Z overlap"}));
  runs.end("w1");
  runs.hours_pass(1);
  EXPECT_EQ(runs.rig.lines(), (Lines{"fired 2026-03-01T03:00:00Z"}));
  ASSERT_EQ(runs.rig.effects().watch.size(), 2U);
  EXPECT_EQ(runs.rig.effects().watch[1].workflow_id, "w2");
}

TEST(BookRuns, SkipWaitsForTheAnswerWhileTheLinkIsDown) {
  Runs runs(Overlap::skip);
  runs.hours_pass(1);
  runs.rig.take(model::TemporalLink{false});
  runs.hours_pass(3);
  EXPECT_EQ(runs.rig.lines(), (Lines{"fired 2026-03-01T01:00:00Z"}));
  runs.rig.take(model::TemporalLink{true});
  runs.end("w1", "2026-03-01T02:30:00Z");
  EXPECT_EQ(runs.rig.lines(), (Lines{"skipped 2026-03-01T02:00:00Z overlap", "fired 2026-03-01T03:00:00Z",
                                     "skipped 2026-03-01T04:00:00Z overlap"}));
}

TEST(BookRuns, SkipDecidesOnceTheLinkIsBackAndTheRunStillRuns) {
  Runs runs(Overlap::skip);
  runs.hours_pass(1);
  runs.rig.take(model::TemporalLink{false});
  runs.hours_pass(1);
  runs.rig.take(model::TemporalLink{true});
  runs.rig.crash();
  runs.rig.boot();
  runs.rig.take(model::TemporalLink{false});
  runs.rig.take(model::TemporalLink{true});
  runs.rig.run_for(seconds{11});
  EXPECT_EQ(runs.rig.lines(), (Lines{"fired 2026-03-01T01:00:00Z", "skipped 2026-03-01T02:00:00Z overlap"}));
}

TEST(BookRuns, BufferOneKeepsTheFirst) {
  Runs runs(Overlap::buffer_one);
  runs.hours_pass(3);
  EXPECT_EQ(runs.rig.lines(), (Lines{"fired 2026-03-01T01:00:00Z", "skipped 2026-03-01T03:00:00Z overlap"}));
  runs.rig.crash();
  runs.rig.boot();
  runs.end("w1");
  EXPECT_EQ(runs.rig.lines(), (Lines{"fired 2026-03-01T02:00:00Z"}));
}

TEST(BookRuns, BufferAllKeepsTheirOrder) {
  Runs runs(Overlap::buffer_all);
  runs.hours_pass(3);
  runs.end("w1");
  runs.end("w2");
  EXPECT_EQ(runs.rig.fired(),
            (Lines{"2026-03-01T01:00:00Z", "2026-03-01T02:00:00Z", "2026-03-01T03:00:00Z"}));
}

TEST(BookRuns, CancelOtherStartsWhenTheOtherHasEnded) {
  Runs runs(Overlap::cancel_other);
  runs.hours_pass(3);
  EXPECT_EQ(runs.rig.stopped(), (Lines{"cancel w1"}));
  EXPECT_EQ(runs.rig.lines(), (Lines{"fired 2026-03-01T01:00:00Z", "skipped 2026-03-01T02:00:00Z overlap"}));
  runs.end("w1");
  EXPECT_EQ(runs.rig.lines(), (Lines{"fired 2026-03-01T03:00:00Z"}));
}

TEST(BookRuns, TerminateOther) {
  Runs runs(Overlap::terminate_other);
  runs.hours_pass(2);
  EXPECT_EQ(runs.rig.stopped(), (Lines{"terminate w1"}));
}

TEST(BookRuns, AllowAllAsksNobody) {
  Runs runs(Overlap::allow_all);
  runs.hours_pass(3);
  EXPECT_EQ(runs.rig.fired().size(), 3U);
  EXPECT_TRUE(runs.rig.effects().watch.empty());
}

TEST(BookRuns, AFailurePausesWhereThatIsAskedFor) {
  Runs runs(Overlap::allow_all, true);
  runs.hours_pass(1);
  runs.end("w1", "", true);
  runs.hours_pass(1);
  EXPECT_EQ(runs.rig.lines(), (Lines{"fired 2026-03-01T01:00:00Z", "missed 2026-03-01T02:00:00Z paused"}));
  const Value state = *runs.rig.book().describe("hourly", runs.rig.now())->find("state");
  EXPECT_EQ(*state.find("note")->text(), "paused because workflow w1 failed");
}

TEST(BookRuns, ALimitEndsTheSchedule) {
  auto limited = definition("limited", R"({"cron":"0 * * * *"})");
  limited.limit = 2;
  BookRig rig({limited});
  rig.boot();
  rig.run_for(hours{1});
  rig.crash();
  rig.boot();
  rig.run_for(hours{5});
  EXPECT_EQ(rig.fired().size(), 2U);
  EXPECT_FALSE(rig.book().next_wake().wall);
  EXPECT_TRUE(rig.book().next_times("limited", rig.now(), 5)->empty());
  rig.command(Verb::trigger, "limited");
  EXPECT_EQ(rig.fired().size(), 1U);
}

TEST(BookRuns, PausedAndTriggered) {
  BookRig rig({definition("hourly", R"({"cron":"0 * * * *"})")});
  rig.boot();
  rig.command(Verb::pause, "hourly", "holiday");
  rig.run_for(minutes{90});
  rig.crash();
  rig.boot();
  rig.run_for(Millis{250});
  rig.command(Verb::trigger, "hourly");
  rig.command(Verb::trigger, "hourly");
  EXPECT_EQ(rig.lines(),
            (Lines{"missed 2026-03-01T01:00:00Z paused", "fired 2026-03-01T01:30:00.250Z trigger",
                   "fired 2026-03-01T01:30:00.251Z trigger"}));
  rig.command(Verb::unpause, "hourly", "back");
  rig.run_for(hours{1});
  EXPECT_EQ(rig.lines(), (Lines{"fired 2026-03-01T02:00:00Z"}));
  EXPECT_EQ(*rig.book().describe("hourly", rig.now())->find("state")->find("note")->text(), "back");
}

TEST(BookRuns, ABackfillIncludesBothEndsAndIsPaced) {
  auto hourly = definition("hourly", R"({"cron":"0 * * * *"})");
  hourly.overlap = Overlap::allow_all;
  BookRig rig({hourly});
  rig.boot();
  model::ScheduleCommand command;
  command.verb = Verb::backfill;
  command.id = "hourly";
  command.start = at("2026-02-01T00:00:00Z");
  command.end = at("2026-02-01T11:00:00Z");
  rig.take(command);
  EXPECT_EQ(rig.fired().size(), 10U);
  rig.crash();
  rig.boot();
  rig.run_for(seconds{5});
  EXPECT_EQ(rig.fired(), (Lines{"2026-02-01T10:00:00Z", "2026-02-01T11:00:00Z"}));
}

model::ScheduleCommand put(Verb verb, std::string_view spec) {
  model::ScheduleCommand command;
  command.verb = verb;
  command.id = "made";
  command.definition = definition("made", spec);
  command.definition_json = std::string(spec);
  return command;
}

TEST(BookRuns, ScheduleOfTheApiLivesChangesAndGoes) {
  BookRig rig({});
  rig.boot();
  rig.take(put(Verb::create, R"({"cron":"0 * * * *"})"));
  rig.run_for(hours{1});
  rig.take(put(Verb::update, R"({"cron":"30 * * * *"})"));
  rig.run_for(hours{1});
  EXPECT_EQ(rig.fired(), (Lines{"2026-03-01T01:00:00Z", "2026-03-01T01:30:00Z"}));
  EXPECT_EQ(*rig.book().describe("made", rig.now())->find("source")->text(), "api");
  rig.command(Verb::remove, "made");
  rig.run_for(hours{1});
  EXPECT_TRUE(rig.fired().empty());
  EXPECT_TRUE(rig.book().everything().empty());
}

TEST(BookRuns, TheFileTakesThePlaceOfTheApiAndGivesItBack) {
  BookRig rig({});
  rig.boot();
  rig.take(put(Verb::create, R"({"cron":"0 * * * *"})"));
  const std::string spec = R"({"cron":"0 * * * *"})";
  rig.configuration().stored_schedules = {{definition("made", spec), spec}};
  rig.configuration().schedules = {definition("made", R"({"cron":"30 * * * *"})")};
  rig.crash();
  rig.boot();
  EXPECT_EQ(*rig.book().describe("made", rig.now())->find("source")->text(), "file");
  rig.run_for(hours{3});
  EXPECT_EQ(rig.fired(), (Lines{"2026-03-01T00:30:00Z", "2026-03-01T01:30:00Z", "2026-03-01T02:30:00Z"}));
  rig.configuration().schedules.clear();
  rig.crash();
  rig.boot();
  rig.lines();
  rig.run_for(hours{1});
  EXPECT_EQ(rig.lines(), (Lines{"fired 2026-03-01T04:00:00Z"}));
}

TEST(BookRuns, AStoredScheduleThatNoLongerCompilesIsLeftOutAndSaid) {
  BookRig rig({});
  rig.configuration().stored_schedules = {{definition("made", R"({"cron":"0 0 31 2 *"})"), "{}"}};
  rig.crash();
  rig.boot();
  EXPECT_FALSE(rig.book().describe("made", rig.now()).has_value());
  ASSERT_EQ(rig.effects().ledger.size(), 1U);
  EXPECT_EQ(rig.effects().ledger[0].what, "error");
}

TEST(BookRuns, DescribesWhatIsToCome) {
  BookRig rig({definition("hourly", R"({"cron":"0 * * * *"})")});
  rig.boot();
  rig.run_for(hours{2});
  const Map view = *rig.book().describe("hourly", rig.now());
  EXPECT_EQ(view.find("next")->get_if<List>()->size(), 10U);
  EXPECT_EQ(*view.find("next")->get_if<List>()->front().text(), "2026-03-01T03:00:00Z");
  EXPECT_EQ(rig.book().next_times("hourly", rig.now(), 25)->size(), 25U);
  EXPECT_FALSE(rig.book().next_times("none", rig.now(), 1));
  EXPECT_EQ(*view.find("source")->text(), "file");
  EXPECT_EQ(view.find("transition"), nullptr);
}

}  // namespace
}  // namespace sundial::schedule

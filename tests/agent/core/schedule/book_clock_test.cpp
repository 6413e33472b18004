// The book and the clock: boots without one, steps, suspends and restarts.
#include <gtest/gtest.h>

#include <set>

#include "tests/agent/core/schedule/book_rig.hpp"

namespace sundial::schedule {
namespace {

using std::chrono::days;
using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;
using Lines = std::vector<std::string>;

model::ScheduleDefinition hourly(Millis catch_up = minutes{10}) {
  auto hourly = definition("hourly", R"({"cron":"0 * * * *"})");
  hourly.catch_up = catch_up;
  return hourly;
}

TEST(BookClock, FiresAtItsTimesAndWakesForNothingElse) {
  BookRig rig({hourly()});
  rig.boot();
  rig.run_until("2026-03-01T03:30:00Z");
  EXPECT_EQ(rig.lines(), (Lines{"fired 2026-03-01T01:00:00Z", "fired 2026-03-01T02:00:00Z",
                                "fired 2026-03-01T03:00:00Z"}));
  EXPECT_LE(rig.wakes(), 4U);
  EXPECT_FALSE(rig.early());
}

TEST(BookClock, AYearOfCron) {
  BookRig rig(
      {definition("quarters", R"({"cron":"*/15 * * * *"})"), definition("daily", R"({"cron":"0 3 * * *"})")},
      "2026-01-01T00:00:00Z");
  rig.boot();
  rig.run_until("2027-01-01T00:00:00Z");
  EXPECT_EQ(rig.fired().size(), 365U * 96 + 365);
  EXPECT_FALSE(rig.early());
}

TEST(BookClock, AtOneInstantTheOrderOfTheFile) {
  BookRig rig({definition("z", R"({"cron":"0 * * * *"})"), definition("a", R"({"cron":"0 * * * *"})")});
  rig.boot();
  rig.run_for(hours{1});
  ASSERT_EQ(rig.firings().size(), 2U);
  EXPECT_EQ(rig.firings()[0].schedule, "z");
}

TEST(BookClock, WhatWasMissedWhileDownIsMadeUpForWithinTheWindow) {
  BookRig rig({hourly(hours{2})});
  rig.boot();
  rig.run_until("2026-03-01T01:30:00Z");
  rig.lines();
  rig.crash();
  rig.pass(hours{4});  // 05:30
  rig.boot();
  EXPECT_EQ(rig.lines(),
            (Lines{"missed 2026-03-01T02:00:00Z catch_up", "missed 2026-03-01T03:00:00Z catch_up",
                   "made_up 2026-03-01T04:00:00Z", "made_up 2026-03-01T05:00:00Z"}));
  rig.run_for(hours{1});
  EXPECT_EQ(rig.lines(), (Lines{"fired 2026-03-01T06:00:00Z"}));
}

TEST(BookClock, NothingIsMadeUpForWithoutAWindow) {
  BookRig rig({hourly(Millis{0})});
  rig.boot();
  rig.pass(minutes{59});
  rig.crash();
  rig.pass(minutes{1} + seconds{1});
  rig.boot();
  EXPECT_EQ(rig.lines(), (Lines{"missed 2026-03-01T01:00:00Z catch_up"}));
}

TEST(BookClock, ARestartAtAnyInstantFiresEachDueTimeOnce) {
  for (int crash_at = 0; crash_at < 40; ++crash_at) {
    BookRig rig({definition("often", R"({"cron":"*/7 * * * * *"})")});
    rig.boot();
    rig.run_for(seconds{crash_at});
    rig.crash();
    rig.boot();
    rig.run_until("2026-03-01T00:01:00Z");
    const Lines fired = rig.fired();
    EXPECT_EQ(std::set<std::string>(fired.begin(), fired.end()).size(), fired.size());
    EXPECT_EQ(fired.size(), 9U) << crash_at;
  }
}

TEST(BookClock, ABootIn1970WaitsForTheClockAndMissesNothingByIt) {
  BookRig rig({hourly(minutes{30})});
  rig.boot();
  rig.run_until("2026-03-01T01:30:00Z");
  rig.crash();
  rig.pass(minutes{20});  // off from 01:30 until 01:50; then three minutes without a clock
  rig.lines();
  rig.set_wall("1970-01-01T00:00:10Z");
  rig.boot_without_clock();
  rig.run_for(minutes{3});
  EXPECT_EQ(rig.lines(), Lines{});
  rig.step(at("2026-03-01T01:53:00Z") - rig.now().wall);
  EXPECT_EQ(rig.lines(), Lines{});
  rig.run_for(seconds{5});
  rig.take(model::ClockTrust{true});
  rig.run_until("2026-03-01T02:30:00Z");
  EXPECT_EQ(rig.lines(), (Lines{"fired 2026-03-01T02:00:00Z"}));
}

TEST(BookClock, WhatComesDueDuringTheWaitIsMadeUpForWhateverTheWindow) {
  BookRig rig({hourly(Millis{0})}, "2026-03-01T00:58:00Z");
  rig.boot_without_clock();
  rig.run_for(minutes{4});
  EXPECT_EQ(rig.lines(), Lines{});
  rig.take(model::ClockTrust{true});
  EXPECT_EQ(rig.lines(), (Lines{"made_up 2026-03-01T01:00:00Z"}));
}

TEST(BookClock, TheWaitEnds) {
  BookRig rig({hourly()}, "2026-03-01T00:58:00Z");
  rig.boot_without_clock();
  rig.run_for(minutes{6});
  EXPECT_EQ(rig.lines(), (Lines{"made_up 2026-03-01T01:00:00Z"}));
  rig.run_for(hours{1});
  EXPECT_EQ(rig.lines(), (Lines{"fired 2026-03-01T02:00:00Z"}));
}

TEST(BookClock, AFirstBootIn1970CountsFromTheBootOnceTheClockIsKnown) {
  BookRig rig({hourly(hours{24})}, "1970-01-01T00:00:00Z");
  rig.boot_without_clock();
  rig.run_for(minutes{1});
  rig.step(at("2026-03-01T00:30:00Z") - rig.now().wall);
  rig.take(model::ClockTrust{true});
  rig.run_until("2026-03-01T01:30:00Z");
  EXPECT_EQ(rig.lines(), (Lines{"fired 2026-03-01T01:00:00Z"}));
}

TEST(BookClock, WithoutATrustedClockIntervalsRunOnTheSteadyOne) {
  BookRig rig({definition("every", R"({"interval":[{"every":"90s"}]})")}, "1970-01-01T00:00:10Z");
  rig.boot_without_clock();
  rig.run_for(minutes{4});
  EXPECT_EQ(rig.fired(), (Lines{"1970-01-01T00:01:40Z", "1970-01-01T00:03:10Z"}));
  rig.step(at("2026-03-01T00:00:40Z") - rig.now().wall);
  rig.take(model::ClockTrust{true});
  rig.run_for(minutes{2});
  EXPECT_EQ(rig.fired(), (Lines{"2026-03-01T00:01:30Z"}));
}

TEST(BookClock, AStepForwardIsDowntime) {
  BookRig rig({hourly(hours{1})});
  rig.boot();
  rig.run_until("2026-03-01T00:30:00Z");
  rig.step(hours{3});
  EXPECT_EQ(rig.lines(), (Lines{"missed 2026-03-01T01:00:00Z clock", "missed 2026-03-01T02:00:00Z clock",
                                "made_up 2026-03-01T03:00:00Z"}));
}

TEST(BookClock, AStepBackFiresNoDueTimeTwice) {
  BookRig rig({hourly()});
  rig.boot();
  rig.run_until("2026-03-01T03:30:00Z");
  rig.step(-hours{2});
  rig.run_until("2026-03-01T04:30:00Z");
  EXPECT_EQ(rig.fired(), (Lines{"2026-03-01T01:00:00Z", "2026-03-01T02:00:00Z", "2026-03-01T03:00:00Z",
                                "2026-03-01T04:00:00Z"}));
}

TEST(BookClock, AClockThatWasFarAheadDoesNotSilenceWhatFollows) {
  BookRig rig({hourly()});
  rig.boot();
  rig.run_until("2026-03-01T01:30:00Z");
  rig.step(days{63} + minutes{15});
  rig.run_for(hours{2});
  rig.step(-(days{63} + minutes{15} + hours{2}));
  rig.fired();
  rig.run_until("2026-03-01T03:30:00Z");
  EXPECT_EQ(rig.fired(), (Lines{"2026-03-01T02:00:00Z", "2026-03-01T03:00:00Z"}));
  rig.crash();
  rig.boot();
  rig.run_until("2026-03-01T04:30:00Z");
  EXPECT_EQ(rig.fired(), (Lines{"2026-03-01T04:00:00Z"}));
}

TEST(BookClock, HoursOfStepsBackAndForth) {
  BookRig rig({hourly()});
  rig.boot();
  for (int i = 0; i < 60; ++i) {
    rig.run_for(minutes{45});
    rig.step(i % 2 == 0 ? hours{1} : -hours{1});
  }
  const Lines fired = rig.fired();
  EXPECT_EQ(std::set<std::string>(fired.begin(), fired.end()).size(), fired.size());
  EXPECT_GE(fired.size(), 30U);
}

TEST(BookClock, ASuspendThatNobodyAnnouncedIsDowntimeToo) {
  BookRig rig({hourly(minutes{20})});
  rig.boot();
  rig.run_for(hours{1});
  rig.lines();
  rig.pass(hours{2} + minutes{10});
  rig.run_for(Millis{1});
  EXPECT_EQ(rig.lines(), (Lines{"missed 2026-03-01T02:00:00Z catch_up", "made_up 2026-03-01T03:00:00Z"}));
}

// The agent's own start: the book begins where the last life ended, and then hears of the present.
TEST(BookClock, ALifeThatEndedEarlierIsCaughtUpWith) {
  BookRig rig({hourly(minutes{20})});
  rig.boot();
  rig.run_until("2026-03-01T01:30:00Z");
  rig.lines();
  rig.crash();
  rig.boot();
  rig.pass(hours{2} + minutes{40});
  rig.run_for(Millis{1});
  EXPECT_EQ(rig.lines(), (Lines{"missed 2026-03-01T02:00:00Z catch_up",
                                "missed 2026-03-01T03:00:00Z catch_up", "made_up 2026-03-01T04:00:00Z"}));
}

TEST(BookClock, AScheduleThatIsNewIsNotMadeUpForTheTimeBefore) {
  BookRig rig({hourly(hours{2})});
  rig.boot();
  rig.pass(hours{1} + minutes{1});
  rig.run_for(hours{1});
  EXPECT_EQ(rig.lines(), (Lines{"fired 2026-03-01T02:00:00Z"}));
}

TEST(BookClock, ABootWithoutAClockAfterALifeWithOne) {
  BookRig rig({hourly(minutes{30})});
  rig.boot();
  rig.run_until("2026-03-01T01:30:00Z");
  rig.lines();
  rig.crash();
  rig.boot();
  rig.take(model::ClockTrust{false});
  const Instant before = rig.now().wall;
  rig.set_wall("1970-01-01T00:00:10Z");
  rig.take(model::ClockStep{before});
  rig.run_for(minutes{3});
  rig.step(at("2026-03-01T05:20:00Z") - rig.now().wall);
  EXPECT_EQ(rig.lines(), Lines{});
  rig.take(model::ClockTrust{true});
  EXPECT_EQ(rig.lines(),
            (Lines{"missed 2026-03-01T02:00:00Z catch_up", "missed 2026-03-01T03:00:00Z catch_up",
                   "missed 2026-03-01T04:00:00Z catch_up", "made_up 2026-03-01T05:00:00Z"}));
}

TEST(BookClock, AStepBackThatNobodyAnnouncedIsSeen) {
  BookRig rig({hourly()});
  rig.boot();
  rig.run_until("2026-03-01T01:30:00Z");
  rig.step(days{63});
  rig.run_for(minutes{1});
  rig.set_wall("2026-03-01T01:31:00Z");
  rig.run_for(Millis{1});
  rig.fired();
  rig.run_until("2026-03-01T02:30:00Z");
  EXPECT_EQ(rig.fired(), (Lines{"2026-03-01T02:00:00Z"}));
}

TEST(BookClock, ALongAbsenceOfADenseScheduleIsBoundedInLinesAndTime) {
  BookRig rig({definition("dense", R"({"cron":"* * * * * *"})")});
  rig.boot();
  rig.pass(days{63});
  rig.crash();
  rig.boot();
  EXPECT_LT(rig.lines().size(), 1100U);
}

TEST(BookClock, MadeUpFiringsArePaced) {
  auto minutely = definition("minutely", R"({"cron":"* * * * *"})");
  minutely.catch_up = hours{1};
  minutely.overlap = model::Overlap::allow_all;
  BookRig rig({minutely});
  rig.boot();
  rig.pass(minutes{25} + seconds{30});
  rig.crash();
  rig.boot();
  EXPECT_EQ(rig.fired().size(), 10U);
  rig.run_for(seconds{1});
  EXPECT_EQ(rig.fired().size(), 10U);
  rig.run_for(seconds{1});
  EXPECT_EQ(rig.fired().size(), 5U);
}

TEST(BookClock, AFullStoreDelaysAndThenMisses) {
  BookRig rig({hourly(minutes{30})});
  rig.boot();
  rig.run_until("2026-03-01T00:30:00Z");
  rig.book().hold(true, rig.now());
  rig.pass(hours{2});
  rig.book().hold(false, rig.now());
  rig.run_for(Millis{1});
  EXPECT_EQ(rig.lines(), (Lines{"missed 2026-03-01T01:00:00Z full", "made_up 2026-03-01T02:00:00Z"}));
}

TEST(BookClock, AStepForwardThatIsNotToldYetSwallowsNothingOfANewSchedule) {
  BookRig rig({hourly(hours{2})});
  rig.boot();
  rig.run_for(minutes{1});
  rig.set_wall("2026-03-01T02:10:00Z");
  rig.run_for(Millis{1});
  EXPECT_EQ(rig.lines(), (Lines{"made_up 2026-03-01T01:00:00Z", "made_up 2026-03-01T02:00:00Z"}));
}

TEST(BookClock, WhileTheStoreIsFullNothingIsAskedOfTheLoop) {
  BookRig rig({hourly()});
  rig.boot();
  rig.take(model::TemporalLink{false});
  rig.take(model::TemporalLink{true});
  EXPECT_TRUE(rig.book().next_wake().elapsed) << "what waited for the link is judged soon";
  rig.book().hold(true, rig.now());
  EXPECT_FALSE(rig.book().next_wake().elapsed);
  EXPECT_FALSE(rig.book().next_wake().wall);
  rig.pass(minutes{1});
  rig.book().hold(false, rig.now());
  rig.run_for(Millis{1});
  EXPECT_FALSE(rig.book().next_wake().elapsed) << "it has been judged";
}

TEST(BookClock, JitterDelaysTheFiringAndNotItsName) {
  auto jittered = hourly();
  jittered.jitter = minutes{10};
  BookRig rig({jittered});
  rig.boot();
  rig.run_until("2026-03-01T01:15:00Z");
  ASSERT_EQ(rig.firings().size(), 1U);
  EXPECT_EQ(rig.firings()[0].due, at("2026-03-01T01:00:00Z"));
  EXPECT_GT(rig.firings()[0].at, rig.firings()[0].due);
  EXPECT_FALSE(rig.early());
}

}  // namespace
}  // namespace sundial::schedule

// What the rules' fine print promises, sentence by sentence.
#include <gtest/gtest.h>

#include "tests/agent/core/engine/desk.hpp"

namespace sundial::engine {
namespace {

using Lines = std::vector<std::string>;

model::Message retained() {
  model::Message message;
  message.retained = true;
  return message;
}

TEST(Instant, WhatIsDueComesBeforeTheMessage) {
  Desk desk("[rule.r]\ntopic = \"t/{id}\"\nwhen = \"payload > 0\"\nhold = \"10s\"\n" +
            signal("\"{message.id}\""));
  desk.hear("12:00:00", "t/a", "1").hear("12:00:10", "t/a", "0");
  EXPECT_EQ(desk.told(), (Lines{"12:00:10.000 a [\"m1\"]"}));
}

TEST(Instant, WhatIsLateHasItsDueInstant) {
  Desk desk("[rule.r]\ntopic = \"t/{id}\"\nwindow = { timeout = \"10s\" }\n" +
            signal("\"{now}\", \"{window.end}\""));
  desk.hear("12:00:00", "t/a", "1").until("12:30:00");
  EXPECT_EQ(desk.told(), (Lines{"12:00:10.000 a [\"2026-03-10T12:00:10Z\",\"2026-03-10T12:00:10Z\"]"}));
}

TEST(Sources, OneMessageIsOneEventWithTheNamesOfTheFirstFilterThatMatches) {
  Desk desk("[rule.r]\ntopic = [\"a/{x}/+\", \"a/+/{x}\"]\n" + signal("\"{topic.x}\""));
  desk.hear("12:00:00", "a/1/2", "");
  EXPECT_EQ(desk.told(), (Lines{"12:00:00.000 1 [\"1\"]"}));
}

TEST(Sources, ACopyCountsByTheFirstSubscriptionThatFeedsTheRule) {
  Desk desk("[mqtt]\nurl = \"mqtt://localhost\"\n[rule.one]\ntopic = \"a/+\"\n" + signal("1") +
            "[rule.two]\ntopic = [\"+/b\", \"a/+\"]\n" + signal("2") + "[rule.three]\ntopic = \"+/b\"\n" +
            signal("3"));
  const auto& plan = desk.engine().subscriptions().subscriptions();
  ASSERT_EQ(plan.size(), 2U);
  EXPECT_EQ(plan[0].filter.pattern(), "a/+");
  EXPECT_EQ(plan[1].filter.pattern(), "+/b");
  model::Message copy;
  copy.id = "m";
  copy.subscription_ids = {1};
  desk.hear("12:00:00", "a/b", "", copy);
  EXPECT_EQ(desk.told(), (Lines{"12:00:00.000  [1]", "12:00:00.000  [2]"}));
  copy.subscription_ids = {2};
  desk.hear("12:00:00", "a/b", "", copy);
  EXPECT_EQ(desk.told(), (Lines{"12:00:00.000  [3]"}));
  desk.hear("12:00:01", "c/b", "", copy);
  EXPECT_EQ(desk.told(), (Lines{"12:00:01.000  [2]", "12:00:01.000  [3]"}));
}

TEST(Sources, WhatCannotBeDecodedIsNoEventButMayBeHearing) {
  Desk desk("[rule.r]\ntopic = \"t/{id}\"\ndecode = \"json\"\nsilent_for = \"10s\"\n" +
            signal("\"{topic.id}\"") +
            "back = { signal = { id = \"w\", name = \"n\", args = [\"back\"] } }\n");
  desk.hear("12:00:00", "t/a", "{").until("12:00:09").hear("12:00:09", "t/a", "{").finish();
  EXPECT_EQ(desk.told(), (Lines{"12:00:00.000 a -error", "12:00:09.000 a -error", "12:00:19.000 a [\"a\"]"}));
  desk.hear("12:01:00", "t/a", "{");
  EXPECT_EQ(desk.told(), (Lines{"12:01:00.000 a -error", "12:01:00.000 a [\"back\"]"}));
}

TEST(Sources, WithAConditionNothingUndecodableIsHearing) {
  Desk desk("[rule.r]\ntopic = \"t/{id}\"\ndecode = \"json\"\nwhen = \"true\"\nsilent_for = \"10s\"\n" +
            signal("1"));
  desk.hear("12:00:00", "t/a", "{").finish();
  EXPECT_EQ(desk.told(), (Lines{"12:00:00.000 a -error"}));
}

TEST(Sources, RetainedIgnoredAndOnly) {
  Desk desk("[rule.ignore]\ntopic = \"t\"\nretained = \"ignore\"\n" + signal("1") +
            "[rule.only]\ntopic = \"t\"\nretained = \"only\"\n" + signal("2"));
  desk.hear("12:00:00", "t", "x", retained()).hear("12:00:01", "t", "x");
  EXPECT_EQ(desk.told(), (Lines{"12:00:00.000  -retained", "12:00:00.000  [2]", "12:00:01.000  [1]",
                                "12:00:01.000  -retained"}));
}

TEST(Sources, RetainedIsComparedWithWhatWhenLetPass) {
  Desk desk("[rule.r]\ntopic = \"t\"\nwhen = \"payload > 5\"\n" + signal("\"{message.id}\""));
  desk.hear("12:00:00", "t", "6").hear("12:00:01", "t", "1").hear("12:00:02", "t", "6", retained());
  EXPECT_EQ(desk.told(), (Lines{"12:00:00.000  [\"m1\"]", "12:00:02.000  -retained"}));
}

TEST(Sources, RetainedRemembersTheTopicsHeardLast) {
  Desk desk("[rule.r]\ntopic = \"+\"\nmax_keys = 2\n" + signal("\"{message.id}\""));
  desk.hear("12:00:00", "a", "1")
      .hear("12:00:01", "b", "1")
      .hear("12:00:02", "a", "1")
      .hear("12:00:03", "c", "1");
  desk.told();
  desk.hear("12:00:04", "a", "1", retained()).hear("12:00:05", "b", "1", retained());
  EXPECT_EQ(desk.told(), (Lines{"12:00:04.000  -retained", "12:00:05.000  [\"m6\"]"}));
}

TEST(Keys, WeighOneForEachKibibyte) {
  Desk desk(
      "[rule.r]\ntopic = \"t/{id}\"\nmax_keys = 4\nwindow = { count = 100 }\ncollect = { l = "
      "\"list(payload)\" }\n" +
      signal("\"{window.key}\", \"{window.count}\""));
  const std::string big(900, 'x');
  desk.hear("12:00:00", "t/a", "1").hear("12:00:01", "t/b", "1").hear("12:00:02", "t/c", big);
  EXPECT_EQ(desk.told(), Lines{});
  desk.hear("12:00:03", "t/c", big).hear("12:00:04", "t/c", big);
  EXPECT_EQ(desk.told(), (Lines{"12:00:04.000 a [\"a\",1]"}));
  desk.hear("12:00:05", "t/c", big + big + big + big);
  EXPECT_EQ(desk.told(), (Lines{"12:00:05.000 b [\"b\",1]"}));
}

TEST(Keys, OneThatWhenRejectsIsMadeOnlyForWhatRemembers) {
  Desk with("[rule.r]\ntopic = \"t/{id}\"\nwhen = \"payload > 5\"\nunique = \"payload\"\n" + signal("1"));
  with.hear("12:00:00", "t/a", "1");
  EXPECT_EQ(with.engine().describe_keys("r", 10).get_if<List>()->size(), 1U);
  Desk without("[rule.r]\ntopic = \"t/{id}\"\nwhen = \"payload > 5\"\ncooldown = \"1s\"\n" + signal("1"));
  without.hear("12:00:00", "t/a", "1");
  EXPECT_EQ(without.engine().describe_keys("r", 10).get_if<List>()->size(), 0U);
}

TEST(Keys, AnEvictedKeyForgetsItsHoldSilenceAndCooldown) {
  Desk desk("[rule.hold]\ntopic = \"t/{id}\"\nmax_keys = 1\nhold = \"10s\"\n" + signal("\"{topic.id}\"") +
            "[rule.silent]\ntopic = \"t/{id}\"\nmax_keys = 1\nsilent_for = \"20s\"\n" +
            signal("\"{topic.id} lost\""));
  desk.hear("12:00:00", "t/a", "1").hear("12:00:01", "t/b", "1").finish();
  EXPECT_EQ(desk.told(), (Lines{"12:00:11.000 b [\"b\"]", "12:00:21.000 b [\"b lost\"]"}));
}

TEST(State, CountsWhatUniqueLetPass) {
  Desk desk("[rule.r]\ntopic = \"t\"\nunique = \"payload\"\nwhen = \"payload > 1\"\n" +
            signal("\"{state.count}\", \"{has(state.previous) ? state.previous : 0}\""));
  desk.hear("12:00:00", "t", "1")
      .hear("12:00:01", "t", "1")
      .hear("12:00:02", "t", "2")
      .hear("12:00:03", "t", "3");
  EXPECT_EQ(desk.told(), (Lines{"12:00:01.000  -unique", "12:00:02.000  [1,1]", "12:00:03.000  [2,2]"}));
}

TEST(State, FiredShowsTimeAndPayloadOfTheLastFiring) {
  Desk desk("[rule.r]\ntopic = \"t\"\ncooldown = \"10s\"\n" +
            signal("\"{has(state.fired) ? state.fired.payload : -1}\", \"{has(state.fired) ? "
                   "string(state.fired.time) : ''}\""));
  desk.hear("12:00:00", "t", "7").hear("12:00:05", "t", "8").hear("12:00:10", "t", "9");
  EXPECT_EQ(desk.told(), (Lines{"12:00:00.000  [-1,\"\"]", "12:00:05.000  -cooldown",
                                "12:00:10.000  [7,\"2026-03-10T12:00:00Z\"]"}));
}

TEST(Timing, UniqueForgetsTheFirstOfAThousand) {
  Desk desk("[rule.r]\ntopic = \"t\"\nunique = \"payload\"\n" + signal("\"{payload}\""));
  for (int i = 0; i <= 1000; ++i) desk.hear("12:00:00", "t", std::to_string(i));
  desk.told();
  desk.hear("12:00:01", "t", "1").hear("12:00:02", "t", "0").hear("12:00:03", "t", "1");
  EXPECT_EQ(desk.told(), (Lines{"12:00:01.000  -unique", "12:00:02.000  [0]", "12:00:03.000  [1]"}));
}

TEST(Timing, ClearWhenIsLookedAtOnlyOnceFired) {
  Desk desk("[rule.r]\ntopic = \"t\"\nwhen = \"payload.on\"\nclear_when = \"payload.ack\"\n" +
            signal("\"{message.id}\""));
  const auto say = [&](const char* time, bool on, bool ack) {
    desk.hear(
        time, "t",
        std::string("{\"on\":") + (on ? "true" : "false") + ",\"ack\":" + (ack ? "true" : "false") + "}");
  };
  say("12:00:00", true, true);
  say("12:00:01", true, false);
  say("12:00:02", true, true);
  say("12:00:03", true, false);
  EXPECT_EQ(desk.told(), (Lines{"12:00:00.000  [\"m1\"]", "12:00:01.000  -clear_when",
                                "12:00:02.000  -clear_when", "12:00:03.000  [\"m4\"]"}));
}

TEST(Timing, AHoldThatChangeOrCooldownHoldsBackHasHadItsTurn) {
  Desk desk(
      "[rule.r]\ntopic = \"t\"\nwhen = \"payload > 0\"\nhold = \"10s\"\nchange = { of = \"payload\", by = 5 "
      "}\n" +
      signal("\"{payload}\""));
  desk.hear("12:00:00", "t", "10").hear("12:00:11", "t", "0").hear("12:00:20", "t", "12").until("12:00:40");
  EXPECT_EQ(desk.told(), (Lines{"12:00:10.000  [10]", "12:00:30.000  -change"}));
  desk.hear("12:00:50", "t", "30").until("12:02:00");
  EXPECT_EQ(desk.told(), Lines{});
  desk.hear("12:03:00", "t", "0").hear("12:03:01", "t", "30").finish();
  EXPECT_EQ(desk.told(), (Lines{"12:03:11.000  [30]"}));
}

TEST(Timing, ChangePassesAtExactlyBy) {
  Desk desk("[rule.r]\ntopic = \"t\"\nchange = { of = \"payload\", by = 0.1 }\n" + signal("\"{payload}\""));
  desk.hear("12:00:00", "t", "20.3").hear("12:00:01", "t", "20.4").hear("12:00:02", "t", "20.3");
  desk.hear("12:00:03", "t", "20.39").hear("12:00:04", "t", "\"off\"").hear("12:00:05", "t", "20.39");
  EXPECT_EQ(desk.told(),
            (Lines{"12:00:00.000  [20.3]", "12:00:01.000  [20.4]", "12:00:02.000  [20.3]",
                   "12:00:03.000  -change", "12:00:04.000  [\"off\"]", "12:00:05.000  [20.39]"}));
}

TEST(Timing, ElapsedTimeKnowsNoStepOfTheClock) {
  Desk desk("[rule.r]\ntopic = \"t\"\nhold = \"60s\"\n" + signal("\"{now}\""));
  desk.hear("12:00:00", "t", "1").until("12:00:30").step_clock("13:00:30").until("13:00:59");
  EXPECT_EQ(desk.told(), Lines{});
  desk.until("13:01:00");
  EXPECT_EQ(desk.told(), (Lines{"13:01:00.000  [\"2026-03-10T13:01:00Z\"]"}));
}

TEST(Timing, AStepOutOfAPeriodClosesItsWindowThere) {
  Desk desk("[rule.r]\ntopic = \"t\"\nwindow = { every = \"1m\" }\n" +
            signal("\"{window.count}\", \"{window.start}\", \"{window.end}\""));
  desk.hear("12:00:10", "t", "1").until("12:00:20").step_clock("11:30:00");
  EXPECT_EQ(desk.told(), (Lines{"12:00:20.000  [1,\"2026-03-10T12:00:00Z\",\"2026-03-10T12:00:20Z\"]"}));
  desk.hear("11:30:05", "t", "1").step_clock("11:30:50").until("11:30:59").finish();
  EXPECT_EQ(desk.told(), (Lines{"11:31:00.000  [1,\"2026-03-10T11:30:00Z\",\"2026-03-10T11:31:00Z\"]"}));
}

TEST(Absence, SilenceCountsFromTheReturn) {
  Desk desk("[rule.r]\ntopic = \"t\"\nsilent_for = \"60s\"\n" + signal("\"{now}\""));
  desk.hear("12:00:00", "t", "1")
      .away("12:00:30", true)
      .until("12:05:00")
      .away("12:10:00", false)
      .until("12:10:59");
  EXPECT_EQ(desk.told(), Lines{});
  desk.finish();
  EXPECT_EQ(desk.told(), (Lines{"12:11:00.000  [\"2026-03-10T12:11:00Z\"]"}));
}

TEST(Absence, TimeAwayDoesNotCountForAHold) {
  Desk desk("[rule.r]\ntopic = \"t\"\nhold = \"60s\"\n" + signal("\"{now}\""));
  desk.hear("12:00:00", "t", "1").away("12:00:30", true).away("12:10:00", false).finish();
  EXPECT_EQ(desk.told(), (Lines{"12:10:30.000  [\"2026-03-10T12:10:30Z\"]"}));
}

TEST(Absence, TimeAwayIsNoQuiet) {
  Desk desk("[rule.r]\ntopic = \"t\"\nwindow = { every = \"1m\", time = \"payload\", lateness = \"5s\" }\n" +
            signal("\"{window.count}\""));
  desk.hear("12:00:10", "t", "\"2026-03-10T12:00:10Z\"").away("12:00:20", true).until("12:09:00");
  desk.away("12:10:00", false).hear("12:10:01", "t", "\"2026-03-10T12:00:50Z\"").finish();
  EXPECT_EQ(desk.told(), (Lines{"12:11:06.000  [2]"}));
}

TEST(Absence, TimeoutsAndSessionsGoOn) {
  Desk desk("[rule.r]\ntopic = \"t\"\nwindow = { session = \"10s\" }\n" + signal("\"{window.count}\""));
  desk.hear("12:00:00", "t", "1").away("12:00:05", true).until("12:01:00");
  EXPECT_EQ(desk.told(), (Lines{"12:00:10.000  [1]"}));
}

TEST(Silence, BackKnowsNoCooldown) {
  Desk desk("[rule.r]\ntopic = \"t\"\nsilent_for = \"10s\"\ncooldown = \"1h\"\n" + signal("\"lost\"") +
            "back = { start = { workflow = \"W\", args = [] } }\n");
  desk.hear("12:00:00", "t", "1").until("12:00:15").hear("12:00:20", "t", "2").until("12:01:00");
  EXPECT_EQ(desk.told(), (Lines{"12:00:10.000  [\"lost\"]",
                                "12:00:20.000  start{\"workflow\":\"W\",\"args\":[],\"id\":\"r-back-m2\"}",
                                "12:00:30.000  -cooldown"}));
  desk.hear("12:01:10", "t", "3");
  EXPECT_EQ(desk.told(), Lines{});
}

TEST(Windows, EvictionClosesAllThatHoldAMessageByEndThenStart) {
  Desk desk("[rule.r]\ntopic = \"t/{id}\"\nmax_keys = 1\nwindow = { every = \"1m\", over = \"3m\" }\n" +
            signal("\"{window.start}\", \"{window.end}\""));
  desk.hear("12:00:30", "t/a", "1").hear("12:00:40", "t/b", "1");
  EXPECT_EQ(desk.told(), (Lines{"12:00:40.000 a [\"2026-03-10T11:58:00Z\",\"2026-03-10T12:00:40Z\"]",
                                "12:00:40.000 a [\"2026-03-10T11:59:00Z\",\"2026-03-10T12:00:40Z\"]",
                                "12:00:40.000 a [\"2026-03-10T12:00:00Z\",\"2026-03-10T12:00:40Z\"]"}));
}

TEST(Windows, SlidingTakesThePeriodsThatItCovers) {
  Desk desk(
      "[rule.r]\ntopic = \"t\"\nwindow = { every = \"1m\", over = \"2m\" }\ncollect = { l = "
      "\"list(payload)\" }\n" +
      signal("\"{window.l}\", \"{message.id}\""));
  desk.hear("12:00:10", "t", "1")
      .hear("12:01:10", "t", "2")
      .hear("12:01:20", "t", "3")
      .hear("12:05:00", "t", "4")
      .finish();
  EXPECT_EQ(desk.told(), (Lines{"12:01:00.000  [[1],\"m1\"]", "12:02:00.000  [[1,2,3],\"m3\"]",
                                "12:03:00.000  [[2,3],\"m3\"]", "12:06:00.000  [[4],\"m4\"]",
                                "12:07:00.000  [[4],\"m4\"]"}));
}

TEST(Windows, JudgedInOrder) {
  Desk desk(
      "[rule.r]\ntopic = \"t\"\nwindow = { count = 1 }\nhaving = \"payload > 5\"\nclear_when = \"payload < "
      "3\"\n"
      "change = { of = \"window.count + payload\", by = 2 }\ncooldown = \"10s\"\n" +
      signal("\"{payload}\""));
  desk.hear("12:00:00", "t", "4")
      .hear("12:00:01", "t", "6")
      .hear("12:00:02", "t", "7")
      .hear("12:00:03", "t", "1");
  desk.hear("12:00:04", "t", "7")
      .hear("12:00:05", "t", "9")
      .hear("12:00:20", "t", "7")
      .hear("12:00:21", "t", "9");
  EXPECT_EQ(desk.told(), (Lines{"12:00:00.000  -having", "12:00:01.000  [6]", "12:00:02.000  -clear_when",
                                "12:00:03.000  -having", "12:00:04.000  -change", "12:00:05.000  -cooldown",
                                "12:00:20.000  -change", "12:00:21.000  [9]"}));
}

TEST(Windows, LimitsCloseCountWindowsAndMarkPeriods) {
  Desk desk(
      "[rule.bytes]\ntopic = \"t\"\nwindow = { timeout = \"1m\", max_bytes = 6 }\ncollect = { l = "
      "\"list(payload)\" }\n" +
      signal("\"{window.l}\", \"{window.truncated}\"") +
      "[rule.set]\ntopic = \"t\"\nwindow = { every = \"1m\", max_items = 2 }\n"
      "collect = { d = \"distinct(payload)\", n = \"count()\" }\n" +
      signal("\"{window.d}\", \"{window.n}\", \"{window.truncated}\""));
  desk.hear("12:00:01", "t", "abc")
      .hear("12:00:02", "t", "d")
      .hear("12:00:03", "t", "d")
      .hear("12:00:04", "t", "e")
      .finish();
  EXPECT_EQ(desk.told(), (Lines{"12:00:02.000  [[\"abc\",\"d\"],false]",
                                "12:00:04.000  [[\"d\",\"e\"],false]", "12:01:00.000  [2,4,true]"}));
}

TEST(EventTime, APeriodIsClosedByTheNewestTimeWhetherOrNotAMessageWasInIt) {
  Desk desk("[rule.r]\ntopic = \"t\"\nwindow = { every = \"1m\", time = \"payload\", lateness = \"0s\" }\n" +
            signal("\"{window.start}\""));
  desk.hear("12:03:00", "t", "1773144180").hear("12:03:01", "t", "1773144119.999").finish();
  EXPECT_EQ(desk.told(), (Lines{"12:03:01.000  -late", "12:04:01.000  [\"2026-03-10T12:03:00Z\"]"}));
}

TEST(EventTime, TheClockClosesOnlyWindowsThatHoldAMessage) {
  Desk desk("[rule.r]\ntopic = \"t\"\nwindow = { every = \"1m\", time = \"payload\", lateness = \"10s\" }\n" +
            signal("\"{window.start}\""));
  desk.hear("12:03:30", "t", "\"2026-03-10T12:03:30Z\"").until("12:30:00");
  EXPECT_EQ(desk.told(), (Lines{"12:04:40.000  [\"2026-03-10T12:03:00Z\"]"}));
  // The closed one takes no more; the one after it is open, and so is the one before, whose lateness has not
  // passed.
  desk.hear("12:30:00", "t", "\"2026-03-10T12:03:45Z\"").hear("12:30:01", "t", "\"2026-03-10T12:04:05Z\"");
  EXPECT_EQ(desk.told(), (Lines{"12:30:00.000  -late"}));
  desk.finish();
  EXPECT_EQ(desk.told(), (Lines{"12:31:11.000  [\"2026-03-10T12:04:00Z\"]"}));
}

TEST(EventTime, OfASlidingWindowALateMessageIsLeftOutOfTheClosedOnesOnly) {
  Desk desk(
      "[rule.r]\ntopic = \"t\"\nwindow = { every = \"1m\", over = \"2m\", time = \"payload.t\", lateness = "
      "\"0s\" }\n"
      "collect = { l = \"list(payload.v)\" }\n" +
      signal("\"{window.l}\""));
  desk.hear("12:00:30", "t", R"({"t":"2026-03-10T12:00:30Z","v":1})")
      .hear("12:01:10", "t", R"({"t":"2026-03-10T12:01:10Z","v":2})");
  desk.hear("12:01:20", "t", R"({"t":"2026-03-10T12:00:40Z","v":3})")
      .hear("12:02:00", "t", R"({"t":"2026-03-10T12:02:00Z","v":4})");
  desk.hear("12:02:01", "t", R"({"t":"2026-03-10T12:00:59Z","v":5})");
  EXPECT_EQ(desk.told(), (Lines{"12:01:10.000  [[1]]", "12:02:00.000  [[1,2,3]]", "12:02:01.000  -late"}));
}

TEST(EventTime, OfASlidingWindowTheClockMayCloseALaterOneFirst) {
  // The clock closes what ends at 28 and 29, where nothing was in what ends at 27.
  Desk desk(
      "[rule.r]\ntopic = \"t\"\nwindow = { every = \"1s\", over = \"3s\", time = \"payload\", lateness = "
      "\"1s\" }\n"
      "collect = { l = \"list(payload)\" }\n" +
      signal("\"{window.end}\", \"{window.l}\""));
  desk.hear("12:00:27", "t", "1773144027").hear("12:00:30", "t", "1773144025").finish();
  EXPECT_EQ(desk.told(), (Lines{"12:00:29.000  [\"2026-03-10T12:00:28Z\",[1773144027]]",
                                "12:00:30.000  [\"2026-03-10T12:00:29Z\",[1773144027]]",
                                "12:00:32.000  [\"2026-03-10T12:00:27Z\",[1773144025]]",
                                "12:00:32.000  [\"2026-03-10T12:00:30Z\",[1773144027]]"}));
}

TEST(EventTime, SessionsAreLateBeforeTheEndOfAClosedOneAndOnceTheirOwnGapHasPassed) {
  Desk desk(
      "[rule.r]\ntopic = \"t\"\nwindow = { session = \"30s\", time = \"payload\", lateness = \"10s\" }\n" +
      signal("\"{window.count}\", \"{window.start}\", \"{window.end}\""));
  desk.hear("12:00:00", "t", "\"2026-03-10T12:00:00Z\"").hear("12:00:40", "t", "\"2026-03-10T12:00:40Z\"");
  EXPECT_EQ(desk.told(), (Lines{"12:00:40.000  [1,\"2026-03-10T12:00:00Z\",\"2026-03-10T12:00:30Z\"]"}));
  desk.hear("12:00:41", "t", "\"2026-03-10T12:00:29Z\"").hear("12:00:42", "t", "\"2026-03-10T12:00:30Z\"");
  desk.hear("12:02:00", "t", "\"2026-03-10T12:02:00Z\"").hear("12:02:01", "t", "\"2026-03-10T12:01:20Z\"");
  desk.hear("12:02:02", "t", "\"2026-03-10T12:01:21Z\"").finish();
  EXPECT_EQ(
      desk.told(),
      (Lines{"12:00:41.000  -late", "12:01:22.000  [2,\"2026-03-10T12:00:30Z\",\"2026-03-10T12:01:10Z\"]",
             "12:02:01.000  -late", "12:02:42.000  [1,\"2026-03-10T12:01:21Z\",\"2026-03-10T12:01:51Z\"]",
             "12:02:42.000  [1,\"2026-03-10T12:02:00Z\",\"2026-03-10T12:02:30Z\"]"}));
}

TEST(Reload, ClosesTheWindowsOfWhatChangesAndKeepsTheRest) {
  const std::string kept =
      "[rule.kept]\ntopic = \"t\"\nwindow = { count = 3 }\n" + signal("\"kept\", \"{window.count}\"");
  const auto changing = [](const std::string& mark) {
    return "[rule.changes]\ntopic = \"t\"\nwindow = { count = 3 }\nstart = { workflow = \"" + mark + "\" }\n";
  };
  Desk desk(kept + changing("old"));
  desk.hear("12:00:00", "t", "1").hear("12:00:01", "t", "1").reload(kept + changing("new"));
  EXPECT_EQ(desk.told(), (Lines{"12:00:01.000  "
                                "start{\"workflow\":\"old\",\"id\":\"changes-2026-03-10T12:00:00.000Z-2026-"
                                "03-10T12:00:01.000Z\"}"}));
  desk.hear("12:00:02", "t", "1");
  EXPECT_EQ(desk.told(), (Lines{"12:00:02.000  [\"kept\",3]"}));
  desk.hear("12:00:03", "t", "1").hear("12:00:04", "t", "1");
  EXPECT_EQ(desk.told(), (Lines{"12:00:04.000  start{\"workflow\":\"new\",\"id\":\"changes-m5\"}"}));
}

TEST(Reset, ForgetsAKeyOrAll) {
  Desk desk("[rule.r]\ntopic = \"t/{id}\"\ncooldown = \"1h\"\n" + signal("1"));
  desk.hear("12:00:00", "t/a", "1").hear("12:00:00", "t/b", "1");
  desk.commit();
  EXPECT_EQ(desk.told().size(), 2U);
  desk.reset("r", "a").hear("12:00:01", "t/a", "1").hear("12:00:01", "t/b", "1");
  EXPECT_EQ(desk.told(), (Lines{"12:00:01.000 a [1]", "12:00:01.000 b -cooldown"}));
  desk.reset("r", std::nullopt).hear("12:00:02", "t/b", "1");
  EXPECT_EQ(desk.told(), (Lines{"12:00:02.000 b [1]"}));
}

// A ring of 1,000 values is not written whole for each message, and is whole again after a crash.
TEST(Restore, WhatUniqueRemembersIsWrittenInPieces) {
  Desk desk("[rule.r]\ntopic = \"t/{id}\"\nmax_keys = 20\nunique = \"payload\"\n" + signal("\"{payload}\""));
  for (int i = 0; i < 1010; ++i) desk.hear("12:00:00", "t/a", std::to_string(i));
  desk.commit();
  desk.told();
  desk.hear("12:00:01", "t/a", "5").hear("12:00:01", "t/a", "1009");  // the one left, the other did not
  EXPECT_EQ(desk.told().size(), 2U);
  std::size_t bytes = 0;
  for (const model::StateChange& change : desk.engine().collect()) {
    bytes += change.key.size() + change.bytes.value_or("").size();
  }
  EXPECT_LT(bytes, 600U);
  desk.crash();
  desk.hear("12:00:02", "t/a", "6").hear("12:00:02", "t/a", "1008").hear("12:00:02", "t/a", "500");
  const Lines told = desk.told();
  ASSERT_GE(told.size(), 3U);
  EXPECT_EQ(Lines(told.end() - 3, told.end()),
            (Lines{"12:00:02.000 a [6]", "12:00:02.000 a -unique", "12:00:02.000 a -unique"}));
  desk.commit();
  EXPECT_GT(desk.state_rows(), 60U);
  // A key that leaves takes its pieces with it, and those of one that is new again are its own.
  desk.hear("12:00:03", "t/b", "1");
  for (int i = 0; i < 1000; ++i) desk.hear("12:00:03", "t/c", std::to_string(i));
  desk.hear("12:00:04", "t/a", "1008");
  desk.commit();
  desk.crash();
  desk.told();
  desk.hear("12:00:05", "t/a", "1008").hear("12:00:05", "t/a", "500");
  EXPECT_EQ(desk.told(), (Lines{"12:00:05.000 a -unique", "12:00:05.000 a [500]"}));
}

TEST(Restore, GarbageInTheStoreIsIgnored) {
  Desk desk("[rule.r]\ntopic = \"t\"\nwindow = { count = 2 }\ncollect = { l = \"list(payload)\" }\n" +
            signal("\"{window.l}\""));
  desk.hear("12:00:00", "t", "1");
  desk.commit();
  for (const std::string garbage : {"", "\x01", "\x01\xff\xff\xff\xff\xff", "\x02xyz"}) {
    desk.engine().restore("rule/r", "kx", garbage);
    desk.engine().restore("rule/r", "t00", garbage);
    desk.engine().restore("rule/none", "k", garbage);
    desk.engine().restore("rules", "clock", garbage);
  }
  desk.hear("12:00:01", "t", "2");
  EXPECT_EQ(desk.told(), (Lines{"12:00:01.000  [[1,2]]"}));
}

}  // namespace
}  // namespace sundial::engine

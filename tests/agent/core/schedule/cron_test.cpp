// Cron strings: what they mean and what is refused, in words that help and in bounded time.
#include <gtest/gtest.h>

#include <ctime>
#include <random>
#include <set>

#include "agent/core/schedule/compile.hpp"
#include "agent/core/schedule/spec_json.hpp"
#include "platform/json/json.hpp"
#include "platform/zones/zones.hpp"

namespace sundial::schedule {
namespace {

using Lines = std::vector<std::string>;

struct Compiled {
  std::optional<CompiledTimes> times;
  std::vector<model::Problem> problems;
  std::string error() const { return problems.empty() ? "" : problems.front().what; }
};

Compiled compile(std::string_view spec, std::string_view device = "pi", std::string_view id = "s") {
  static const auto source = system_zones();
  static ZoneTables zones(*source);
  auto definition = read_spec(json::parse(spec).value()).value();
  definition.id = id;
  Compiled compiled;
  compiled.times = compile_times(definition, {device, "UTC"}, zones, compiled.problems);
  return compiled;
}

Compiled cron(std::string_view text, std::string_view device = "pi", std::string_view id = "s") {
  return compile("{\"cron\":" + json::quote(text) + "}", device, id);
}

Lines next(const Compiled& compiled, std::string_view from, int count) {
  Lines lines;
  auto due = compiled.times->timetable.next(parse_rfc3339(from).value());
  for (; due && count > 0; --count, due = compiled.times->timetable.next(*due)) {
    lines.push_back(format_rfc3339(*due, Fraction::when_needed));
  }
  return lines;
}

TEST(Cron, PointsAtTheFieldAndGivesARightExample) {
  EXPECT_EQ(cron("60 * * * *").error(),
            "field 1: minute '60': 60 is outside 0-59; right is, for example, 0, */15 or 0,30");
  EXPECT_NE(cron("* * * jan-foo *").error().find("field 4: month 'jan-foo': 'foo' is neither"),
            std::string::npos);
  EXPECT_NE(cron("* * * * fri-sun").error().find("write 5-7"), std::string::npos)
      << cron("* * * * fri-sun").error();
  EXPECT_NE(cron("* 22-2 * * *").error().find("write 22-23,0-2"), std::string::npos)
      << cron("* 22-2 * * *").error();
  EXPECT_NE(cron("* * * * L").error().find("write 6L or 0L"), std::string::npos);
  EXPECT_NE(cron("0 0 1 1 * 2030").error().find("as in 0 0 0 1 1 * 2030"), std::string::npos);
  EXPECT_NE(cron("0 0 * * m\xD0\xBEn").error().find("field 5: "), std::string::npos);
  EXPECT_NE(cron("@evry 90s").error().find("did you mean @every?"), std::string::npos);
  EXPECT_NE(cron("@dayly").error().find("did you mean @daily?"), std::string::npos);
  EXPECT_NE(cron("* * * *").error().find("has 4 fields"), std::string::npos);
  EXPECT_NE(cron("0 0 31 2 *").error().find("would never fire"), std::string::npos);
  for (const char* wrong :
       {"60 * * * *", "* * * *", "a b c d e", "@x", "0 0 31 2 *", "1,,2 * * * *", "*/0 * * * *",
        "* * \xC2\xB9 * *", "CRON_TZ=Mars/Phobos 0 0 * * *", "@every 1h/2h", "@every 1ms"}) {
    const std::string error = cron(wrong).error();
    EXPECT_NE(error.find("right is, for example"), std::string::npos) << error;
    EXPECT_EQ(error.find('\n'), std::string::npos);
  }
}

TEST(Cron, RefusesHostileTextInBoundedTime) {
  const std::clock_t began = std::clock();
  const std::string million(1'000'000, ',');
  EXPECT_FALSE(cron(million).times);
  EXPECT_LT(cron(million).error().size(), 300U);
  EXPECT_FALSE(cron(million + " * * * *").times);
  EXPECT_FALSE(cron(std::string(1'000'000, ' ') + "* * * * *").times);
  EXPECT_FALSE(cron(std::string("* * * * *\0", 10)).times);
  EXPECT_FALSE(cron("\xEF\xBC\x91 * * * *").times);  // a full-width digit one
  EXPECT_FALSE(cron("* * * * \xD0\xBCon").times);    // a Cyrillic em
  EXPECT_FALSE(cron("*\xC2\xA0* * * *").times);      // a no-break space
  EXPECT_FALSE(cron("*\n* * * *").times);
  EXPECT_FALSE(cron("99999999999999999999999999 * * * *").times);
  EXPECT_TRUE(cron("*/99999999999999999999999999 * * * *").times);
  EXPECT_FALSE(cron("@every 99999999999999999999d").times);
  EXPECT_FALSE(cron("@every 9223372036854775807ms").times &&
               next(cron("@every 9223372036854775807ms"), "2026-01-01T00:00:00Z", 1).size() > 0);
  EXPECT_LT(std::clock() - began, 3 * CLOCKS_PER_SEC);
}

TEST(Cron, HIsStableForADeviceAndScheduleAndDiffersBetweenThem) {
  const Lines first = next(cron("H H * * *", "pi-1", "backup"), "2026-01-01T00:00:00Z", 3);
  EXPECT_EQ(first, next(cron("H H * * *", "pi-1", "backup"), "2026-01-01T00:00:00Z", 3));
  std::set<std::string> times;
  for (int device = 0; device < 100; ++device) {
    times.insert(
        next(cron("H H * * *", "pi-" + std::to_string(device), "backup"), "2026-01-01T00:00:00Z", 1).front());
  }
  EXPECT_GT(times.size(), 85U);
  const Lines quarter = next(cron("H/15 * * * *"), "2026-01-01T00:00:00Z", 5);
  EXPECT_EQ(parse_rfc3339(quarter[4]).value() - parse_rfc3339(quarter[0]).value(), std::chrono::hours{1});
  EXPECT_TRUE(cron("H(0-29)/10 H(0-7) H H H").times);
  EXPECT_FALSE(cron("H(7-0) * * * *").times);
  EXPECT_FALSE(cron("H(0-7 * * * *").times);
  EXPECT_FALSE(cron("H5 * * * *").times);
}

TEST(Cron, HasNoHorizon) {
  EXPECT_EQ(next(cron("0 0 29 2 *"), "2096-02-01T00:00:00Z", 2),
            (Lines{"2096-02-29T00:00:00Z", "2104-02-29T00:00:00Z"}));
  EXPECT_EQ(next(cron("0 0 1 1 *"), "9998-06-01T00:00:00Z", 3), (Lines{"9999-01-01T00:00:00Z"}));
  const Compiled berlin = compile(R"({"cron":"30 2 * * *","dst":"every"})");
  EXPECT_TRUE(berlin.times->timetable.next(parse_rfc3339("3500-07-01T00:00:00Z").value()));
}

// The times are the union less what is excluded, and that may be nothing.
TEST(Cron, ExclusionsMayLeaveNothingAndThatIsSaid) {
  for (
      const char* spec :
      {R"({"cron":"0 9 * * *","exclude":[{"hour":"*","minute":"*","second":"*"}]})",
       R"({"cron":"0 9 * * *","exclude":[{"hour":"0-11","minute":"*","second":"*"},{"hour":"12-23","minute":"0"}]})",
       R"({"interval":[{"every":"1h"}],"exclude":[{"hour":"*"}]})"}) {
    const Compiled nothing = compile(spec);
    ASSERT_TRUE(nothing.times) << spec;
    EXPECT_EQ(next(nothing, "2026-01-01T00:00:00Z", 1), Lines{}) << spec;
    ASSERT_EQ(nothing.times->notes.size(), 1U);
    EXPECT_NE(nothing.times->notes[0].find("leave nothing"), std::string::npos);
  }
  EXPECT_TRUE(compile(R"({"interval":[{"every":"1h"}],"exclude":[{"hour":"1-23"}]})").times->notes.empty());
  const auto turned =
      compile(R"({"cron":"0 0 * * *","start":"2027-01-01T00:00:00Z","end":"2026-01-01T00:00:00Z"})");
  ASSERT_EQ(turned.times->notes.size(), 1U);
  EXPECT_NE(turned.times->notes[0].find("end_at lies before start_at"), std::string::npos);
}

TEST(Cron, AnExclusionThatMatchesNoDayLeavesNothingOut) {
  const Compiled compiled = compile(R"({"cron":"0 9 * * *","exclude":[{"month":"2","dayOfMonth":"30"}]})");
  ASSERT_TRUE(compiled.times);
  EXPECT_EQ(next(compiled, "2026-02-27T12:00:00Z", 2),
            (Lines{"2026-02-28T09:00:00Z", "2026-03-01T09:00:00Z"}));
  EXPECT_FALSE(compile(R"({"calendar":[{"month":"2","dayOfMonth":"30"}]})").times);
}

TEST(Cron, ExcludedStretchesAreSteppedOverAtOnce) {
  const Compiled december =
      compile(R"({"cron":"* * * * * *","exclude":[{"month":"1-11","hour":"*","minute":"*","second":"*"}]})");
  const std::clock_t began = std::clock();
  EXPECT_EQ(next(december, "2026-01-01T00:00:00Z", 1), (Lines{"2026-12-01T00:00:00Z"}));
  const Compiled interval = compile(
      R"({"interval":[{"every":"1s"}],"exclude":[{"month":"1-11","hour":"*","minute":"*","second":"*"}]})");
  EXPECT_EQ(next(interval, "2026-01-01T00:00:00Z", 1), (Lines{"2026-12-01T00:00:00Z"}));
  EXPECT_LT(std::clock() - began, CLOCKS_PER_SEC / 10);
}

TEST(Cron, IntervalsCountFromTheEpochAlsoBeforeIt) {
  EXPECT_EQ(next(cron("@every 5h/45m"), "1969-12-31T19:00:00Z", 2),
            (Lines{"1969-12-31T19:45:00Z", "1970-01-01T00:45:00Z"}));
  EXPECT_EQ(next(cron("@every 1500ms"), "2026-01-01T00:00:00Z", 2),
            (Lines{"2026-01-01T00:00:01.500Z", "2026-01-01T00:00:03Z"}));
}

TEST(Cron, JitterIsStableAndKeepsTheOrder) {
  const Compiled jittered = compile(R"({"cron":"*/5 * * * *","jitter":"1h"})");
  const Timetable& timetable = jittered.times->timetable;
  Instant before = Instant::min();
  auto due = timetable.next(parse_rfc3339("2026-01-01T00:00:00Z").value());
  for (int i = 0; i < 500; ++i, due = timetable.next(*due)) {
    const Instant fires = timetable.fire_time(*due);
    EXPECT_EQ(fires, timetable.fire_time(*due));
    EXPECT_GE(fires, *due);
    EXPECT_LT(fires, *due + std::chrono::minutes{5});
    EXPECT_GT(fires, before);
    before = fires;
  }
}

// Whatever text is accepted, its times come strictly one after the other.
TEST(Cron, TimesOfAnyTextIncreaseStrictly) {
  std::mt19937 random(7);
  const std::vector<std::string> tokens{"*", "*", "*", "*", "?", "L",  "W",  "H",  "#",  "-",   "/",
                                        ",", "0", "1", "2", "7", "12", "15", "31", "59", "jan", "sun"};
  int accepted = 0;
  for (int i = 0; i < 20000; ++i) {
    std::string text;
    for (int field = 0; field < 5; ++field) {
      const auto length = std::uniform_int_distribution<int>(1, 2)(random);
      for (int j = 0; j < length; ++j) {
        text += tokens[std::uniform_int_distribution<std::size_t>(0, tokens.size() - 1)(random)];
      }
      text += ' ';
    }
    const Compiled compiled = cron(text);
    if (!compiled.times) continue;
    ++accepted;
    Instant before = parse_rfc3339("2026-03-01T00:00:00Z").value();
    for (int n = 0; n < 5; ++n) {
      const auto due = compiled.times->timetable.next(before);
      if (!due) break;
      ASSERT_GT(*due, before) << text;
      before = *due;
    }
  }
  EXPECT_GT(accepted, 20);
}

}  // namespace
}  // namespace sundial::schedule

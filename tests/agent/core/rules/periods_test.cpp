// Periods over clocks that change.
#include "agent/core/rules/periods.hpp"

#include <gtest/gtest.h>

#include "platform/zones/zones.hpp"

namespace sundial::rules {
namespace {

using std::chrono::hours;
using std::chrono::minutes;

Instant at(std::string_view text) {
  return *parse_rfc3339(text);
}

Periods periods(Millis every, std::string_view zone) {
  static const std::unique_ptr<ZoneSource> zones = system_zones();
  return *Periods::of(every, *zones->find(zone));
}

void expect(Millis every, std::string_view zone, std::string_view instant, std::string_view start,
            std::string_view end) {
  const Period found = periods(every, zone).containing(at(instant));
  EXPECT_EQ(format_rfc3339(found.start, Fraction::when_needed), start) << zone << ' ' << instant;
  EXPECT_EQ(format_rfc3339(found.end, Fraction::when_needed), end) << zone << ' ' << instant;
}

TEST(Periods, BelowAnHourAlignToTheEpoch) {
  expect(minutes{1}, "Europe/Berlin", "2026-03-10T12:00:59.999Z", "2026-03-10T12:00:00Z",
         "2026-03-10T12:01:00Z");
  expect(minutes{7}, "UTC", "1970-01-01T00:07:00Z", "1970-01-01T00:07:00Z", "1970-01-01T00:14:00Z");
  expect(minutes{1}, "UTC", "1969-12-31T23:59:30Z", "1969-12-31T23:59:00Z", "1970-01-01T00:00:00Z");
}

TEST(Periods, AnHourRunsFromLocalMidnight) {
  expect(hours{1}, "Asia/Kathmandu", "2026-03-10T12:00:00Z", "2026-03-10T11:15:00Z", "2026-03-10T12:15:00Z");
  // Lord Howe goes back by half an hour: a day of 24.5 hours ends with half an hour.
  expect(hours{1}, "Australia/Lord_Howe", "2026-04-05T13:20:00Z", "2026-04-05T13:00:00Z",
         "2026-04-05T13:30:00Z");
}

TEST(Periods, ClockHoursBeginWhenFirstShownOrSkipped) {
  expect(hours{6}, "Europe/Berlin", "2026-03-29T03:59:59Z", "2026-03-28T23:00:00Z", "2026-03-29T04:00:00Z");
  expect(hours{6}, "Europe/Berlin", "2026-10-25T04:59:59Z", "2026-10-24T22:00:00Z", "2026-10-25T05:00:00Z");
  // 02:00 is skipped in spring: the period begins with the change.
  expect(hours{2}, "Europe/Berlin", "2026-03-29T01:00:00Z", "2026-03-29T01:00:00Z", "2026-03-29T02:00:00Z");
  // 02:00 is shown twice in autumn: it begins with the first.
  expect(hours{2}, "Europe/Berlin", "2026-10-25T01:30:00Z", "2026-10-25T00:00:00Z", "2026-10-25T03:00:00Z");
}

TEST(Periods, DaysBeginAtLocalMidnightAndAreCountedFromAMonday) {
  const std::chrono::hours day{24};
  expect(day, "Europe/Berlin", "2026-10-25T12:00:00Z", "2026-10-24T22:00:00Z", "2026-10-25T23:00:00Z");
  expect(7 * day, "Europe/Berlin", "2026-03-29T21:59:59Z", "2026-03-22T23:00:00Z", "2026-03-29T22:00:00Z");
  expect(7 * day, "UTC", "1970-01-01T00:00:00Z", "1969-12-29T00:00:00Z", "1970-01-05T00:00:00Z");
  expect(2 * day, "UTC", "1970-01-06T12:00:00Z", "1970-01-05T00:00:00Z", "1970-01-07T00:00:00Z");
  // Santiago skips midnight itself: the day begins with the change.
  expect(day, "America/Santiago", "2026-09-06T12:00:00Z", "2026-09-06T04:00:00Z", "2026-09-07T03:00:00Z");
  // Samoa had no 30 December 2011.
  expect(day, "Pacific/Apia", "2011-12-30T09:59:59Z", "2011-12-29T10:00:00Z", "2011-12-30T10:00:00Z");
}

TEST(Periods, FollowEachOtherWithoutGapOverAYear) {
  for (const std::string_view zone : {"Europe/Berlin", "Australia/Lord_Howe", "America/Santiago",
                                      "Africa/Cairo", "Asia/Tehran", "America/Havana", "Atlantic/Azores"}) {
    for (const Millis every : {Millis{hours{1}}, Millis{hours{2}}, Millis{hours{3}}, Millis{hours{12}},
                               Millis{hours{24}}, Millis{hours{72}}}) {
      const Periods all = periods(every, zone);
      Period period = all.containing(at("2026-01-01T00:00:00Z"));
      while (period.end < at("2027-01-01T00:00:00Z")) {
        const Period next = all.containing(period.end);
        ASSERT_EQ(next.start, period.end) << zone;
        ASSERT_LT(next.start, next.end) << zone;
        ASSERT_EQ(all.containing(next.end - Millis{1}).start, next.start) << zone;
        ASSERT_EQ(all.earlier(next, 1).start, period.start) << zone;
        period = next;
      }
    }
  }
}

TEST(Periods, RefuseOtherLengthsWithTheNearest) {
  const auto refusal = [](Millis every) {
    const Result<Periods> made = Periods::of(every, nullptr);
    EXPECT_FALSE(made);
    return made ? std::string() : made.error().message();
  };
  EXPECT_NE(refusal(minutes{100}).find("is 2h"), std::string::npos);
  EXPECT_NE(refusal(hours{30}).find("is 1d"), std::string::npos) << refusal(hours{30});
  EXPECT_NE(refusal(minutes{61}).find("is 1h"), std::string::npos);
  EXPECT_NE(refusal(hours{49}).find("is 2d"), std::string::npos);
  EXPECT_FALSE(Periods::of(Millis{0}, nullptr));
}

}  // namespace
}  // namespace sundial::rules

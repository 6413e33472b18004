// Instants, durations and their texts.
#include "platform/base/time.hpp"

#include <gtest/gtest.h>

namespace sundial {
namespace {

TEST(Rfc3339, ReadsOffsetsAndFractions) {
  const auto utc = parse_rfc3339("2026-03-29T00:59:59.25Z");
  const auto berlin = parse_rfc3339("2026-03-29T01:59:59.250+01:00");
  ASSERT_TRUE(utc && berlin);
  EXPECT_EQ(*utc, *berlin);
  EXPECT_EQ(format_rfc3339(*utc, Fraction::always), "2026-03-29T00:59:59.250Z");
}

TEST(Rfc3339, WritesTheFractionOnlyWhereItIsAskedFor) {
  const auto whole = parse_rfc3339("2104-02-29T00:00:00Z");
  ASSERT_TRUE(whole);
  EXPECT_EQ(format_rfc3339(*whole, Fraction::when_needed), "2104-02-29T00:00:00Z");
  EXPECT_EQ(format_rfc3339(*whole, Fraction::always), "2104-02-29T00:00:00.000Z");
}

TEST(Rfc3339, RefusesWhatIsNoTime) {
  for (const char* text : {"", "2026", "2026-02-30T00:00:00Z", "2026-01-01T24:00:00Z", "2026-01-01T00:00:00",
                           "2026-01-01T00:00:00.Z", "2026-01-01T00:00:00+25:00", "2026-01-01T00:00:00Zx"}) {
    EXPECT_FALSE(parse_rfc3339(text)) << text;
  }
}

TEST(Duration, ReadsSumsOfUnits) {
  EXPECT_EQ(parse_duration("1h30m").value_or(Millis{0}), Millis{5'400'000});
  EXPECT_EQ(parse_duration("250ms").value_or(Millis{0}), Millis{250});
  EXPECT_EQ(parse_duration("7d").value_or(Millis{0}), Millis{604'800'000});
  EXPECT_EQ(parse_duration("0s").value_or(Millis{1}), Millis{0});
}

TEST(Duration, RefusesWhatIsNone) {
  for (const char* text : {"", "5", "s", "-5s", "-0s", "1h-0s", "1.5h", "5 s", "5x", "99999999999999999999s",
                           "9223372036854775807d"}) {
    EXPECT_FALSE(parse_duration(text)) << text;
  }
}

TEST(Duration, WritesWhatItReads) {
  for (const char* text : {"0s", "1h30m", "250ms", "7d", "1d2h3m4s5ms"}) {
    const auto duration = parse_duration(text);
    ASSERT_TRUE(duration) << text;
    EXPECT_EQ(format_duration(*duration), text);
  }
}

}  // namespace
}  // namespace sundial

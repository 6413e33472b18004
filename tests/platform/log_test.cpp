// Log lines: their three forms, what is escaped, and how repeats are counted.
#include "platform/base/log.hpp"

#include <gtest/gtest.h>

#include "platform/fake/log_sink.hpp"

namespace sundial {
namespace {

using namespace std::chrono_literals;

const Instant kNoon = *parse_rfc3339("2026-01-01T12:00:00Z");

LogLine line() {
  return {kNoon,
          LogSeverity::warning,
          "rule.error",
          "no\nnumber",
          {{"rule", "a b"}, {"tries", 3}, {"after", 90s}}};
}

TEST(Log, WritesTextForPeople) {
  EXPECT_EQ(format_log_text(line()),
            "2026-01-01T12:00:00.000Z warning rule.error: no\\nnumber rule=\"a b\" tries=3 after=1m30s");
}

TEST(Log, WritesJournalPriorities) {
  EXPECT_EQ(format_log_journal(line()), "<4>rule.error: no\\nnumber rule=\"a b\" tries=3 after=1m30s");
}

TEST(Log, WritesJson) {
  EXPECT_EQ(format_log_json(line()),
            R"({"time":"2026-01-01T12:00:00.000Z","level":"warning","event":"rule.error",)"
            R"("message":"no\\nnumber","rule":"a b","tries":"3","after":"1m30s"})");
}

TEST(Log, EscapesWhatWouldForgeALine) {
  const std::string text =
      format_log_text({kNoon, LogSeverity::info, "e", "m", {{"topic", "a\n<3>b\x1b[31m\"=\xff"}}});
  EXPECT_EQ(text.find('\n'), std::string::npos);
  EXPECT_EQ(text.find('\x1b'), std::string::npos);
  EXPECT_EQ(text.find('\xff'), std::string::npos);
}

TEST(Log, LeavesOutWhatIsBelowItsLevel) {
  FakeLogSink sink;
  Log log(sink, LogSeverity::info, [] { return kNoon; });
  log.debug("a", "b");
  log.info("a", "b");
  EXPECT_EQ(sink.lines.size(), 1U);
}

TEST(Log, CountsRepeatsInsteadOfShowingThem) {
  FakeLogSink sink;
  Instant now = kNoon;
  Log log(sink, LogSeverity::info, [&now] { return now; });
  for (int i = 0; i < 100; ++i) log.warning("rule.error", "no number", {{"try", i}});
  log.info("other", "line");
  EXPECT_EQ(sink.lines.size(), static_cast<std::size_t>(Log::kBurst + 1));
  now += Log::kWindow;
  log.info("other", "line");
  ASSERT_EQ(sink.lines.size(), static_cast<std::size_t>(Log::kBurst + 3));
  const LogLine& counted = sink.lines[sink.lines.size() - 2];
  EXPECT_EQ(counted.event, "rule.error");
  EXPECT_EQ(counted.fields.at(0).name, "repeated");
  EXPECT_EQ(counted.fields.at(0).value, "95");
}

TEST(Log, SaysAtTheEndWhatWasHeldBack) {
  FakeLogSink sink;
  Log log(sink, LogSeverity::info, [] { return kNoon; });
  for (int i = 0; i < 7; ++i) log.info("a", "b");
  log.flush_repeats();
  EXPECT_EQ(sink.lines.back().fields.at(0).value, "2");
}

TEST(Log, KeepsTrackOfABoundedNumberOfLines) {
  FakeLogSink sink;
  Log log(sink, LogSeverity::info, [] { return kNoon; });
  for (std::size_t i = 0; i < 4 * Log::kMaxTracked; ++i) log.info("a", std::to_string(i));
  EXPECT_EQ(sink.lines.size(), 4 * Log::kMaxTracked);
}

}  // namespace
}  // namespace sundial

// `sundial next` as its users see it; the corpus in tests/data/cron goes through it line by line.
#include <fstream>
#include <sstream>

#include <gtest/gtest.h>

#include "platform/json/json.hpp"
#include "tests/agent/cli/command.hpp"
#include "tests/agent/config/fake_files.hpp"

namespace sundial::cli {
namespace {

Outcome run(std::vector<std::string> arguments, const std::string& input = "",
            const std::string& configuration = "") {
  config::FakeDisk disk{{{"t.toml", configuration}}, {}};
  arguments.insert(arguments.begin(), "next");
  return run_command(arguments, input, [&](World& world) { world.files = disk.access(); });
}

// What the corpus expects of one line, compared with what was answered.
class CorpusLine {
 public:
  CorpusLine(const Value& asked, const Value& answered) : asked_(asked), answered_(answered) {}

  std::string fault() const {
    const Value* expect = asked_.find("expect");
    const Value* times = answered_.find("times");
    if (expect->text() != nullptr) return times == nullptr ? "" : "accepted: " + json::write(*times);
    if (times == nullptr) return "refused: " + json::write(*answered_.find("error"));
    const List& wanted = *expect->get_if<List>();
    const List& given = *times->get_if<List>();
    if (wanted.size() != given.size()) return "another number of times: " + json::write(*times);
    for (std::size_t i = 0; i < wanted.size(); ++i) {
      if (!fits(instant(wanted[i]), instant(given[i]),
                i + 1 < wanted.size() ? instant(wanted[i + 1]) : Instant::max())) {
        return json::write(given[i]) + " instead of " + json::write(wanted[i]);
      }
    }
    return "";
  }

 private:
  static Instant instant(const Value& text) { return parse_rfc3339(*text.text()).value(); }

  bool fits(Instant wanted, Instant given, Instant following) const {
    const Value* jitter = asked_.find("spec")->find("jitter");
    if (jitter == nullptr) return wanted == given;
    const Instant limit = std::min(wanted + parse_duration(*jitter->text()).value(), following);
    return wanted <= given && given < limit;
  }

  const Value& asked_;
  const Value& answered_;
};

TEST(NextBatch, AnswersTheWholeCorpus) {
  std::ifstream file(SUNDIAL_TEST_DATA "/cron/examples.jsonl");
  std::stringstream corpus;
  corpus << file.rdbuf();
  const Outcome outcome = run({"--batch"}, corpus.str());
  EXPECT_EQ(outcome.exit_code, kExitDone);
  std::istringstream answers(outcome.out);
  std::string line;
  std::string answer;
  int lines = 0;
  while (std::getline(corpus, line)) {
    ASSERT_TRUE(std::getline(answers, answer));
    const auto asked = json::parse(line);
    const auto answered = json::parse(answer);
    ASSERT_TRUE(asked && answered) << line;
    EXPECT_EQ(*asked->find("id"), *answered->find("id"));
    EXPECT_EQ(CorpusLine(*asked, *answered).fault(), "") << line;
    ++lines;
  }
  EXPECT_GT(lines, 2000);
}

TEST(NextBatch, AnswersEveryLineAndGoesOn) {
  const Outcome outcome =
      run({"--batch"},
          "nonsense\n"
          "\n"
          "{\"id\":7}\n"
          "{\"id\":\"a\",\"spec\":{\"cron\":\"0 9 * * *\"},\"from\":\"2026-01-01T00:00:00Z\",\"count\":1}\n"
          "{\"id\":\"b\",\"spec\":{\"cron\":\"0 9 * * *\"},\"tz\":\"europe/berlin\"}\n"
          "{\"id\":\"c\",\"spec\":{\"every\":\"5m\"}}\n");
  EXPECT_EQ(outcome.exit_code, kExitDone);
  std::istringstream answers(outcome.out);
  std::vector<std::string> lines;
  for (std::string line; std::getline(answers, line);) lines.push_back(line);
  ASSERT_EQ(lines.size(), 6U);
  EXPECT_TRUE(lines[0].starts_with("{\"id\":null,\"error\":"));
  EXPECT_TRUE(lines[2].starts_with("{\"id\":7,\"error\":"));
  EXPECT_EQ(lines[3], "{\"id\":\"a\",\"times\":[\"2026-01-01T09:00:00+01:00\"]}");
  EXPECT_NE(lines[4].find("did you mean Europe/Berlin?"), std::string::npos) << lines[4];
  EXPECT_NE(lines[5].find("a spec has no 'every'"), std::string::npos) << lines[5];
}

TEST(Next, PrintsTimesWithTheOffsetOfTheZone) {
  const Outcome outcome = run({"--cron", "30 2 * * *", "--time-zone", "America/New_York", "--from",
                               "2025-03-08T12:00:00Z", "--count", "2"});
  EXPECT_EQ(outcome.exit_code, kExitDone);
  EXPECT_EQ(outcome.out, "2025-03-09T03:00:00-04:00\n2025-03-10T02:30:00-04:00\n");
}

TEST(Next, TakesTheUnionOfSeveralStringsAndAnInterval) {
  const Outcome outcome = run({"--cron", "0 0 * * *", "--cron", "0 12 * * *", "--every", "1d", "--offset",
                               "6h", "--time-zone", "UTC", "--from", "2026-01-01T00:00:00Z", "--count", "3"});
  EXPECT_EQ(outcome.out, "2026-01-01T06:00:00Z\n2026-01-01T12:00:00Z\n2026-01-02T00:00:00Z\n");
}

TEST(Next, CountsFromNowInTheSystemsZone) {
  EXPECT_EQ(run({"--cron", "0 15 * * *", "--count", "1"}).out, "2026-11-21T15:00:00+01:00\n");
}

TEST(Next, TakesSeveralStringsAfterOneFlagToo) {
  EXPECT_EQ(run({"--cron", "0 15 * * *", "0 16 * * *", "--count", "2"}).out,
            "2026-11-21T15:00:00+01:00\n2026-11-21T16:00:00+01:00\n");
}

TEST(Next, PrintsTheTimesOfAScheduleOfTheConfiguration) {
  const std::string configuration =
      "[device]\ntime_zone = \"Europe/Berlin\"\n"
      "[schedule.backup]\ncron = \"30 2 * * *\"\ntime_zone = \"America/New_York\"\n"
      "start = { workflow = \"Backup\" }\n";
  const Outcome outcome =
      run({"--schedule", "backup", "--config", "t.toml", "--count", "1"}, "", configuration);
  EXPECT_EQ(outcome.exit_code, kExitDone) << outcome.err;
  EXPECT_EQ(outcome.out, "2026-11-22T02:30:00-05:00\n");
  EXPECT_NE(
      outcome.err.find("on 2027-03-14 the clocks of America/New_York go from 02:00 to 03:00: 02:30 is due at "
                       "03:00 instead"),
      std::string::npos)
      << outcome.err;
  const Outcome missing = run({"--schedule", "bakcup", "--config", "t.toml"}, "", configuration);
  EXPECT_EQ(missing.exit_code, kExitNotFound);
  EXPECT_NE(missing.err.find("did you mean backup?"), std::string::npos);
  EXPECT_EQ(run({"--schedule", "x", "--config", "none.toml"}, "", configuration).exit_code,
            kExitConfiguration);
}

TEST(Next, SaysWhatTheNextChangeOfTheClocksDoes) {
  const auto note = [](const char* cron, const char* dst, const char* from) {
    return run({"--cron", cron, "--dst", dst, "--time-zone", "Europe/London", "--from", from}).err;
  };
  EXPECT_NE(note("30 1 * * *", "once", "2026-06-01T00:00:00Z").find("01:30 is due the first time only"),
            std::string::npos);
  EXPECT_NE(note("30 1 * * *", "every", "2026-06-01T00:00:00Z").find("01:30 is due twice"),
            std::string::npos);
  EXPECT_NE(note("30 1 * * *", "every", "2026-12-01T00:00:00Z").find("01:30 is left out"), std::string::npos);
  EXPECT_EQ(note("30 5 * * *", "once", "2026-06-01T00:00:00Z"), "");
}

TEST(Next, WritesJson) {
  const std::vector<std::string> asked{"--every", "1h", "--count", "1", "--time-zone", "UTC", "--output"};
  auto jsonl = asked;
  jsonl.push_back("jsonl");
  EXPECT_EQ(run(jsonl).out, "{\"time\":\"2026-11-21T14:00:00Z\"}\n");
  auto pretty = asked;
  pretty.push_back("json");
  EXPECT_EQ(json::parse(run(pretty).out)->find("times")->get_if<List>()->size(), 1U);
}

TEST(Next, RefusesWithTheCodeThatSaysWhy) {
  EXPECT_EQ(run({"--cron", "60 * * * *"}).exit_code, kExitConfiguration);
  EXPECT_NE(run({"--cron", "60 * * * *"}).err.find("60 is outside 0-59"), std::string::npos);
  EXPECT_EQ(run({"--every", "90"}).exit_code, kExitConfiguration);
  EXPECT_EQ(run({}).exit_code, kExitUsage);
  EXPECT_EQ(run({"--cron", "* * * * *", "--from", "tomorrow"}).exit_code, kExitUsage);
  EXPECT_EQ(run({"--cron", "* * * * *", "--dst", "twice"}).exit_code, kExitUsage);
}

TEST(Next, SaysWhatIsOftenMisread) {
  EXPECT_NE(run({"--cron", "*/90 * * * *"}).err.find("@every 90m"), std::string::npos);
  EXPECT_NE(run({"--cron", "0 0 13 * 5"}).err.find("either matches"), std::string::npos);
}

}  // namespace
}  // namespace sundial::cli

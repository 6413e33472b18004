// `sundial replay` with schedules, and against another configuration.
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "tests/agent/cli/command.hpp"

namespace sundial::cli {
namespace {

namespace fs = std::filesystem;

class ReplayTest : public ::testing::Test {
 protected:
  void SetUp() override {
    folder_ = fs::temp_directory_path() /
              ("sundial-replay-" + std::to_string(reinterpret_cast<std::uintptr_t>(this)));
    fs::create_directories(folder_);
  }
  void TearDown() override { fs::remove_all(folder_); }

  std::string write(const std::string& name, const std::string& text) {
    std::ofstream(folder_ / name) << text;
    return folder_ / name;
  }

  int replay(std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), "replay");
    Outcome outcome = run_command(arguments, "", [](World& world) { world.system_time_zone = "UTC"; });
    out_ = std::move(outcome.out);
    err_ = std::move(outcome.err);
    return outcome.exit_code;
  }

  fs::path folder_;
  std::string out_, err_;
};

constexpr const char* kTwoMessages =
    "{\"time\":\"2026-01-01T00:01:00Z\",\"topic\":\"s/a\",\"payload\":\"{\\\"t\\\":85}\"}\n"
    "{\"time\":\"2026-01-01T00:34:00Z\",\"topic\":\"s/a\",\"payload\":\"{\\\"t\\\":95}\"}\n";

TEST_F(ReplayTest, SchedulesFireAtEachDueTimeAndTheirRunsEndAtOnce) {
  const std::string config = write("sundial.toml",
                                   "[schedule.five]\ncron = \"*/5 * * * *\"\n"
                                   "start = { workflow = \"W\", args = [\"{schedule.time}\"] }\n");
  ASSERT_EQ(replay({write("messages", kTwoMessages), "--config", config, "--schedules"}), kExitDone) << err_;
  EXPECT_EQ(std::count(out_.begin(), out_.end(), '\n'), 6) << out_;
  EXPECT_NE(out_.find(R"("id":"five-2026-01-01T00:05:00Z")"), std::string::npos) << out_;
  EXPECT_NE(out_.find(R"("id":"five-2026-01-01T00:30:00Z")"), std::string::npos) << out_;
}

TEST_F(ReplayTest, WithoutTheFlagSchedulesAreStill) {
  const std::string config = write("sundial.toml",
                                   "[schedule.five]\ncron = \"*/5 * * * *\"\n"
                                   "start = { workflow = \"W\" }\n");
  ASSERT_EQ(replay({write("messages", kTwoMessages), "--config", config}), kExitDone) << err_;
  EXPECT_EQ(out_, "");
}

TEST_F(ReplayTest, ABadScheduleIsRefusedWhetherItWouldFireOrNot) {
  const std::string config = write("sundial.toml",
                                   "[schedule.five]\ncron = \"61 * * * *\"\n"
                                   "start = { workflow = \"W\" }\n");
  EXPECT_EQ(replay({write("messages", kTwoMessages), "--config", config}), kExitConfiguration);
  EXPECT_NE(err_.find("sundial.toml:2:8: [schedule.five] cron: field 1: minute '61'"), std::string::npos)
      << err_;
}

TEST_F(ReplayTest, DiffShowsWhatTheOtherConfigurationDecides) {
  const std::string rule = "[rule.hot]\ntopic = \"s/{device}\"\nstart = { workflow = \"Hot\" }\nwhen = ";
  const std::string config = write("sundial.toml", rule + "\"payload.t > 80\"\n");
  const std::string other = write("other.toml", rule + "\"payload.t > 90\"\n");
  const std::string messages = write("messages", kTwoMessages);
  ASSERT_EQ(replay({messages, "--config", config, "--diff", other}), kExitDone) << err_;
  EXPECT_NE(out_.find("00:01:00.000Z"), std::string::npos) << out_;
  EXPECT_EQ(out_.find("00:34:00.000Z"), std::string::npos) << out_;
  ASSERT_EQ(replay({messages, "--config", config, "--diff", config}), kExitDone) << err_;
  EXPECT_EQ(out_, "");
}

}  // namespace
}  // namespace sundial::cli

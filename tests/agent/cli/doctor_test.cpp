// `sundial doctor` as its users see it.
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include <sstream>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "platform/json/json.hpp"
#include "tests/agent/cli/command.hpp"

namespace sundial::cli {
namespace {

struct Desk {
  std::map<std::string, std::string> files;
  Instant now = *parse_rfc3339("2026-11-21T13:00:00Z");
  std::vector<ConnectionTrial> trials{{"temporal", ""}};
};

Outcome run(const Desk& desk, std::vector<std::string> flags = {}) {
  flags.insert(flags.begin(), "doctor");
  return run_command(flags, "", [&desk](World& world) {
    world.environment = {{"SUNDIAL_STATE", "/tmp/sundial-no-such-state"}};
    world.now = desk.now;
    world.try_connections = [&desk](const model::Configuration&) { return desk.trials; };
    world.files.read = [&desk](const std::string& path, std::size_t) -> Result<std::string> {
      const auto found = desk.files.find(path);
      if (found == desk.files.end()) return Error(ErrorKind::not_found, "cannot be read");
      return found->second;
    };
    world.files.exists = [&desk](const std::string& path) { return desk.files.contains(path); };
    world.files.list = [](const std::string&) -> Result<std::vector<std::string>> {
      return std::vector<std::string>{};
    };
  });
}

bool has(const Outcome& outcome, const std::string& part) {
  return outcome.out.find(part) != std::string::npos;
}

TEST(Doctor, FindsNothingWrongOnAnOrderlyDesk) {
  const Outcome outcome = run(
      {.files = {{"sundial.toml", "[rule.r]\ntopic = \"a\"\n"}, {"/run/systemd/timesync/synchronized", ""}}});
  EXPECT_EQ(outcome.exit_code, kExitDone) << outcome.out;
  EXPECT_TRUE(has(outcome, "ok    configuration: sundial.toml can be loaded\n")) << outcome.out;
  EXPECT_TRUE(has(outcome, "ok    temporal: reached\n"));
  EXPECT_FALSE(has(outcome, "→"));
}

TEST(Doctor, SaysWhatToDo) {
  Desk desk{.files = {{"sundial.toml",
                       "[mqtt]\nurl = \"mqtts://b\"\nversion = 3\ntls = { verify_host = false }\n"}}};
  desk.now = *parse_rfc3339("1970-01-01T00:01:00Z");
  desk.trials = {{"temporal", "connection refused"}, {"mqtt", "not authorized"}};
  const Outcome outcome = run(desk);
  EXPECT_EQ(outcome.exit_code, kExitFailed);
  EXPECT_TRUE(has(outcome, "bad   clock: the clock says 1970-01-01T00:01:00Z\n      → ")) << outcome.out;
  EXPECT_TRUE(has(outcome, "bad   temporal: connection refused\n      → the HTTP API has a port of its own"));
  EXPECT_TRUE(has(outcome, "bad   mqtt: not authorized"));
  EXPECT_TRUE(has(outcome, "bad   mqtt: the server's certificate is not verified"));
  EXPECT_TRUE(has(outcome, "look  mqtt: MQTT 3.1.1 has no maximum packet size"));
  EXPECT_TRUE(json::parse(run(desk, {"--json"}).out));
  std::istringstream lines(run(desk, {"--output", "jsonl"}).out);
  int found = 0;
  for (std::string line; std::getline(lines, line); ++found) {
    const auto finding = json::parse(line);
    ASSERT_TRUE(finding) << line;
    EXPECT_TRUE(finding->find("subject") && finding->find("verdict") && finding->find("remedy"));
  }
  EXPECT_GE(found, 7);
}

TEST(Doctor, TellsANamespaceThatIsNotThereFromAPortThatIsClosed) {
  Desk desk;
  desk.trials = {{"temporal", "Namespace garden is not found."}};
  EXPECT_TRUE(
      has(run(desk), "bad   temporal: Namespace garden is not found.\n      → give [temporal] namespace"));
}

TEST(Doctor, ShowsInRedWhatIsBadOnATerminal) {
  const std::string file = "[mqtt]\nurl = \"mqtts://b\"\ntls = { verify_host = false }\n";
  const auto shown = [&file](const std::vector<std::string>& words) {
    return run_command(words, "",
                       [&file](World& world) {
                         world.terminal = {80, true};
                         world.files.read = [file](const std::string& path,
                                                   std::size_t) -> Result<std::string> {
                           if (path == "sundial.toml") return file;
                           return Error(ErrorKind::not_found, "cannot be read");
                         };
                         world.files.exists = [](const std::string& path) { return path == "sundial.toml"; };
                         world.files.list = [](const std::string&) -> Result<std::vector<std::string>> {
                           return std::vector<std::string>{};
                         };
                       })
        .out;
  };
  const std::string red = "\033[1;31mbad   mqtt: the server's certificate is not verified\033[0m\n";
  EXPECT_NE(shown({"doctor"}).find(red), std::string::npos) << shown({"doctor"});
  EXPECT_NE(shown({"check"}).find("\033[1;31mmqtt tls"), std::string::npos) << shown({"check"});
  EXPECT_EQ(shown({"doctor", "--no-color"}).find('\033'), std::string::npos);
  EXPECT_EQ(shown({"check", "--no-color"}).find('\033'), std::string::npos);
}

TEST(Doctor, ComparesClocksAndLooksAtSessions) {
  Desk desk{.files = {{"sundial.toml", "[mqtt]\nurl = \"mqtt://b\"\nsession_expiry = \"0s\"\n"}}};
  desk.trials = {{"temporal", "", Millis{-90'000}}, {"mqtt", "", {}}};
  const Outcome outcome = run(desk);
  EXPECT_TRUE(has(outcome, "look  clock: temporal is 1m30s behind this device")) << outcome.out;
  EXPECT_TRUE(has(outcome, "look  mqtt: session_expiry is 0s"));
  desk.trials = {{"temporal", "", Millis{900}}};
  EXPECT_TRUE(has(run(desk), "ok    clock: agrees with that of temporal"));
}

TEST(Doctor, TriesToWriteTheStateAndReadsTheDisksWear) {
  struct stat status {};
  ASSERT_EQ(stat(testing::TempDir().c_str(), &status), 0);
  const std::string disk =
      fmt::format("/sys/dev/block/{}:{}/../device/life_time", major(status.st_dev), minor(status.st_dev));
  Desk desk{.files = {{"sundial.toml", ""}, {disk, "0x02 0x09\n"}}};
  const Outcome outcome = run(desk, {"--state", testing::TempDir().c_str()});
  EXPECT_TRUE(has(outcome, " can be written")) << outcome.out;
  EXPECT_TRUE(has(outcome, "look  disk: has used up to 90 % of its life"));
  const Outcome refused = run({.files = {{"sundial.toml", ""}}}, {"--state", "/proc"});
  EXPECT_TRUE(has(refused, "bad   state: /proc can't be written")) << refused.out;
  EXPECT_TRUE(has(refused, "ok    disk: tells nothing of its wear"));
}

TEST(Doctor, PointsAtMistakesInTheConfiguration) {
  const Outcome outcome = run({.files = {{"sundial.toml", "[rule.r]\ntopik = \"a\"\n"}}});
  EXPECT_EQ(outcome.exit_code, kExitConfiguration);
  EXPECT_TRUE(has(outcome, "bad   configuration: sundial.toml:2:1: [rule.r] topik: unknown key"));
}

}  // namespace
}  // namespace sundial::cli

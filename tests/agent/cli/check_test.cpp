// `sundial check` as its users see it.
#include <chrono>
#include <filesystem>
#include <fstream>
#include <sstream>

#include <gtest/gtest.h>

#include "platform/json/json.hpp"
#include "tests/agent/cli/command.hpp"

namespace sundial::cli {
namespace {

namespace fs = std::filesystem;

// A folder of its own for each test, gone at its end.
class CheckVerb : public testing::Test {
 protected:
  CheckVerb()
      : folder_(fs::temp_directory_path() /
                ("sundial-check-" +
                 std::to_string(std::chrono::steady_clock::now().time_since_epoch().count()))) {
    fs::create_directories(folder_);
  }
  ~CheckVerb() override { fs::remove_all(folder_); }

  std::string write(const std::string& name, const std::string& text) {
    const fs::path path = folder_ / name;
    std::ofstream(path, std::ios::binary) << text;
    fs::permissions(path, fs::perms::owner_read | fs::perms::owner_write);
    return path.string();
  }

  int run(std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), "check");
    Outcome outcome = run_command(arguments, "", [this](World& world) {
      world.environment = environment;
      world.try_connections = try_connections;
    });
    out_ = std::move(outcome.out);
    err_ = std::move(outcome.err);
    return outcome.exit_code;
  }

  std::map<std::string, std::string> environment{{"INVOCATION_ID", "as under systemd: no ./.env"}};
  std::function<std::vector<ConnectionTrial>(const model::Configuration&)> try_connections;
  fs::path folder_;
  std::string out_;
  std::string err_;
};

TEST_F(CheckVerb, MasksSecretsInTheSummary) {
  write("key", "eyJhbGciOiJIUzI1NiIsInR5cCI6\n");
  write("password", "hunter2hunter2");
  const std::string config =
      write("sundial.toml",
            "[temporal]\napi_key_file = \"key\"\nnamespace = \"site\"\n"
            "[mqtt]\nurl = \"mqtt://b:1\"\nusername = \"u\"\npassword_file = \"password\"\n");
  ASSERT_EQ(run({"--config", config}), kExitDone) << err_;
  EXPECT_NE(out_.find("temporal authentication  API key eyJhbGci…\n"), std::string::npos) << out_;
  EXPECT_NE(out_.find("mqtt://b:1"), std::string::npos);
  EXPECT_EQ(out_.find("OiJI"), std::string::npos);
  EXPECT_EQ(out_.find("hunter"), std::string::npos);
  ASSERT_EQ(run({"--config", config, "--json"}), kExitDone);
  const auto json = json::parse(out_);
  ASSERT_TRUE(json);
  EXPECT_EQ(*json->find("temporal")->find("namespace")->text(), "site");
}

TEST_F(CheckVerb, PrintsEveryProblemAndExitsWith78) {
  const std::string config = write("sundial.toml",
                                   "[rule.r]\ntopic = \"a\"\npublish = { topic = \"b\", payload = \"c\" }\n"
                                   "topik = \"a\"\n[device]\nname = 5\n");
  EXPECT_EQ(run({"--config", config}), kExitConfiguration);
  EXPECT_EQ(err_, config + ":4:1: [rule.r] topik: unknown key; did you mean topic?\n" + config +
                      ":6:8: [device] name: expected a string, not an integer\n");
  EXPECT_EQ(out_, "");
  EXPECT_EQ(run({"--config", config, "--json"}), kExitConfiguration);
  EXPECT_EQ(json::parse(out_)->find("problems")->get_if<List>()->size(), 2U);
}

TEST_F(CheckVerb, RefusesBadFilesWithOneLine) {
  EXPECT_EQ(run({"--config", folder_.string()}), kExitConfiguration);
  EXPECT_EQ(err_, folder_.string() + ": is a folder, not a file\n");
  EXPECT_EQ(run({"--config", (folder_ / "none").string()}), kExitConfiguration);
  EXPECT_EQ(err_, (folder_ / "none").string() + ": cannot be read: No such file or directory\n");
  const std::string huge = write("huge", std::string(16 * 1024 * 1024 + 1, '#'));
  EXPECT_EQ(run({"--config", huge}), kExitConfiguration);
  EXPECT_EQ(err_, huge + ": is larger than 16384 KiB\n");
}

TEST_F(CheckVerb, ReadsTheEnvironmentFile) {
  const std::string config = write("sundial.toml", "[device]\nname = \"${ROOM}\"\n");
  EXPECT_EQ(run({"--config", config}), kExitConfiguration);
  EXPECT_EQ(run({"--config", config, "--env-file", write("env", "ROOM=hall\n")}), kExitDone);
  EXPECT_NE(out_.find("hall"), std::string::npos);
}

TEST_F(CheckVerb, TriesTheConnectionsWhenAsked) {
  const std::string config = write("sundial.toml", "[device]\nname = \"x\"\n");
  try_connections = [](const model::Configuration&) {
    return std::vector<ConnectionTrial>{{"temporal", ""}, {"mqtt", "connection refused"}};
  };
  EXPECT_EQ(run({"--config", config}), kExitDone);
  EXPECT_EQ(run({"--config", config, "--connect"}), kExitUnreachable);
  EXPECT_NE(out_.find("connect temporal         reached"), std::string::npos) << out_;
  EXPECT_NE(out_.find("connection refused"), std::string::npos);
}

}  // namespace
}  // namespace sundial::cli

// The verbs that talk to the agent, over the real routes and a fake agent, without a socket.
#include <gtest/gtest.h>

#include <sstream>

#include "platform/base/text.hpp"
#include "tests/agent/api/surface.hpp"
#include "tests/agent/cli/command.hpp"

namespace sundial::cli {
namespace {

class InProcessClient final : public AgentClient {
 public:
  explicit InProcessClient(api::Surface& surface) : surface_(surface) {}

  Result<AgentReply> call(const std::string& method, const std::string& target,
                          const std::string& body) override {
    const auto given = surface_.ask(method, target, body);
    return AgentReply{given->response.status, given->response.body};
  }
  Result<AgentReply> follow(const std::string&, const std::function<bool(std::string_view)>& heard) override {
    heard(
        R"({"time":"2026-01-01T00:00:00.000Z","origin":"rule","id":"r","key":"","what":"fired","reason":"","detail":""})");
    return AgentReply{200, ""};
  }

 private:
  api::Surface& surface_;
};

class AgentVerbs : public testing::Test {
 protected:
  int run(const std::vector<std::string>& words) {
    Outcome outcome = run_command(words, "", [this](World& world) {
      world.environment = environment;
      world.now = surface.agent.moment.wall;
      world.system_time_zone = "UTC";
      world.terminal = terminal;
      world.connect_agent = [this](const AgentAddress& address) -> Result<std::unique_ptr<AgentClient>> {
        called = address;
        if (!reachable) return Error(ErrorKind::unavailable, "nobody is there");
        return std::unique_ptr<AgentClient>(std::make_unique<InProcessClient>(surface));
      };
    });
    out_ = std::move(outcome.out);
    err_ = std::move(outcome.err);
    return outcome.exit_code;
  }

  api::Surface surface;
  Terminal terminal{};
  std::map<std::string, std::string> environment{{"INVOCATION_ID", "as under systemd: no ./.env"}};
  AgentAddress called;
  bool reachable = true;
  std::string out_, err_;
};

TEST_F(AgentVerbs, TheAddressIsFoundByItsPrecedence) {
  EXPECT_EQ(run({"status"}), kExitDone);
  EXPECT_EQ(called.url, "http://127.0.0.1:8000");
  environment["SUNDIAL_LISTEN"] = "0.0.0.0:9000";
  environment["SUNDIAL_TOKEN"] = "secret";
  EXPECT_EQ(run({"status"}), kExitDone);
  EXPECT_EQ(called.url, "http://127.0.0.1:9000");
  EXPECT_EQ(called.token, "secret");
  EXPECT_EQ(run({"status", "--server", "https://pi:1/"}), kExitDone);
  EXPECT_EQ(called.url, "https://pi:1");
}

TEST_F(AgentVerbs, SchedulesTakeTemporalsFlags) {
  EXPECT_EQ(run({"schedule",         "create",
                 "--schedule-id",    "s",
                 "--interval",       "90s/15s",
                 "--type",           "W",
                 "--task-queue",     "q",
                 "--workflow-id",    "w",
                 "--input",          "{\"n\":21.0}",
                 "--input",          "\"a\"",
                 "--overlap-policy", "BufferOne",
                 "--catchup-window", "5m",
                 "--notes",          "n"}),
            kExitDone)
      << err_;
  EXPECT_EQ(surface.agent.commands.at(0).definition_json,
            R"({"every":"90s","offset":"15s","catch_up":"5m","overlap":"buffer_one","note":"n",)"
            R"("start":{"workflow":"W","task_queue":"q","id":"w-{schedule.time}","args":[{"n":21.0},"a"]}})");
  EXPECT_EQ(run({"schedule", "update", "--schedule-id", "s", "--input", "1"}), kExitDone) << err_;
  const Value changed = *json::parse(surface.agent.commands.at(1).definition_json);
  EXPECT_EQ(json::write(*changed.find("start")),
            R"({"workflow":"W","task_queue":"q","id":"w-{schedule.time}","args":[1]})");
  EXPECT_EQ(*changed.find("every")->text(), "90s");
  EXPECT_EQ(run({"schedule", "pause", "--schedule-id", "s", "--note", "why"}), kExitDone);
  EXPECT_EQ(surface.agent.commands.at(2).note, "why");
  EXPECT_EQ(run({"schedule", "list"}), kExitDone);
  EXPECT_NE(out_.find("every 90s"), std::string::npos);
  EXPECT_EQ(run({"schedule", "delete", "--schedule-id", "s"}), kExitDone);
  EXPECT_EQ(run({"schedule", "describe", "--schedule-id", "s"}), kExitNotFound);
}

TEST_F(AgentVerbs, WhatIsNoScheduleIsAUsageError) {
  EXPECT_EQ(run({"schedule", "create", "--schedule-id", "s", "--interval", "90", "--type", "W"}), kExitUsage);
  EXPECT_NE(err_.find("unit"), std::string::npos);
  EXPECT_EQ(run({"schedule", "create", "--schedule-id", "s", "--cron", "@daily"}), kExitUsage);
  EXPECT_EQ(
      run({"schedule", "create", "--schedule-id", "s", "--cron", "@daily", "--type", "W", "--input", "{"}),
      kExitUsage);
  EXPECT_EQ(run({"schedule", "trigger", "--schedule-id", "s", "--overlap-policy", "no"}), kExitUsage);
  EXPECT_EQ(run({"schedule", "frobnicate"}), kExitUsage);
  EXPECT_EQ(run({"schedule", "create", "--schedule-id", "s", "--type", "W"}), kExitUsage);
  EXPECT_NE(err_.find("--cron, --interval or --calendar"), std::string::npos) << err_;
  EXPECT_EQ(run({"schedule", "create", "--schedule-id", "a/b", "--cron", "@daily", "--type", "W"}),
            kExitUsage);
}

TEST_F(AgentVerbs, ABackfillIsWaitedFor) {
  ASSERT_EQ(run({"schedule", "create", "-s", "s", "--cron", "@daily", "--type", "W"}), kExitDone) << err_;
  const std::vector<std::string> backfill{"schedule",     "backfill",
                                          "-s",           "s",
                                          "--start-time", "2026-01-01T00:00:00Z",
                                          "--end-time",   "2026-01-03T00:00:00Z",
                                          "--wait",       "--timeout",
                                          "1ms"};
  surface.agent.state.outbox.entries = 3;
  EXPECT_EQ(run(backfill), kExitFailed);
  EXPECT_NE(err_.find("3 still waiting"), std::string::npos) << err_;
  int asked = 0;
  surface.agent.asked_status = [&] {
    ++asked;
    surface.agent.state.outbox.entries = asked < 2 ? 1 : 0;
  };
  EXPECT_EQ(run({backfill.begin(), backfill.end() - 2}), kExitDone) << err_;
  EXPECT_EQ(asked, 2);
  EXPECT_NE(out_.find("schedule s is backfilled"), std::string::npos) << out_;
}

TEST_F(AgentVerbs, WhatIsTypedWronglyIsAUsageErrorAndAFileThatIsNotThereOneOfConfiguration) {
  model::RuleDefinition rule;
  rule.id = "r1";
  surface.agent.settings.rules.push_back(rule);
  EXPECT_EQ(run({"explain", "r1", "--at", "noon"}), kExitUsage);
  EXPECT_NE(err_.find("'noon' is not a time"), std::string::npos) << err_;
  EXPECT_EQ(run({"events", "--until", "noon"}), kExitUsage);
  EXPECT_EQ(run({"status", "--token-file", "/no/such/token"}), kExitConfiguration);
}

TEST_F(AgentVerbs, TheOutboxIsShownAndChanged) {
  StoredRecord dead;
  dead.record.number = 4;
  dead.record.action = api::object({{"id", "w"}});
  dead.state = RecordState::dead;
  surface.agent.stored.push_back(dead);
  EXPECT_EQ(run({"outbox", "list", "--output", "jsonl"}), kExitDone);
  EXPECT_TRUE(out_.starts_with("{\"number\":4,\"state\":\"dead\""));
  EXPECT_EQ(run({"outbox", "show", "9"}), kExitNotFound);
  EXPECT_EQ(run({"outbox", "edit", "4", "--action", "{\"id\":\"v\"}"}), kExitDone) << err_;
  EXPECT_EQ(*surface.agent.stored[0].record.action.find("id")->text(), "v");
  EXPECT_EQ(run({"outbox", "retry"}), kExitUsage);
  EXPECT_EQ(run({"outbox", "retry", "--all-dead"}), kExitDone);
  EXPECT_EQ(surface.agent.retried, std::vector<std::uint64_t>{4});
  surface.agent.state.outbox.entries = 2;
  EXPECT_EQ(run({"outbox", "drain"}), kExitFailed);
  EXPECT_EQ(run({"outbox", "drain", "--wait", "--timeout", "10ms"}), kExitFailed);
  surface.agent.state.outbox.entries = 0;
  EXPECT_EQ(run({"outbox", "drain", "--wait"}), kExitDone);
}

TEST_F(AgentVerbs, ExplainTellsTheLedgerOfARuleOrSchedule) {
  model::RuleDefinition rule;
  rule.id = "r1";
  surface.agent.settings.rules.push_back(rule);
  EXPECT_EQ(run({"explain", "r1"}), kExitDone);
  EXPECT_NE(out_.find("nothing has been decided"), std::string::npos);
  surface.agent.decide("r1");
  EXPECT_EQ(run({"explain", "r1"}), kExitDone);
  EXPECT_NE(out_.find("rule r1: fired"), std::string::npos);
  EXPECT_EQ(run({"explain", "nobody"}), kExitNotFound);
  EXPECT_EQ(run({"events", "--follow"}), kExitDone);
  EXPECT_NE(out_.find("rule r: fired"), std::string::npos);
}

TEST_F(AgentVerbs, DurableWorkflowVerbsGoIntoTheOutbox) {
  ASSERT_EQ(run({"workflow", "start", "--durable", "--type", "W", "--workflow-id", "w", "--input", "1"}),
            kExitDone)
      << err_;
  EXPECT_EQ(surface.agent.calls.at(0).kind, model::ActionKind::start);
  EXPECT_EQ(*surface.agent.calls.at(0).action.find("id")->text(), "w");
  EXPECT_EQ(*surface.agent.calls.at(0).action.find("workflow")->text(), "W");
  ASSERT_EQ(run({"workflow", "signal", "--durable", "-w", "w", "--type", "a b"}), kExitDone) << err_;
  EXPECT_EQ(surface.agent.calls.at(1).kind, model::ActionKind::signal);
  EXPECT_EQ(*surface.agent.calls.at(1).action.find("name")->text(), "a b");
  ASSERT_EQ(
      run({"workflow", "signal-with-start", "--durable", "-w", "w", "--type", "W", "--signal-name", "s"}),
      kExitDone)
      << err_;
  ASSERT_EQ(run({"workflow", "cancel", "--durable", "-w", "w", "--reason", "why"}), kExitDone) << err_;
  ASSERT_EQ(run({"workflow", "terminate", "--durable", "-w", "w"}), kExitDone) << err_;
  EXPECT_EQ(surface.agent.calls.at(2).kind, model::ActionKind::signal_with_start);
  EXPECT_EQ(surface.agent.calls.at(3).kind, model::ActionKind::cancel);
  EXPECT_EQ(surface.agent.calls.at(4).kind, model::ActionKind::terminate);
  EXPECT_EQ(run({"workflow", "cancel", "--durable", "-w", "w", "--run-id", "r"}), kExitUsage);
  EXPECT_EQ(run({"workflow", "query", "--durable", "-w", "w", "--name", "q"}), kExitUsage);
  EXPECT_EQ(surface.agent.calls.size(), 5u);
}

TEST_F(AgentVerbs, NothingIsDoneOnAnotherServerThanTheCloudThatWasNamed) {
  environment["TEMPORAL_HTTP_ADDRESS"] = "http://localhost:7243";
  EXPECT_EQ(run({"workflow", "list", "--address", "a.b.tmprl.cloud:7233"}), kExitConfiguration);
  EXPECT_NE(err_.find("Temporal Cloud"), std::string::npos) << err_;
}

TEST_F(AgentVerbs, AWorkflowIdThatCannotBeAddressedIsAUsageError) {
  for (const std::string& id :
       {std::string("a/b"), std::string(1001, 'a'), std::string("\xff"), std::string()}) {
    EXPECT_EQ(run({"workflow", "describe", "--workflow-id", id}), kExitUsage) << id;
    EXPECT_FALSE(err_.empty());
  }
}

TEST_F(AgentVerbs, TablesFitTheTerminalAndItsColours) {
  surface.agent.schedule_documents.emplace_back(
      api::object({{"id", std::string(50, 'a')}, {"cron", std::string(50, 'b')}, {"source", "api"}}));
  terminal = {60, true};
  ASSERT_EQ(run({"schedule", "list"}), kExitDone) << err_;
  EXPECT_TRUE(out_.starts_with("\033[1m")) << out_;
  std::istringstream lines(out_);
  std::getline(lines, err_);  // the heading, with its colour
  for (std::string line; std::getline(lines, line);) EXPECT_LE(code_points(line), 60U) << line;
  run({"schedule", "list", "--no-color"});
  EXPECT_EQ(out_.find('\033'), std::string::npos);
  terminal = {};
  run({"schedule", "list"});
  EXPECT_NE(out_.find(std::string(50, 'a')), std::string::npos);
}

TEST_F(AgentVerbs, OutputHasItsForms) {
  surface.agent.state.device = "pi\x1b[31m";
  EXPECT_EQ(run({"status"}), kExitDone);
  EXPECT_EQ(out_.find('\x1b'), std::string::npos);
  EXPECT_EQ(run({"status", "--json"}), kExitDone);
  EXPECT_TRUE(json::parse(out_));
  EXPECT_EQ(run({"reload", "--output", "jsonl"}), kExitDone);
  EXPECT_EQ(out_, "{\"changed\":[\"rule.a\"]}\n");
  EXPECT_EQ(run({"status", "--output", "xml"}), kExitUsage);
  EXPECT_EQ(run({"version"}), kExitDone);
  const std::string version = out_;
  EXPECT_EQ(run({"--version"}), kExitDone);
  EXPECT_EQ(out_, version);
  EXPECT_EQ(run({"version", "--json"}), kExitDone);
  EXPECT_TRUE(json::parse(out_)->find("version"));
}

TEST_F(AgentVerbs, StatusTellsWhatADiskBears) {
  surface.agent.state.store.written_bytes_today = 5;
  EXPECT_EQ(run({"status"}), kExitDone);
  EXPECT_NE(out_.find("written    5 bytes today\n"), std::string::npos) << out_;
  surface.agent.state.store.written_bytes_a_day = 100'000'000;
  surface.disk_bytes = 32'000'000'000;
  EXPECT_EQ(run({"status"}), kExitDone);
  EXPECT_NE(out_.find("about 100000000 a day; a cheap card would last 43.8 years"), std::string::npos)
      << out_;
}

}  // namespace
}  // namespace sundial::cli

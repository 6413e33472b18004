// The root paths: bodies and codes that callers of the lab's service rely on.
#include <gtest/gtest.h>

#include "platform/base/text.hpp"
#include "platform/crypto/crypto.hpp"
#include "tests/agent/api/surface.hpp"

namespace sundial::api {
namespace {

class Lab : public testing::Test {
 protected:
  Surface surface;
  FakeAgent& agent = surface.agent;
};

TEST_F(Lab, TriggerStartsTheWorkflowOfHttp) {
  EXPECT_EQ(surface.say("POST", "/trigger-workflow/job-1"),
            R"(200 {"workflow_id":"job-1","status":"started"})");
  ASSERT_EQ(agent.calls.size(), 1U);
  EXPECT_EQ(agent.calls[0].kind, model::ActionKind::start);
  EXPECT_EQ(
      json::write(Value(agent.calls[0].action)),
      R"({"workflow":"CronWorkflow","id":"job-1","task_queue":"lab6-queue","args":["HTTP Triggered"]})");
  surface.say("POST", "/trigger-workflow/job-2?name=a+b%20%C3%A9");
  EXPECT_EQ(json::write(*agent.calls[1].action.find("args")), "[\"a b \xc3\xa9\"]");
}

TEST_F(Lab, TriggerSaysQueuedAndAlreadyRunning) {
  agent.outcome.reset();
  EXPECT_EQ(surface.say("POST", "/trigger-workflow/job"), R"(202 {"workflow_id":"job","status":"queued"})");
  EXPECT_EQ(agent.last_wait, Millis{10'000});
  agent.outcome = answer_of(DeliveryOutcome::already_running, "run x has it");
  const auto given = surface.ask("POST", "/trigger-workflow/job");
  EXPECT_EQ(given->response.status, 400);
  EXPECT_EQ(*given->json().find("detail")->text(), "the workflow is already running");
}

TEST_F(Lab, AnAnswerMayComeLater) {
  agent.hold_submissions = true;
  const auto given = surface.ask("POST", "/trigger-workflow/job");
  EXPECT_FALSE(given->answered);
  agent.held.at(0)(Submission{1, "", answer_of(DeliveryOutcome::done)});
  EXPECT_EQ(given->response.status, 200);
}

TEST_F(Lab, ASlashInAnIdIs400WithTheReason) {
  for (const char* target :
       {"/trigger-workflow/a%2Fb", "/trigger-workflow/a/b", "/signal-workflow/a%2Fb?message=x",
        "/stop-workflow/a%2Fb", "/workflow-result/a%2Fb"}) {
    const char* method = std::string_view(target).starts_with("/workflow-result") ? "GET" : "POST";
    const auto given = surface.ask(method, target);
    EXPECT_EQ(given->response.status, 400) << target;
    EXPECT_NE(given->response.body.find("slash"), std::string::npos);
  }
}

TEST_F(Lab, SignalsAndStops) {
  EXPECT_EQ(surface.say("POST", "/signal-workflow/job?message=hi"),
            R"(200 {"workflow_id":"job","signal":"sent","message":"hi"})");
  EXPECT_EQ(json::write(Value(agent.calls[0].action)), R"({"id":"job","name":"add_message","args":["hi"]})");
  EXPECT_EQ(surface.say("POST", "/stop-workflow/job"), R"(200 {"workflow_id":"job","signal":"stop sent"})");
  EXPECT_EQ(json::write(Value(agent.calls[1].action)), R"({"id":"job","name":"stop_processing","args":[]})");
  EXPECT_EQ(surface.ask("POST", "/signal-workflow/job")->response.status, 400);
  agent.outcome.reset();
  const auto queued = surface.ask("POST", "/signal-workflow/job?message=hi");
  EXPECT_EQ(queued->response.status, 202);
  EXPECT_EQ(*queued->json().find("status")->text(), "queued");
}

TEST_F(Lab, ASignalToAnUnknownWorkflowIs404) {
  agent.outcome = answer_of(DeliveryOutcome::dead, "workflow not found", ErrorKind::not_found);
  const auto given = surface.ask("POST", "/signal-workflow/job?message=hi");
  EXPECT_EQ(given->response.status, 404);
  EXPECT_EQ(
      json::write(given->json()),
      R"({"error":{"code":404,"message":"workflow not found","type":"not_found","cause":null},"detail":"workflow not found"})");
}

TEST_F(Lab, AFullStoreIs503WithRetryAfter) {
  agent.store_full = true;
  const auto given = surface.ask("POST", "/trigger-workflow/job");
  EXPECT_EQ(given->response.status, 503);
  EXPECT_EQ(given->header("Retry-After"), "5");
}

TEST_F(Lab, MakesAndDeletesSchedules) {
  EXPECT_EQ(
      surface.say("POST",
                  "/schedule-workflow/nightly?cron=0+3+*+*+*&time_zone=Europe/Berlin&paused=true&note=n"),
      R"(200 {"schedule_id":"nightly","cron":"0 3 * * *","status":"scheduled"})");
  const model::ScheduleDefinition& definition = *agent.commands.at(0).definition;
  EXPECT_EQ(definition.overlap, model::Overlap::allow_all);
  EXPECT_EQ(definition.crons.at(0).text, "0 3 * * *");
  EXPECT_TRUE(definition.paused);
  EXPECT_EQ(surface.ask("POST", "/schedule-workflow/nightly")->response.status, 400);
  EXPECT_EQ(surface.say("DELETE", "/schedule-workflow/nightly"),
            R"(200 {"schedule_id":"nightly","status":"deleted"})");
  EXPECT_EQ(surface.ask("DELETE", "/schedule-workflow/nightly")->response.status, 404);
  agent.schedule_documents.emplace_back(object({{"id", "filed"}, {"source", "file"}}));
  EXPECT_EQ(surface.ask("DELETE", "/schedule-workflow/filed")->response.status, 400);
}

TEST_F(Lab, WaitsForAResult) {
  const auto given = surface.ask("GET", "/workflow-result/job?wait=5s");
  EXPECT_FALSE(given->answered);
  surface.loop.run_for(std::chrono::seconds{2});
  EXPECT_FALSE(given->answered);
  agent.result = {"completed", object({{"n", 5}}), {}};
  surface.loop.run_for(std::chrono::seconds{2});
  ASSERT_TRUE(given->answered);
  EXPECT_EQ(given->response.body, "{\"n\":5}\n");
}

TEST_F(Lab, ManyWaitersForOneWorkflowAskOnce) {
  std::vector<std::shared_ptr<Given>> all;
  for (int i = 0; i < 200; ++i) all.push_back(surface.ask("GET", "/workflow-result/job?wait=3s"));
  surface.loop.run_for(std::chrono::seconds{4});
  for (const auto& given : all) EXPECT_EQ(given->response.status, 202);
  EXPECT_EQ(all[0]->response.body, "{\"workflow_id\":\"job\",\"status\":\"running\"}\n");
  EXPECT_LT(agent.result_questions, 20);
}

TEST_F(Lab, AFailedWorkflowIs404WithItsCause) {
  agent.result = {"failed", {}, object({{"message", "boom"}})};
  const auto given = surface.ask("GET", "/workflow-result/job");
  EXPECT_EQ(given->response.status, 404);
  EXPECT_EQ(*given->json().find("error")->find("cause")->find("message")->text(), "boom");
  EXPECT_EQ(surface.ask("GET", "/workflow-result/unknown")->response.status, 404);
}

TEST_F(Lab, AnOldWebhookIsARecording) {
  Surface signed_hook({}, {{"github", "s"}});
  HttpRequest call = signed_hook.request("POST", "/webhook/github", "{}");
  call.headers.emplace_back("x-hub-signature-256", "sha256=" + hex_encode(crypto::hmac_sha256("s", "{}")));
  const auto sent_at = [&](std::chrono::seconds ago) {
    HttpRequest timed = call;
    const auto at = std::chrono::floor<std::chrono::seconds>(signed_hook.loop.now().wall - ago);
    timed.headers.emplace_back("webhook-timestamp", std::to_string(at.time_since_epoch().count()));
    return signed_hook.ask(timed)->response.status;
  };
  EXPECT_EQ(sent_at(std::chrono::seconds{10}), 200);
  EXPECT_EQ(sent_at(std::chrono::seconds{400}), 401);
  EXPECT_EQ(sent_at(std::chrono::seconds{-400}), 401);
  call.headers.emplace_back("webhook-timestamp", "yesterday");
  EXPECT_EQ(signed_hook.ask(call)->response.status, 401);
}

TEST_F(Lab, GithubPushesNeedNoRule) {
  const std::string push = R"({"action":"push","repository":{"name":"site"}})";
  EXPECT_EQ(surface.say("POST", "/webhook/github", push), R"(200 {"status":"processed"})");
  ASSERT_EQ(agent.calls.size(), 1U);
  EXPECT_EQ(
      json::write(Value(agent.calls[0].action)),
      R"({"workflow":"CronWorkflow","id":"deploy-site","task_queue":"lab6-queue","args":["Deploy site"]})");
  EXPECT_EQ(surface.say("POST", "/webhook/github", R"({"action":"ping"})"), R"(200 {"status":"processed"})");
  EXPECT_EQ(agent.calls.size(), 1U);
  EXPECT_EQ(surface.ask("POST", "/webhook/github", R"({"action":"push"})")->response.status, 400);
  EXPECT_EQ(surface.ask("POST", "/webhook/other", "{}")->response.status, 404);
  HttpRequest real = surface.request("POST", "/webhook/github", R"({"repository":{"name":"site"}})");
  real.headers.emplace_back("x-github-event", "push");
  EXPECT_EQ(surface.ask(real)->response.status, 200);
  EXPECT_EQ(agent.calls.size(), 2U);
}

TEST_F(Lab, GithubsJsonMayComeInAForm) {
  model::RuleDefinition rule;
  rule.webhook = model::Text{"github", {}};
  agent.settings.rules.push_back(rule);
  HttpRequest form = surface.request("POST", "/webhook/github",
                                     "payload=%7B%22repository%22%3A%7B%22name%22%3A%22a+b%22%7D%7D&x=1");
  form.headers.emplace_back("x-github-event", "push");
  form.headers.emplace_back("content-type", "application/x-www-form-urlencoded");
  EXPECT_EQ(surface.ask(form)->response.status, 200);
  ASSERT_EQ(agent.calls.size(), 1U);
  EXPECT_EQ(*agent.calls[0].action.find("id")->text(), "deploy-a b");
  ASSERT_EQ(agent.accepted.size(), 1U);
  EXPECT_EQ(agent.accepted[0].payload, R"({"repository":{"name":"a b"}})");
}

TEST_F(Lab, ARuleHearsItsWebhook) {
  model::RuleDefinition rule;
  rule.webhook = model::Text{"door", {}};
  agent.settings.rules.push_back(rule);
  EXPECT_EQ(surface.say("POST", "/webhook/door", "open"), R"(200 {"status":"processed"})");
  ASSERT_EQ(agent.accepted.size(), 1U);
  EXPECT_TRUE(agent.accepted[0].webhook);
  EXPECT_EQ(agent.accepted[0].topic, "door");
  EXPECT_EQ(agent.accepted[0].payload, "open");
}

TEST(Webhook, ASecretWantsTheSignature) {
  Surface surface({.tokens = *parse_tokens("secret-token")}, {{"github", "It's a Secret to Everybody"}});
  // The pair of GitHub's own documentation.
  HttpRequest request = surface.request("POST", "/webhook/github", "Hello, World!");
  EXPECT_EQ(surface.ask(request)->response.status, 401);
  request.headers.emplace_back("x-hub-signature-256",
                               "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17");
  EXPECT_EQ(surface.ask(request)->response.status, 400);  // let in; the body is no JSON
  request.body += "!";
  EXPECT_EQ(surface.ask(request)->response.status, 401);
}

}  // namespace
}  // namespace sundial::api

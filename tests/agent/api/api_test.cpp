// The calls under /api/v1 and beside it.
#include "agent/api/api.hpp"

#include <gtest/gtest.h>

#include "agent/api/openapi.hpp"
#include "tests/agent/api/surface.hpp"

namespace sundial::api {
namespace {

class ApiTest : public testing::Test {
 protected:
  Surface surface;
  FakeAgent& agent = surface.agent;
};

TEST_F(ApiTest, EveryAnswerHasItsHeaders) {
  for (const char* target : {"/healthz", "/nothing", "/", "/api/v1/status"}) {
    const auto given = surface.ask("GET", target);
    EXPECT_EQ(given->header("X-Content-Type-Options"), "nosniff") << target;
    EXPECT_FALSE(given->header("X-Request-Id").empty()) << target;
  }
  HttpRequest named = surface.request("GET", "/healthz");
  named.headers.emplace_back("x-request-id", "mine");
  EXPECT_EQ(surface.ask(named)->header("X-Request-Id"), "mine");
  const std::string policy = surface.ask("GET", "/")->header("Content-Security-Policy");
  EXPECT_NE(policy.find("frame-ancestors 'none'"), std::string::npos);
  EXPECT_EQ(policy.find("unsafe-inline"), std::string::npos);
}

TEST_F(ApiTest, TheWrongMethodNamesTheRightOnes) {
  const auto given = surface.ask("DELETE", "/api/v1/schedules");
  EXPECT_EQ(given->response.status, 405);
  EXPECT_EQ(given->header("Allow"), "GET, POST");
  EXPECT_EQ(surface.ask("HEAD", "/healthz")->response.status, 200);
}

TEST_F(ApiTest, StatusHoldsWhatTheReferenceNames) {
  agent.state.outbox = {3, 300, Millis{12'345}, 1};
  const Value status = surface.ask("GET", "/api/v1/status")->json();
  for (const char* name : {"version", "ready", "uptime_seconds", "mqtt", "temporal", "clock", "outbox",
                           "store", "rules", "schedules"}) {
    EXPECT_NE(status.find(name), nullptr) << name;
  }
  EXPECT_EQ(json::write(*status.find("outbox")), R"({"entries":3,"bytes":300,"oldest_seconds":12,"dead":1})");
}

TEST_F(ApiTest, ReadinessSaysWhy) {
  agent.state.reason = "the broker is away";
  EXPECT_EQ(surface.say("GET", "/readyz"), R"(503 {"ready":false,"reason":"the broker is away"})");
  agent.state.ready = true;
  agent.state.reason = "";
  EXPECT_EQ(surface.say("GET", "/readyz"), R"(200 {"ready":true,"reason":""})");
}

TEST_F(ApiTest, MetricsHaveBothForms) {
  agent.counters.count("rule_fired_total", "a\"b");
  const auto plain = surface.ask("GET", "/metrics");
  EXPECT_EQ(plain->header("Content-Type"), "text/plain; version=0.0.4; charset=utf-8");
  EXPECT_NE(plain->response.body.find("sundial_rule_fired_total{rule=\"a\\\"b\"} 1\n"), std::string::npos);
  EXPECT_NE(plain->response.body.find("sundial_build_info{version=\"1.2.3\"} 1\n"), std::string::npos);
  EXPECT_NE(plain->response.body.find("\nprocess_cpu_seconds_total 0\n"), std::string::npos);
  HttpRequest request = surface.request("GET", "/metrics");
  request.headers.emplace_back("accept", "application/openmetrics-text; version=1.0.0");
  const auto open = surface.ask(request);
  EXPECT_NE(open->response.body.find("# TYPE sundial_rule_fired counter\n"), std::string::npos);
  EXPECT_TRUE(open->response.body.ends_with("# EOF\n"));
}

TEST_F(ApiTest, MessagesAreTakenAsTheyAre) {
  EXPECT_EQ(surface.say("POST", "/api/v1/messages", R"({"topic":"a/b","payload":"text","qos":1})"),
            R"(202 {"id":"m1"})");
  surface.say("POST", "/api/v1/messages", R"({"topic":"a/b","payload":{"t":21.0}})");
  surface.say("POST", "/api/v1/messages", R"({"topic":"a/b","payload_base64":"AAE="})");
  ASSERT_EQ(agent.accepted.size(), 3U);
  EXPECT_EQ(agent.accepted[0].payload, "text");
  EXPECT_EQ(agent.accepted[1].payload, R"({"t":21.0})");
  EXPECT_EQ(agent.accepted[2].payload, std::string("\0\1", 2));
  for (const char* bad :
       {R"({"payload":"x"})", R"({"topic":"a/+","payload":"x"})", R"({"topic":"a"})", "[]", "{",
        R"({"topic":"a","payload":"x","qos":2})", R"({"topic":"a","payload_base64":"!"})"}) {
    EXPECT_EQ(surface.ask("POST", "/api/v1/messages", bad)->response.status, 400) << bad;
  }
  EXPECT_EQ(surface.ask("POST", "/api/v1/messages?dry_run=yes", R"({"topic":"a/b","payload":"x"})")
                ->response.status,
            400);  // never an effect by mistake
  EXPECT_EQ(surface.say("POST", "/api/v1/messages?dry_run=true", R"({"topic":"a/b","payload":"x"})"),
            R"(200 {"decisions":["a/b"]})");
  EXPECT_EQ(agent.accepted.size(), 3U);
}

TEST_F(ApiTest, ARepeatedPostHasOneEffect) {
  HttpRequest request = surface.request("POST", "/api/v1/messages", R"({"topic":"a","payload":"x"})");
  request.headers.emplace_back("idempotency-key", "k");
  EXPECT_EQ(surface.ask(request)->response.body, "{\"id\":\"m1\"}\n");
  EXPECT_EQ(surface.ask(request)->response.body, "{\"id\":\"m1\"}\n");
  EXPECT_EQ(agent.accepted.size(), 1U);
  request.body = R"({"topic":"a","payload":"y"})";
  EXPECT_EQ(surface.ask(request)->response.status, 422);
}

TEST_F(ApiTest, ARepeatedPostHasOneEffectOverARestart) {
  HttpRequest request = surface.request("POST", "/api/v1/messages", R"({"topic":"a","payload":"x"})");
  request.headers.emplace_back("idempotency-key", "k");
  EXPECT_EQ(surface.ask(request)->response.status, 202);
  surface.restart();
  EXPECT_EQ(surface.ask(request)->response.body, "{\"id\":\"m1\"}\n");
  EXPECT_EQ(agent.accepted.size(), 1U);
  // One that ended between its effect and its answer has had its effect.
  agent.hold_submissions = true;
  HttpRequest start = surface.request("POST", "/trigger-workflow/a");
  start.headers.emplace_back("idempotency-key", "lost");
  const auto lost = surface.ask(start);
  surface.restart();
  EXPECT_EQ(surface.ask(start)->response.body, "{\"status\":\"queued\"}\n");
  EXPECT_EQ(agent.calls.size(), 1U);
  start.path = "/trigger-workflow/b";
  EXPECT_FALSE(surface.ask(start)->answered);  // a key is one path's
}

TEST_F(ApiTest, ARepeatWhileTheFirstWaitsGetsTheSameAnswer) {
  agent.hold_submissions = true;
  HttpRequest request = surface.request("POST", "/trigger-workflow/a");
  request.headers.emplace_back("idempotency-key", "k");
  const auto first = surface.ask(request);
  const auto second = surface.ask(request);
  EXPECT_EQ(agent.calls.size(), 1U);
  agent.held.at(0)(Submission{1, "", answer_of(DeliveryOutcome::done)});
  EXPECT_TRUE(second->answered);
  EXPECT_EQ(first->response.body, second->response.body);
}

TEST_F(ApiTest, AFailureThatMayPassIsTriedAgain) {
  HttpRequest request = surface.request("POST", "/trigger-workflow/a");
  request.headers.emplace_back("idempotency-key", "k");
  agent.store_full = true;
  EXPECT_EQ(surface.ask(request)->response.status, 503);
  agent.store_full = false;
  EXPECT_EQ(surface.ask(request)->response.status, 200);
}

TEST_F(ApiTest, SchedulesAreMadeChangedAndGuardedByETag) {
  const std::string body = R"({"id":"s","every":"90s","start":{"workflow":"W","task_queue":"q"}})";
  const auto made = surface.ask("POST", "/api/v1/schedules", body);
  ASSERT_EQ(made->response.status, 201) << made->response.body;
  EXPECT_EQ(surface.ask("POST", "/api/v1/schedules", body)->response.status, 409);
  EXPECT_EQ(surface.ask("POST", "/api/v1/schedules", R"({"id":"t","evry":"90s"})")->response.status, 400);
  const std::string tag = surface.ask("GET", "/api/v1/schedules/s")->header("ETag");
  HttpRequest patch = surface.request("PATCH", "/api/v1/schedules/s", R"({"note":"n"})");
  patch.headers.emplace_back("if-match", tag);
  const auto patched = surface.ask(patch);
  EXPECT_EQ(patched->response.status, 200) << patched->response.body;
  EXPECT_EQ(*patched->json().find("every")->text(), "90s");
  EXPECT_EQ(*patched->json().find("note")->text(), "n");
  EXPECT_EQ(surface.ask(patch)->response.status, 412);
  const std::string present = patched->header("ETag");
  for (const std::string& known : {present, "\"other\", W/" + present, std::string("*")}) {
    HttpRequest get = surface.request("GET", "/api/v1/schedules/s");
    get.headers.emplace_back("if-none-match", known);
    const auto unchanged = surface.ask(get);
    EXPECT_EQ(unchanged->response.status, 304) << known;
    EXPECT_EQ(unchanged->header("ETag"), present);
    EXPECT_EQ(unchanged->response.body, "");
  }
  HttpRequest get = surface.request("GET", "/api/v1/schedules/s");
  get.headers.emplace_back("if-none-match", tag);
  EXPECT_EQ(surface.ask(get)->response.status, 200);
  HttpRequest any = surface.request("PATCH", "/api/v1/schedules/s", R"({"id":"s","note":"n"})");
  any.headers.emplace_back("if-match", tag + ", " + present);
  EXPECT_EQ(surface.ask(any)->response.status, 200);
  for (const char* method : {"PATCH", "PUT"}) {
    EXPECT_EQ(surface.ask(method, "/api/v1/schedules/s", R"({"id":"t","every":"1m"})")->response.status, 400);
  }
  EXPECT_EQ(surface.say("POST", "/api/v1/schedules/s/pause", R"({"note":"why"})"),
            R"(200 {"schedule_id":"s","status":"paused"})");
  EXPECT_EQ(agent.commands.back().note, "why");
  EXPECT_EQ(surface.ask("POST", "/api/v1/schedules/s/backfill", R"({"start":"2026-01-01T00:00:00Z"})")
                ->response.status,
            400);
  EXPECT_EQ(surface.ask("POST", "/api/v1/schedules/s/trigger", R"({"overlap":"no"})")->response.status, 400);
  EXPECT_EQ(surface.ask("POST", "/api/v1/schedules/unknown/trigger")->response.status, 404);
  EXPECT_EQ(surface.say("GET", "/api/v1/schedules/s/next?count=2"),
            R"(200 {"items":["2026-01-01T01:00:00Z","2026-01-01T02:00:00Z"],"next":null})");
  EXPECT_EQ(
      surface.ask("GET", "/api/v1/schedules/s/next?count=25")->json().find("items")->get_if<List>()->size(),
      25U);
  EXPECT_EQ(surface.ask("GET", "/api/v1/schedules/s/next?count=0")->response.status, 400);
  EXPECT_EQ(surface.ask("GET", "/api/v1/schedules/none/next")->response.status, 404);
}

TEST_F(ApiTest, AListOfSchedulesGoesOnAfterWhatWasTold) {
  for (const char* id : {"a", "b", "c", "d"}) {
    const std::string path = "/api/v1/schedules";
    surface.ask("POST", path, R"({"id":")" + std::string(id) + R"(","every":"90s"})");
  }
  const Value first = surface.ask("GET", "/api/v1/schedules?limit=2")->json();
  // What was told and is deleted then does not let the next page leave others out.
  surface.ask("DELETE", "/api/v1/schedules/a");
  surface.ask("DELETE", "/api/v1/schedules/b");
  const Value second =
      surface.ask("GET", "/api/v1/schedules?limit=2&next=" + *first.find("next")->text())->json();
  const List& items = *second.find("items")->get_if<List>();
  ASSERT_EQ(items.size(), 2U);
  EXPECT_EQ(*items[0].find("id")->text(), "c");
  EXPECT_TRUE(second.find("next")->is_null());
}

TEST_F(ApiTest, ASchedulesRecentLinesComeFromTheLedger) {
  const std::string body = R"({"every":"90s","start":{"workflow":"W"}})";
  for (const char* id : {"b", "a", "c"}) {
    Map named = *json::parse(body)->get_if<Map>();
    named.set("id", id);
    ASSERT_EQ(surface.ask("POST", "/api/v1/schedules", json::write(named))->response.status, 201);
  }
  model::LedgerEntry line;
  line.id = "a";
  line.event = "2026-01-01T00:00:00Z";
  line.what = "missed";
  line.reason = "catch_up";
  line.detail = "late by 1h";
  agent.entries.push_back({1, line});
  const Value one = surface.ask("GET", "/api/v1/schedules/a")->json();
  const List& recent = *one.find("recent")->get_if<List>();
  ASSERT_EQ(recent.size(), 1U);
  EXPECT_EQ(*recent[0].find("due")->text(), "2026-01-01T00:00:00Z");
  EXPECT_EQ(*recent[0].find("what")->text(), "missed");
  EXPECT_EQ(*recent[0].find("reason")->text(), "catch_up");
  EXPECT_EQ(*recent[0].find("detail")->text(), "late by 1h");
  EXPECT_EQ(surface.ask("GET", "/api/v1/schedules/a?recent=0")->response.status, 400);
  const Value page = surface.ask("GET", "/api/v1/schedules?limit=2")->json();
  const List& items = *page.find("items")->get_if<List>();
  ASSERT_EQ(items.size(), 2U);
  EXPECT_EQ(*items[0].find("id")->text(), "a");
  EXPECT_EQ(items[0].find("recent")->get_if<List>()->size(), 1U);
  EXPECT_TRUE(items[1].find("recent")->get_if<List>()->empty());
  EXPECT_EQ(*page.find("next")->text(), "62");
}

TEST_F(ApiTest, RulesShowCountersAndForgetKeys) {
  model::RuleDefinition definition;
  definition.id = "hot";
  definition.source = config::to_node(object({{"topic", "a"}}));
  agent.settings.rules.push_back(definition);
  agent.rule_documents.emplace_back(object({{"id", "hot"}, {"keys", 3}}));
  agent.counters.count("rule_suppressed_total", "hot", "cooldown", 4);
  agent.counters.count("rule_matched_total", "hot", {}, 9);
  const Value rule = surface.ask("GET", "/api/v1/rules/hot")->json();
  EXPECT_EQ(*rule.find("topic")->text(), "a");
  EXPECT_EQ(*rule.find("source")->text(), "file");
  EXPECT_EQ(json::write(*rule.find("counters")),
            R"({"keys":3,"matched":9,"fired":0,"errors":0,"suppressed":{"cooldown":4}})");
  EXPECT_EQ(surface.ask("GET", "/api/v1/rules/cold")->response.status, 404);
  EXPECT_EQ(surface.ask("DELETE", "/api/v1/rules/hot/keys/a%2Fb")->response.status, 200);
  EXPECT_EQ(agent.resets.at(0).key, "a/b");
  EXPECT_EQ(surface.ask("DELETE", "/api/v1/rules/hot/keys/")->response.status, 200);
  EXPECT_EQ(agent.resets.at(1).key, "");
  EXPECT_EQ(surface.ask("DELETE", "/api/v1/rules/hot/keys")->response.status, 200);
  EXPECT_FALSE(agent.resets.at(2).key);
}

TEST_F(ApiTest, TheOutboxGoesPageByPage) {
  for (std::uint64_t i = 1; i <= 5; ++i) {
    StoredRecord record;
    record.record.number = i;
    record.record.action = object({{"id", "w"}});
    record.state = i % 2 == 0 ? RecordState::dead : RecordState::waiting;
    agent.stored.push_back(record);
  }
  std::string seen;
  std::string next;
  for (int pages = 0; pages < 10; ++pages) {
    const Value page = surface.ask("GET", "/api/v1/outbox?limit=2&next=" + next)->json();
    for (const Value& item : *page.find("items")->get_if<List>())
      seen += json::write(*item.find("number")) + " ";
    if (page.find("next")->is_null()) break;
    next = *page.find("next")->text();
  }
  EXPECT_EQ(seen, "1 3 5 2 4 ");
  EXPECT_EQ(surface.ask("GET", "/api/v1/outbox/9")->response.status, 404);
  EXPECT_EQ(surface.ask("PATCH", "/api/v1/outbox/1", R"({"id":"x"})")->response.status, 409);
  EXPECT_EQ(surface.ask("PATCH", "/api/v1/outbox/2", R"({"id":"x"})")->response.status, 200);
  EXPECT_EQ(*agent.stored[1].record.action.find("id")->text(), "x");
  EXPECT_EQ(surface.ask("DELETE", "/api/v1/outbox/2")->response.status, 200);
}

TEST_F(ApiTest, EventsArePagedAndFollowed) {
  for (int i = 0; i < 3; ++i) agent.decide("r" + std::to_string(i));
  EXPECT_EQ(*surface.ask("GET", "/api/v1/events?limit=2")->json().find("next")->text(), "2");
  HttpRequest request = surface.request("GET", "/api/v1/events?id=live");
  request.headers.emplace_back("accept", "text/event-stream");
  const auto stream = surface.ask(request);
  agent.decide("other");
  agent.decide("live");
  EXPECT_EQ(stream->stream.find("other"), std::string::npos);
  EXPECT_NE(stream->stream.find("id: 5\nevent: ledger\ndata: {"), std::string::npos);
  request.query = "";
  request.headers.emplace_back("last-event-id", "3");
  const auto back = surface.ask(request);
  EXPECT_EQ(back->stream.find("id: 3\n"), std::string::npos);
  EXPECT_NE(back->stream.find("id: 4\n"), std::string::npos);
  request.headers.back().second = "0";  // of a reader that has seen none
  EXPECT_NE(surface.ask(request)->stream.find("id: 1\n"), std::string::npos);
  stream->reader_gone = true;
  for (std::size_t i = 0; i < EventHub::kMaxFollowers + 4; ++i) surface.ask(request);
  EXPECT_EQ(surface.ask(request)->response.status, 503);
}

TEST_F(ApiTest, WorkflowCallsKeepTheirShapes) {
  EXPECT_EQ(surface.say("POST", "/api/v1/workflows", R"({"workflow":"W","id":"a"})"),
            R"(200 {"workflow_id":"a","run_id":"run","status":"started"})");
  EXPECT_EQ(surface.say("POST", "/api/v1/workflows/a/signal/go", R"({"args":[1]})"),
            R"(200 {"workflow_id":"a","run_id":"run","status":"sent"})");
  EXPECT_EQ(json::write(Value(agent.calls.back().action)), R"({"name":"go","args":[1],"id":"a"})");
  EXPECT_EQ(surface.ask("POST", "/api/v1/workflows/a/signal/go", R"({"args":1})")->response.status, 400);
  EXPECT_EQ(surface.say("POST", "/api/v1/workflows/a/query/q", R"({"args":[2]})"), R"(200 {"result":[2]})");
  EXPECT_EQ(surface.say("GET", "/api/v1/workflows/count?query=x"), R"(200 {"count":7})");
  EXPECT_EQ(surface.ask("GET", "/api/v1/workflows/unknown")->response.status, 404);
  agent.query_problem = Error(ErrorKind::timed_out, "nobody");
  EXPECT_EQ(surface.ask("POST", "/api/v1/workflows/a/query/q")->response.status, 504);
  EXPECT_EQ(surface.ask("POST", "/api/v1/workflows/a/update/u")->response.status, 202);
  agent.query_problem = Error(ErrorKind::conflict, "no");
  EXPECT_EQ(surface.ask("POST", "/api/v1/workflows/a/update/u")->response.status, 422);
  agent.outcome = answer_of(DeliveryOutcome::already_running);
  EXPECT_EQ(surface.ask("POST", "/api/v1/workflows", R"({"workflow":"W","id":"a"})")->response.status, 409);
  agent.result = {"failed", {}, object({{"message", "boom"}})};
  EXPECT_EQ(surface.ask("GET", "/api/v1/workflows/a/result")->response.status, 409);
}

TEST_F(ApiTest, OpenApiDescribesEveryRoute) {
  const Value document = surface.ask("GET", "/openapi.json")->json();
  EXPECT_EQ(*document.find("openapi")->text(), "3.1.0");
  std::size_t operations = 0;
  for (const auto& [path, methods] : *document.find("paths")->get_if<Map>())
    operations += methods.get_if<Map>()->size();
  EXPECT_EQ(operations, all_routes().size());
}

TEST_F(ApiTest, BadEscapesAreRefused) {
  EXPECT_EQ(surface.ask("GET", "/api/v1/rules/%zz")->response.status, 400);
  EXPECT_EQ(surface.ask("GET", "/api/v1/rules/%ff")->response.status, 400);
  EXPECT_EQ(surface.ask("GET", "/api/v1/rules?limit=%zz")->response.status, 400);
  EXPECT_EQ(surface.ask("GET", "/api/v1/rules?limit=0")->response.status, 400);
}

TEST_F(ApiTest, BodiesOfMessagesMayBeLonger) {
  EXPECT_EQ(surface.api->body_limit("/api/v1/schedules"), 64U * 1024);
  EXPECT_EQ(surface.api->body_limit("/api/v1/messages"), 256U * 1024);
  EXPECT_EQ(surface.api->body_limit("/webhook/x"), 256U * 1024);
}

TEST(Api, ARecordingIsAStreamOfLinesUntilItsReaderGoes) {
  Surface surface;
  EXPECT_EQ(surface.ask("GET", "/api/v1/record?topic=bad%2F%23%2Ffilter")->response.status, 400);
  const auto stream = surface.ask("GET", "/api/v1/record?topic=a%2F%2B&topic=b");
  EXPECT_EQ(surface.agent.recorded_filters, (std::vector<std::string>{"a/+", "b"}));
  model::Message message;
  message.id = "m1";
  message.topic = "a/x";
  message.payload = "21\n";
  const Instant at{std::chrono::sys_days{std::chrono::year{2026} / 3 / 10}};
  surface.agent.recorder(model::Input(message), at);
  surface.agent.recorder(model::Input(model::Absence{true}), at);
  EXPECT_NE(stream->stream.find(
                R"(data: {"id":"m1","time":"2026-03-10T00:00:00.000Z","topic":"a/x","payload":"21\n",)"
                R"("qos":0,"retained":false,"properties":{}})"
                "\n\n"),
            std::string::npos)
      << stream->stream;
  EXPECT_NE(stream->stream.find(R"(data: {"time":"2026-03-10T00:00:00.000Z","away":true})"),
            std::string::npos);
  stream->reader_gone = true;
  surface.loop.run_for(std::chrono::seconds{20});
  EXPECT_FALSE(surface.agent.recorder) << "what no rule keeps costs nothing again";
}

}  // namespace
}  // namespace sundial::api

// The table of answers, with bodies as a frontend of 1.29.1 wrote them.
#include "agent/adapters/temporal/answers.hpp"

#include <gtest/gtest.h>

#include "agent/adapters/temporal/http_headers.hpp"

namespace sundial::temporal {
namespace {

Reply answered(int status, std::string body) {
  Reply reply;
  reply.kind = Reply::Kind::answered;
  reply.status = status;
  reply.body = std::move(body);
  return reply;
}

std::string error(int code, std::string_view message, std::string_view detail = "") {
  std::string body = "{\"code\":" + std::to_string(code) + ",\"message\":\"" + std::string(message) + "\"";
  if (!detail.empty()) {
    body += ",\"details\":[{\"@type\":\"type.googleapis.com/temporal.api.errordetails.v1." +
            std::string(detail) + "\"}]";
  }
  return body + "}";
}

struct Row {
  int status;
  std::string body;
  Finding finding;
  DeliveryOutcome outcome;
};

const std::vector<Row>& table() {
  using enum Finding;
  static const std::vector<Row> rows{
      {200, "{}", ok, DeliveryOutcome::done},
      {200, "<html>log in</html>", not_temporal, DeliveryOutcome::hold},
      {204, "", not_temporal, DeliveryOutcome::hold},
      {301, "", redirected, DeliveryOutcome::hold},
      {302, "{\"code\":5}", redirected, DeliveryOutcome::hold},
      {400, error(3, "invalid CronSchedule.", "InvalidArgumentFailure"), invalid, DeliveryOutcome::dead},
      {400, error(3, "unknown query", "QueryFailedFailure"), query_failed, DeliveryOutcome::dead},
      {400, error(9, "Client version is not supported", "ClientVersionNotSupportedFailure"), invalid,
       DeliveryOutcome::dead},
      {400, "Client sent an HTTP request to an HTTPS server.", not_temporal, DeliveryOutcome::hold},
      {401, error(16, "no token"), refused, DeliveryOutcome::hold},
      {403, error(7, "Request unauthorized.", "PermissionDeniedFailure"), refused, DeliveryOutcome::hold},
      {403, "{\"code\": 7, \"message\": \"Host not allowed\"}", refused, DeliveryOutcome::hold},
      {404, error(5, "workflow not found for ID: x", "NotFoundFailure"), workflow_unknown,
       DeliveryOutcome::dead},
      {404, error(5, "workflow execution not found for workflow ID", "NotFoundFailure"), workflow_unknown,
       DeliveryOutcome::dead},
      {404, error(5, "workflow execution already completed", "NotFoundFailure"), workflow_closed,
       DeliveryOutcome::dead},
      {404, error(5, "Namespace nope is not found.", "NamespaceNotFoundFailure"), namespace_unknown,
       DeliveryOutcome::hold},
      {404, error(5, "Not Found"), wrong_path, DeliveryOutcome::hold},
      {404, error(5, "cannot find pending activity with ActivityID a", "NotFoundFailure"), activity_gone,
       DeliveryOutcome::dead},
      {404,
       error(5, "invalid activityID or activity already timed out or invoking workflow is completed",
             "NotFoundFailure"),
       activity_idle, DeliveryOutcome::dead},
      {404, "404 page not found", not_temporal, DeliveryOutcome::hold},
      {409, error(6, "Workflow execution is already running.", "WorkflowExecutionAlreadyStartedFailure"),
       already_started, DeliveryOutcome::already_running},
      {409, error(6, "schedule with this ID is already registered", "WorkflowExecutionAlreadyStartedFailure"),
       already_started, DeliveryOutcome::already_running},
      {409, error(10, "aborted"), try_again, DeliveryOutcome::retry},
      {413, "too large", invalid, DeliveryOutcome::dead},
      {429, error(8, "namespace rate limit exceeded", "ResourceExhaustedFailure"), overloaded,
       DeliveryOutcome::retry},
      {429, "slow down", overloaded, DeliveryOutcome::retry},
      {499, error(1, "canceled"), try_again, DeliveryOutcome::retry},
      {500, error(2, "something went wrong, please retry (3fa2)"), broken, DeliveryOutcome::retry},
      {500, error(13, "internal"), broken, DeliveryOutcome::retry},
      {500, error(15, "data loss"), invalid, DeliveryOutcome::dead},
      {501, error(12, "Method Not Allowed"), invalid, DeliveryOutcome::dead},
      {502, "<html>Bad Gateway</html>", try_again, DeliveryOutcome::retry},
      {503, error(14, "unavailable"), try_again, DeliveryOutcome::retry},
      {504, error(4, "deadline"), try_again, DeliveryOutcome::retry},
  };
  return rows;
}

TEST(Answers, TheTable) {
  for (const Row& row : table()) {
    const Reply reply = answered(row.status, row.body);
    const Sorted sorted = sort_answer(reply);
    EXPECT_EQ(sorted.finding, row.finding) << row.status << ' ' << row.body;
    const DeliveryAnswer answer = usual_answer(sorted, reply);
    EXPECT_EQ(answer.outcome, row.outcome) << row.status << ' ' << row.body;
    EXPECT_EQ(answer.poison_suspect, row.finding == Finding::broken);
    EXPECT_TRUE(row.finding == Finding::ok || !answer.reason.empty()) << row.status;
  }
}

TEST(Answers, WhoseRunItIs) {
  const Sorted sorted = sort_answer(answered(
      409,
      R"({"code":6,"message":"Workflow execution is already running.","details":[{"@type":"type.googleapis.com/temporal.api.errordetails.v1.WorkflowExecutionAlreadyStartedFailure","startRequestId":"r1","runId":"run"}]})"));
  EXPECT_EQ(sorted.request_id, "r1");
  EXPECT_EQ(sorted.run_id, "run");
}

TEST(Answers, SilenceIsOfTwoKinds) {
  Reply silent;
  silent.problem = "can't connect";
  EXPECT_TRUE(usual_answer(sort_answer(silent), silent).unreachable);
  silent.kind = Reply::Kind::unknown;
  EXPECT_EQ(sort_answer(silent).finding, Finding::no_answer);
  EXPECT_FALSE(usual_answer(sort_answer(silent), silent).unreachable);
}

TEST(Answers, WithoutAMessageSayAtLeastTheirStatus) {
  for (const char* body : {R"({"code":6})", R"({"code":13,"message":""})"}) {
    Reply reply;
    reply.kind = Reply::Kind::answered;
    reply.status = 500;
    reply.body = body;
    EXPECT_EQ(sort_answer(reply).message, "HTTP 500") << body;
  }
}

TEST(HttpHeaders, DatesAndPauses) {
  const auto date = parse_http_date("Sun, 06 Nov 1994 08:49:37 GMT");
  ASSERT_TRUE(date);
  EXPECT_EQ(format_rfc3339(*date, Fraction::when_needed), "1994-11-06T08:49:37Z");
  EXPECT_EQ(parse_retry_after("7", date), Millis(7000));
  EXPECT_EQ(parse_retry_after("Sun, 06 Nov 1994 08:49:40 GMT", date), Millis(3000));
  EXPECT_EQ(parse_retry_after("Sun, 06 Nov 1994 08:49:30 GMT", date), Millis(0));
  for (const char* bad : {"", "soon", "-1", "Sun, 06 Nov 1994 08:49:37", "Sun, 99 Nov 1994 08:49:37 GMT"}) {
    EXPECT_FALSE(parse_retry_after(bad, date)) << bad;
  }
}

TEST(Addresses, OnlyUrls) {
  const auto address = parse_address("https://frontend.example:8443/temporal/");
  ASSERT_TRUE(address);
  EXPECT_TRUE(address->tls);
  EXPECT_EQ(address->host, "frontend.example");
  EXPECT_EQ(address->port, 8443);
  EXPECT_EQ(address->base, "/temporal");
  EXPECT_EQ(parse_address("http://[::1]:7243")->host, "::1");
  EXPECT_EQ(parse_address("https://h")->port, 443);
  for (const char* bad : {"localhost:7233", "http://", "http://h:0", "http://h:99999", "http://h:x",
                          "ftp://h", "http://user@h", "http://h/?q"}) {
    EXPECT_FALSE(parse_address(bad)) << bad;
  }
}

}  // namespace
}  // namespace sundial::temporal

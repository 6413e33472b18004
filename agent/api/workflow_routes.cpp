// /api/v1/workflows: starting, watching and talking to workflows.
#include <optional>
#include <utility>

#include "agent/api/calls.hpp"
#include "platform/base/text.hpp"

namespace sundial::api {

namespace {

std::string query_text(const ExchangePtr& exchange, std::string_view name) {
  const std::string* given = exchange->query(name);
  return given == nullptr ? "" : *given;
}

// What is asked of the workflow that the path names; of a GET the body is empty.
struct Call {
  std::string id;
  Map body;
};

// Answers itself what is wrong with it.
std::optional<Call> take_call(const ExchangePtr& exchange) {
  Call call;
  if (!take_workflow_id(exchange, call.id)) return std::nullopt;
  Result<Map> body = exchange->json_body();
  if (!body) return exchange->fail(body.error()), std::nullopt;
  call.body = std::move(*body);
  return call;
}

// {"args":[…]}, which the table of routes declares as a list.
List arguments_of(const Map& body) {
  const Value* args = body.find("args");
  const List* list = args == nullptr ? nullptr : args->get_if<List>();
  return list == nullptr ? List{} : *list;
}

void start_workflow(Desk& desk, const ExchangePtr& exchange) {
  Result<Map> body = exchange->json_body();
  if (!body) return exchange->fail(body.error());
  const std::string given = text_member(*body, "id");
  if (given.find('/') != std::string::npos) {
    return exchange->fail(400, "a workflow id with a slash can't be addressed over Temporal's HTTP API");
  }
  submit(desk, exchange, model::ActionKind::start, std::move(*body), kAnswerWait,
         [exchange, given](const Submission& submission) {
           const std::string id = submission.workflow_id.empty() ? given : submission.workflow_id;
           Map done = object({{"workflow_id", id},
                              {"run_id", submission.answer ? submission.answer->run_id : ""},
                              {"status", "started"}});
           answer_submission(exchange, submission, done,
                             object({{"workflow_id", id}, {"number", submission.number}}));
         });
}

void act(Desk& desk, const ExchangePtr& exchange, model::ActionKind kind, Map action, const std::string& id,
         std::string_view status) {
  action.set("id", id);
  submit(desk, exchange, kind, std::move(action), kAnswerWait,
         [exchange, id, status](const Submission& submission) {
           Map done = object({{"workflow_id", id}});
           if (submission.answer && !submission.answer->run_id.empty())
             done.set("run_id", submission.answer->run_id);
           done.set("status", status);
           answer_submission(exchange, submission, done,
                             object({{"workflow_id", id}, {"number", submission.number}}));
         });
}

void signal(Desk& desk, const ExchangePtr& exchange) {
  const std::optional<Call> call = take_call(exchange);
  if (!call) return;
  act(desk, exchange, model::ActionKind::signal,
      object({{"name", exchange->argument("name")}, {"args", arguments_of(call->body)}}), call->id, "sent");
}

void signal_with_start(Desk& desk, const ExchangePtr& exchange) {
  std::optional<Call> call = take_call(exchange);
  if (!call) return;
  call->body.set("name", exchange->argument("name"));
  act(desk, exchange, model::ActionKind::signal_with_start, std::move(call->body), call->id, "sent");
}

void end_workflow(Desk& desk, const ExchangePtr& exchange, model::ActionKind kind, std::string_view status) {
  const std::optional<Call> call = take_call(exchange);
  if (!call) return;
  Map action;
  if (const Value* reason = call->body.find("reason"); reason != nullptr && !reason->is_null())
    action.set("reason", *reason);
  act(desk, exchange, kind, std::move(action), call->id, status);
}

void cancel(Desk& desk, const ExchangePtr& exchange) {
  end_workflow(desk, exchange, model::ActionKind::cancel, "cancel_requested");
}
void terminate(Desk& desk, const ExchangePtr& exchange) {
  end_workflow(desk, exchange, model::ActionKind::terminate, "terminated");
}

Value time_or_null(std::optional<Instant> time) {
  return time ? Value(format_rfc3339(*time, Fraction::always)) : Value();
}

void describe(Desk& desk, const ExchangePtr& exchange) {
  std::string id;
  if (!take_workflow_id(exchange, id)) return;
  desk.agent.describe_workflow(
      id, query_text(exchange, "run_id"),
      answering<WorkflowDescription>(exchange, [exchange](const WorkflowDescription& workflow) {
        exchange->send(200, object({{"workflow_id", workflow.workflow_id},
                                    {"run_id", workflow.run_id},
                                    {"type", workflow.type},
                                    {"status", workflow.status},
                                    {"start_time", time_or_null(workflow.start_time)},
                                    {"execution_time", time_or_null(workflow.execution_time)},
                                    {"close_time", time_or_null(workflow.close_time)},
                                    {"details", workflow.details}}));
      }));
}

void result(Desk& desk, const ExchangePtr& exchange) {
  std::string id;
  if (!take_workflow_id(exchange, id)) return;
  const Result<Millis> wait = exchange->duration("wait", std::chrono::seconds{60}, std::chrono::hours{1});
  if (!wait) return exchange->fail(wait.error());
  desk.results.wait_for(id, query_text(exchange, "run_id"), *wait,
                        answering<WorkflowResult>(exchange, [exchange, id](WorkflowResult outcome) {
                          if (outcome.status == "completed") {
                            return exchange->send(200, object({{"result", std::move(outcome.result)}}));
                          }
                          if (outcome.status == "running") {
                            return exchange->send(202, object({{"workflow_id", id}, {"status", "running"}}));
                          }
                          exchange->fail(409, "the workflow has ended without a result: " + outcome.status,
                                         std::move(outcome.failure), outcome.status);
                        }));
}

// A page of Temporal's, passed on as it is.
Answer<Value> passing_on(const ExchangePtr& exchange) {
  return answering<Value>(exchange, [exchange](const Value& page) { exchange->send(200, page); });
}

void history(Desk& desk, const ExchangePtr& exchange) {
  std::string id;
  if (!take_workflow_id(exchange, id)) return;
  const Result<std::size_t> limit = exchange->limit(100);
  if (!limit) return exchange->fail(limit.error());
  desk.agent.workflow_history(id, query_text(exchange, "run_id"), query_text(exchange, "next"),
                              static_cast<int>(*limit), passing_on(exchange));
}

void list(Desk& desk, const ExchangePtr& exchange) {
  const Result<std::size_t> limit = exchange->limit(100);
  if (!limit) return exchange->fail(limit.error());
  desk.agent.list_workflows(query_text(exchange, "query"), query_text(exchange, "next"),
                            static_cast<int>(*limit), passing_on(exchange));
}

void count(Desk& desk, const ExchangePtr& exchange) {
  desk.agent.count_workflows(query_text(exchange, "query"),
                             answering<std::int64_t>(exchange, [exchange](std::int64_t number) {
                               exchange->send(200, object({{"count", number}}));
                             }));
}

void query(Desk& desk, const ExchangePtr& exchange) {
  const std::optional<Call> call = take_call(exchange);
  if (!call) return;
  desk.agent.query_workflow(call->id, exchange->argument("name"), arguments_of(call->body),
                            answering<Value>(exchange, [exchange](Value value) {
                              exchange->send(200, object({{"result", std::move(value)}}));
                            }));
}

// A rejected update is 422, one that is not finished in time 202.
void answer_update(const ExchangePtr& exchange, const std::string& id, Result<Value> outcome) {
  if (outcome) return exchange->send(200, object({{"result", std::move(*outcome)}}));
  const Error& error = outcome.error();
  if (error.kind() == ErrorKind::timed_out) {
    return exchange->send(202, object({{"workflow_id", id}, {"status", "running"}}));
  }
  if (error.kind() == ErrorKind::conflict) return exchange->fail(422, error.message(), {}, "rejected");
  exchange->fail(error);
}

void update(Desk& desk, const ExchangePtr& exchange) {
  const std::optional<Call> call = take_call(exchange);
  if (!call) return;
  const std::string given = text_member(call->body, "update_id");
  desk.agent.update_workflow(
      call->id, exchange->argument("name"), given.empty() ? exchange->id() : given, arguments_of(call->body),
      kAnswerWait,
      [exchange, id = call->id](Result<Value> outcome) { answer_update(exchange, id, std::move(outcome)); });
}

}  // namespace

Routes workflow_routes() {
  const std::vector<ParameterDoc> run{{"run_id", "default: the present run"}};
  const std::vector<MemberDoc> arguments{{"args", "array", "the arguments"}};
  const std::vector<MemberDoc> reason{{"reason", "string", ""}};
  return {
      {"GET",
       "/api/v1/workflows",
       Scope::read,
       list,
       {"Workflows by Temporal's visibility query",
        {200, 400, 503},
        {{"query", "as in Temporal's list filter"},
         {"limit", "1 to 1000"},
         {"next", "the token of the page before"}}}},
      {"POST",
       "/api/v1/workflows",
       Scope::trigger,
       start_workflow,
       {"Start a workflow: a start action's table",
        {200, 202, 400, 409},
        {},
        {{"workflow", "string", "its type", true},
         {"id", "string", "made up where it is left out"},
         {"task_queue", "string", ""},
         {"args", "array", ""}}}},
      {"GET",
       "/api/v1/workflows/count",
       Scope::read,
       count,
       {"How many workflows match", {200, 400, 503}, {{"query", "as in Temporal's list filter"}}}},
      {"GET",
       "/api/v1/workflows/{id}",
       Scope::read,
       describe,
       {"A workflow's state", {200, 400, 404, 503}, run}},
      {"GET",
       "/api/v1/workflows/{id}/history",
       Scope::read,
       history,
       {"A workflow's events",
        {200, 400, 404, 503},
        {{"run_id", ""}, {"limit", "1 to 1000"}, {"next", "the token of the page before"}}}},
      {"GET",
       "/api/v1/workflows/{id}/result",
       Scope::read,
       result,
       {"Wait for a workflow's result",
        {200, 202, 400, 404, 409, 503},
        {{"wait", "how long; default 60s"}, {"run_id", ""}}}},
      {"POST",
       "/api/v1/workflows/{id}/signal/{name}",
       Scope::trigger,
       signal,
       {"Send a signal", {200, 202, 400, 404}, {}, arguments}},
      {"POST",
       "/api/v1/workflows/{id}/query/{name}",
       Scope::trigger,
       query,
       {"Ask a query", {200, 400, 404, 503, 504}, {}, arguments}},
      {"POST",
       "/api/v1/workflows/{id}/update/{name}",
       Scope::admin,
       update,
       {"Send an update", {200, 202, 400, 404, 422, 503}, {}, arguments}},
      {"POST",
       "/api/v1/workflows/{id}/signal-with-start/{name}",
       Scope::trigger,
       signal_with_start,
       {"Send a signal, to a new run where none is there",
        {200, 202, 400},
        {},
        {{"workflow", "string", "its type", true},
         {"start_args", "array", ""},
         {"args", "array", "the signal's"}}}},
      {"POST",
       "/api/v1/workflows/{id}/cancel",
       Scope::admin,
       cancel,
       {"Ask a workflow to end", {200, 202, 400, 404}, {}, reason}},
      {"POST",
       "/api/v1/workflows/{id}/terminate",
       Scope::admin,
       terminate,
       {"End a workflow at once", {200, 202, 400, 404}, {}, reason}},
  };
}

}  // namespace sundial::api

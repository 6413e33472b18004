// The root paths: the calls of the service that Sundial grew out of, with its bodies and codes.
#include <array>
#include <utility>

#include "agent/api/calls.hpp"
#include "agent/api/schedule_calls.hpp"
#include "agent/api/webhook.hpp"

namespace sundial::api {

namespace {

std::string query_or(const ExchangePtr& exchange, std::string_view name, std::string_view otherwise) {
  const std::string* value = exchange->query(name);
  return value == nullptr ? std::string(otherwise) : *value;
}

void trigger_workflow(Desk& desk, const ExchangePtr& exchange) {
  std::string id;
  if (!take_workflow_id(exchange, id)) return;
  const model::HttpSettings& http = desk.agent.configuration().http;
  Map action = object({{"workflow", http.workflow},
                       {"id", id},
                       {"task_queue", http.task_queue},
                       {"args", List{query_or(exchange, "name", "HTTP Triggered")}}});
  submit(desk, exchange, model::ActionKind::start, std::move(action), kAnswerWait,
         [exchange, id](const Submission& submission) {
           answer_submission(exchange, submission, object({{"workflow_id", id}, {"status", "started"}}),
                             object({{"workflow_id", id}}), 400);
         });
}

void send_signal(Desk& desk, const ExchangePtr& exchange, const std::string& name, List arguments, Map done,
                 Map queued) {
  Map action = object({{"id", exchange->argument("id")}, {"name", name}, {"args", std::move(arguments)}});
  submit(desk, exchange, model::ActionKind::signal, std::move(action), kAnswerWait,
         [exchange, done = std::move(done), queued = std::move(queued)](const Submission& submission) {
           answer_submission(exchange, submission, done, queued);
         });
}

void signal_workflow(Desk& desk, const ExchangePtr& exchange) {
  std::string id;
  if (!take_workflow_id(exchange, id)) return;
  const std::string* message = exchange->query("message");
  if (message == nullptr) return exchange->fail(400, "?message= is missing");
  send_signal(desk, exchange, desk.agent.configuration().http.message_signal, {*message},
              object({{"workflow_id", id}, {"signal", "sent"}, {"message", *message}}),
              object({{"workflow_id", id}, {"signal", "queued"}, {"message", *message}}));
}

void stop_workflow(Desk& desk, const ExchangePtr& exchange) {
  std::string id;
  if (!take_workflow_id(exchange, id)) return;
  send_signal(desk, exchange, desk.agent.configuration().http.stop_signal, {},
              object({{"workflow_id", id}, {"signal", "stop sent"}}),
              object({{"workflow_id", id}, {"signal", "stop queued"}}));
}

void answer_result(const ExchangePtr& exchange, const std::string& id, WorkflowResult result) {
  if (result.status == "completed") return exchange->send(200, result.result);
  if (result.status == "running") {
    return exchange->send(202, object({{"workflow_id", id}, {"status", "running"}}));
  }
  exchange->fail(404, "the workflow has ended without a result: " + result.status, result.failure,
                 result.status);
}

void workflow_result(Desk& desk, const ExchangePtr& exchange) {
  std::string id;
  if (!take_workflow_id(exchange, id)) return;
  const Result<Millis> wait = exchange->duration("wait", std::chrono::seconds{60}, std::chrono::hours{1});
  if (!wait) return exchange->fail(wait.error());
  desk.results.wait_for(id, "", *wait,
                        answering<WorkflowResult>(exchange, [exchange, id](WorkflowResult result) {
                          answer_result(exchange, id, std::move(result));
                        }));
}

void schedule_workflow(Desk& desk, const ExchangePtr& exchange) {
  const std::string& id = exchange->argument("id");
  const std::string cron = query_or(exchange, "cron", "* * * * *");
  const model::HttpSettings& http = desk.agent.configuration().http;
  Map body = object({{"cron", cron}, {"overlap", "allow_all"}});
  if (const std::string* zone = exchange->query("time_zone")) body.set("time_zone", *zone);
  if (const std::string* note = exchange->query("note")) body.set("note", *note);
  const Result<bool> paused = exchange->flag("paused");
  if (!paused) return exchange->fail(paused.error());
  body.set("paused", *paused);
  body.set("start", object({{"workflow", http.workflow},
                            {"id", "cron-{schedule.id}-{schedule.time}"},
                            {"task_queue", http.task_queue},
                            {"args", List{"Cron Triggered"}}}));
  create_schedule(desk, exchange, id, body, 400, [exchange, id, cron] {
    exchange->send(200, object({{"schedule_id", id}, {"cron", cron}, {"status", "scheduled"}}));
  });
}

void unschedule_workflow(Desk& desk, const ExchangePtr& exchange) {
  remove_schedule(desk, exchange, 400);
}

}  // namespace

Routes lab_routes() {
  return {
      {"POST",
       "/trigger-workflow/{id*}",
       Scope::trigger,
       trigger_workflow,
       {"Start the workflow of [http] under this id",
        {200, 202, 400},
        {{"name", "its only argument; default HTTP Triggered"}}}},
      {"POST",
       "/schedule-workflow/{id*}",
       Scope::admin,
       schedule_workflow,
       {"Make a schedule on the device that starts the workflow of [http]",
        {200, 400},
        {{"cron", "default * * * * *"},
         {"time_zone", "default: the device's"},
         {"paused", "true or false"},
         {"note", ""}}}},
      {"DELETE",
       "/schedule-workflow/{id*}",
       Scope::admin,
       unschedule_workflow,
       {"Delete a schedule that was made over the API", {200, 400, 404}}},
      {"POST",
       "/signal-workflow/{id*}",
       Scope::trigger,
       signal_workflow,
       {"Send the message signal of [http]", {200, 202, 400, 404}, {{"message", "the signal's argument"}}}},
      {"POST",
       "/stop-workflow/{id*}",
       Scope::trigger,
       stop_workflow,
       {"Send the stop signal of [http]", {200, 202, 400, 404}}},
      {"GET",
       "/workflow-result/{id*}",
       Scope::read,
       workflow_result,
       {"Wait for a workflow's result", {200, 202, 400, 404}, {{"wait", "how long; default 60s"}}}},
      {"POST",
       "/webhook/{name}",
       Scope::trigger,
       webhook,
       {"Hand a webhook's call to the rules", {200, 400, 401, 404}}},
  };
}

}  // namespace sundial::api

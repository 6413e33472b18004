// What each workflow verb asks of Temporal, and how it ends.
#include <fmt/format.h>

#include <ostream>

#include "agent/cli/workflow.hpp"
#include "platform/base/text.hpp"
#include "platform/crypto/crypto.hpp"
#include "platform/json/json.hpp"

namespace sundial::cli {
namespace {

constexpr Millis kPoll = std::chrono::minutes(1);
constexpr Millis kUpdateWait = std::chrono::minutes(5);
constexpr int kPage = 200;

const std::string& id_of(const model::OutboxRecord& record) {
  return *record.action.find("id")->text();
}

// What the refusal of a record means to who typed it.
int refused(World& world, const model::OutboxRecord& record, const DeliveryAnswer& answer) {
  switch (answer.outcome) {
    case DeliveryOutcome::done:
    case DeliveryOutcome::already_done:
      return kExitDone;
    case DeliveryOutcome::already_running:
    case DeliveryOutcome::name_taken:
      world.err << fmt::format("workflow {} was not started: {}\n", printable(id_of(record)), answer.reason);
      return kExitFailed;
    case DeliveryOutcome::retry:
      world.err << "Temporal can't be reached: " << answer.reason << '\n';
      return kExitUnreachable;
    case DeliveryOutcome::hold:
      world.err << "Temporal lets nothing pass: " << answer.reason << '\n';
      return answer.refusal == ErrorKind::not_found ? kExitNotFound : kExitFailed;
    case DeliveryOutcome::dead:
      return complain(world, {answer.refusal, answer.reason});
  }
  return kExitFailed;
}

DeliveryAnswer deliver(WorkflowService& service, const model::OutboxRecord& record) {
  DeliveryMemory memory;
  DeliveryAnswer answer = service.deliver(record, memory);
  if (answer.prepared) answer = service.deliver(record, memory);
  // The request id makes a second try harmless.
  if (answer.outcome == DeliveryOutcome::retry && !answer.unreachable)
    answer = service.deliver(record, memory);
  return answer;
}

int print_result(World& world, const WorkflowOptions& options, const std::string& id,
                 const WorkflowResult& result) {
  const bool completed = result.status == "completed";
  if (!options.output.text()) {
    Map fields;
    fields.set("workflow_id", id);
    fields.set("status", result.status);
    fields.set(completed ? "result" : "failure", completed ? result.result : result.failure);
    world.out << json::write(fields) << '\n';
  } else if (completed) {
    world.out << json::write(result.result) << '\n';
  }
  if (completed) return kExitDone;
  world.err << fmt::format("workflow {} has {}: {}\n", printable(id), result.status,
                           failure_text(result.failure));
  return kExitFailed;
}

// Until the end, however long that takes.
int wait_for_result(World& world, const WorkflowOptions& options, WorkflowService& service,
                    const std::string& id, const std::string& run_id) {
  for (;;) {
    const auto result = service.result(id, run_id, kPoll);
    if (!result && result.error().kind() == ErrorKind::timed_out) continue;
    if (!result) return complain(world, result.error());
    if (result->status != "running") return print_result(world, options, id, *result);
  }
}

Map describe_fields(const WorkflowDescription& described) {
  Map fields;
  fields.set("workflow_id", described.workflow_id);
  fields.set("run_id", described.run_id);
  fields.set("type", described.type);
  fields.set("status", described.status);
  const auto put = [&fields](std::string_view key, const std::optional<Instant>& time) {
    fields.set(key, time ? Value(format_rfc3339(*time, Fraction::always)) : Value());
  };
  put("start_time", described.start_time);
  put("execution_time", described.execution_time);
  put("close_time", described.close_time);
  const Map* details = described.details.get_if<Map>();
  if (details == nullptr) return fields;
  for (const auto& [key, value] : *details) fields.set(*key.text(), value);
  return fields;
}

int send(World& world, const WorkflowOptions& options, WorkflowService& service) {
  const auto record = workflow_record(world, options);
  if (!record) {
    world.err << record.error().message() << '\n';
    return kExitUsage;
  }
  const DeliveryAnswer answer = deliver(service, *record);
  if (const int exit = refused(world, *record, answer); exit != kExitDone) return exit;
  const std::string& id = id_of(*record);
  if (options.verb == "execute") {
    world.err << fmt::format("started {} (run {}), waiting for its end\n", printable(id), answer.run_id);
    return wait_for_result(world, options, service, id, answer.run_id);
  }
  Map fields;
  fields.set("workflow_id", id);
  if (!answer.run_id.empty()) fields.set("run_id", answer.run_id);
  const bool starts = options.verb == "start" || options.verb == "signal-with-start";
  if (starts) fields.set("type", options.type);
  fields.set("status", starts ? "started" : options.verb == "signal" ? "sent" : "requested");
  print_fields(world, options, fields);
  return kExitDone;
}

int query(World& world, const WorkflowOptions& options, WorkflowService& service) {
  const auto inputs = read_inputs(world, options.inputs, options.input_files);
  if (!inputs) {
    world.err << inputs.error().message() << '\n';
    return kExitUsage;
  }
  std::string update_id = options.update_id;
  if (update_id.empty()) update_id = hex_encode(crypto::random_bytes(16).value_or(std::string("update")));
  const auto answer = options.verb == "query" ? service.query(options.workflow_id, options.name, *inputs)
                                              : service.update(options.workflow_id, options.name, update_id,
                                                               *inputs, kUpdateWait);
  if (!answer && answer.error().kind() == ErrorKind::timed_out) {
    world.err << answer.error().message() << '\n';
    return kExitFailed;  // Temporal is there; it is the workflow that does not answer
  }
  if (!answer) return complain(world, answer.error());
  print_value(world, options, *answer);
  return kExitDone;
}

int show(World& world, const WorkflowOptions& options, WorkflowService& service) {
  List events;
  std::string token;
  do {
    const auto page = service.history(options.workflow_id, options.run_id, token, kPage);
    if (!page) return complain(world, page.error());
    const List* items = page->find("items")->get_if<List>();
    events.insert(events.end(), items->begin(), items->end());
    const std::string* next = page->find("next")->text();
    token = next == nullptr ? "" : *next;
  } while (!token.empty());
  if (options.output.output == "json") {  // as Temporal's own: a history that its replayers read
    world.out << json::write(Map::of({{Value("events"), Value(std::move(events))}})) << '\n';
    return kExitDone;
  }
  print_items(world, options, events, {"eventId", "eventTime", "eventType"});
  return kExitDone;
}

int list(World& world, const WorkflowOptions& options, WorkflowService& service) {
  List found;
  std::string token;
  do {
    const int left = options.limit - static_cast<int>(found.size());
    const auto page = service.list(options.query, token, std::min(left, kPage));
    if (!page) return complain(world, page.error());
    const List* items = page->find("items")->get_if<List>();
    found.insert(found.end(), items->begin(), items->end());
    const std::string* next = page->find("next")->text();
    token = next == nullptr ? "" : *next;
  } while (!token.empty() && static_cast<int>(found.size()) < options.limit);
  print_items(world, options, found, {"status", "workflow_id", "type", "start_time"});
  return kExitDone;
}

int count(World& world, const WorkflowOptions& options, WorkflowService& service) {
  const auto counted = service.count(options.query);
  if (!counted) return complain(world, counted.error());
  Map fields;
  fields.set("count", *counted);
  if (options.output.text()) {
    world.out << *counted << '\n';
  } else {
    print_fields(world, options, fields);
  }
  return kExitDone;
}

}  // namespace

int run_workflow_verb(World& world, const WorkflowOptions& options, WorkflowService& service) {
  if (options.verb == "query" || options.verb == "update") return query(world, options, service);
  if (options.verb == "show") return show(world, options, service);
  if (options.verb == "list") return list(world, options, service);
  if (options.verb == "count") return count(world, options, service);
  if (options.verb == "result") {
    return wait_for_result(world, options, service, options.workflow_id, options.run_id);
  }
  if (options.verb == "describe") {
    const auto described = service.describe(options.workflow_id, options.run_id);
    if (!described) return complain(world, described.error());
    print_fields(world, options, describe_fields(*described));
    return kExitDone;
  }
  return send(world, options, service);
}

}  // namespace sundial::cli

// The table's keys are those of the configuration; payloads that were sealed for the outbox are under
// `sealed`, in the form in which they are sent.
#include "agent/adapters/temporal/requests.hpp"

#include <fmt/format.h>

#include "agent/adapters/temporal/payloads.hpp"
#include "platform/base/text.hpp"
#include "platform/json/json.hpp"

namespace sundial::temporal {
namespace {

using model::ActionKind;
using model::OutboxRecord;

constexpr std::size_t kLongestId = 1000;

Error wrong(std::string what) {
  return {ErrorKind::invalid, std::move(what)};
}

Result<void> check_id(std::string_view what, const std::string& id) {
  if (id.empty()) return wrong(fmt::format("{} is empty", what));
  if (id.size() > kLongestId) return wrong(fmt::format("{} is longer than 1000 bytes", what));
  if (!is_utf8(id)) return wrong(fmt::format("{} is not UTF-8", what));
  if (id.find('/') != std::string::npos) {
    return wrong(fmt::format("{} \"{}\" holds a slash, which Temporal's HTTP API cannot address", what,
                             printable(id)));
  }
  return {};
}

// An object that is written straight to text, in the order of the calls.
class Body {
 public:
  void raw(std::string_view key, std::string_view json) {
    text_ += text_.empty() ? '{' : ',';
    text_ += json::quote(key);
    text_ += ':';
    text_ += json;
  }
  void text(std::string_view key, std::string_view value) {
    if (!value.empty()) raw(key, json::quote(value));
  }
  void named(std::string_view key, std::string_view name) {
    raw(key, "{\"name\":" + json::quote(name) + "}");
  }
  std::string take() { return text_.empty() ? "{}" : std::move(text_) + "}"; }

 private:
  std::string text_;
};

const Value* sealed_in(const Map& action, std::string_view key) {
  const Value* sealed = action.find("sealed");
  return sealed == nullptr ? nullptr : sealed->find(key);
}

// The payloads of a list in the action's table, sealed or not; nothing where there is no such key.
Result<void> put_list(Body& body, std::string_view name, const Map& action, std::string_view key,
                      const PayloadCodec* codec) {
  if (const Value* sealed = sealed_in(action, key)) {
    body.raw(name, "{\"payloads\":" + json::write(*sealed) + "}");
    return {};
  }
  const Value* value = action.find(key);
  if (value == nullptr) return {};
  const List* list = value->get_if<List>();
  const auto text = list != nullptr ? encode_list(*list, codec) : encode_list({*value}, codec);
  if (!text) return text.error();
  body.raw(name, *text);
  return {};
}

// The same for a single value, which travels as a list of one.
Result<void> put_value(Body& body, std::string_view name, const Map& action, std::string_view key,
                       const PayloadCodec* codec) {
  if (const Value* sealed = sealed_in(action, key)) {
    body.raw(name, "{\"payloads\":[" + json::write(*sealed) + "]}");
    return {};
  }
  const Value* value = action.find(key);
  if (value == nullptr) return {};
  const auto text = encode_list({*value}, codec);
  if (!text) return text.error();
  body.raw(name, *text);
  return {};
}

// {"a":PAYLOAD,…}: a memo, search attributes or headers.
Result<void> put_fields(Body& fields, const Map& values, const PayloadCodec* codec) {
  for (const auto& [key, value] : values) {
    const auto payload = encode_value(value, codec);
    if (!payload) return payload.error();
    fields.raw(*key.text(), *payload);
  }
  return {};
}

Result<void> put_map(Body& body, std::string_view name, std::string_view inner, const Map& action,
                     std::string_view key) {
  const Value* value = action.find(key);
  const Map* map = value == nullptr ? nullptr : value->get_if<Map>();
  if (map == nullptr || map->empty()) return {};
  Body fields;
  if (auto put = put_fields(fields, *map, nullptr); !put) return put;
  body.raw(name, fmt::format("{{{}:{}}}", json::quote(inner), fields.take()));
  return {};
}

// The action's own headers, and the trace in the field where the SDKs' interceptors look for it.
Result<void> put_headers(Body& body, const OutboxRecord& record) {
  Map fields;
  if (!record.origin.trace.empty()) {
    Map carrier;
    carrier.set("traceparent", record.origin.trace);
    fields.set("_tracer-data", std::move(carrier));
  }
  const Value* own = record.action.find("headers");
  if (const Map* map = own == nullptr ? nullptr : own->get_if<Map>()) {
    for (const auto& [key, value] : *map) fields.set(*key.text(), value);
  }
  if (fields.empty()) return {};
  Body put;
  if (auto done = put_fields(put, fields, nullptr); !done) return done;
  body.raw("header", "{\"fields\":" + put.take() + "}");
  return {};
}

// Every start says which device and event it comes from; a memo of the same name in the action wins.
Result<void> put_memo(Body& body, const Sender& sender, const OutboxRecord& record) {
  Body fields;
  const Value* own = record.action.find("memo");
  const Map* map = own == nullptr ? nullptr : own->get_if<Map>();
  const Value* sealed = sealed_in(record.action, "memo");
  const Map* sealed_map = sealed == nullptr ? nullptr : sealed->get_if<Map>();
  Map ours;
  const auto add = [&](std::string_view key, const std::string& value) {
    const bool taken = (map != nullptr && map->find(key) != nullptr) ||
                       (sealed_map != nullptr && sealed_map->find(key) != nullptr);
    if (!taken && !value.empty()) ours.set(key, value);
  };
  add("device", sender.device);
  add("source", fmt::format("{}/{}", model::name_of(record.origin.kind), record.origin.id));
  add("event", record.origin.event);
  if (auto put = put_fields(fields, ours, sender.codec); !put) return put;
  if (map != nullptr) {
    if (auto put = put_fields(fields, *map, sender.codec); !put) return put;
  }
  if (sealed_map != nullptr) {
    for (const auto& [key, payload] : *sealed_map) fields.raw(*key.text(), json::write(payload));
  }
  body.raw("memo", "{\"fields\":" + fields.take() + "}");
  return {};
}

std::string seconds_text(Millis duration) {
  const auto whole = std::chrono::duration_cast<std::chrono::seconds>(duration);
  const auto rest = (duration - whole).count();
  return rest == 0 ? fmt::format("\"{}s\"", whole.count())
                   : fmt::format("\"{}.{:03}s\"", whole.count(), rest);
}

Result<void> put_duration(Body& body, std::string_view name, const Map& action, std::string_view key) {
  const std::string text = text_in(action, key);
  if (text.empty()) return {};
  const auto duration = parse_duration(text);
  if (!duration) return duration.error().within(key);
  body.raw(name, seconds_text(*duration));
  return {};
}

Result<void> put_retry(Body& body, const Map& action) {
  const Value* value = action.find("retry");
  const Map* retry = value == nullptr ? nullptr : value->get_if<Map>();
  if (retry == nullptr) return {};
  Body policy;
  if (auto put = put_duration(policy, "initialInterval", *retry, "initial"); !put) return put;
  if (auto put = put_duration(policy, "maximumInterval", *retry, "maximum"); !put) return put;
  if (const Value* backoff = retry->find("backoff")) policy.raw("backoffCoefficient", json::write(*backoff));
  if (const Value* attempts = retry->find("attempts")) policy.raw("maximumAttempts", json::write(*attempts));
  body.raw("retryPolicy", policy.take());
  return {};
}

Result<void> put_policies(Body& body, const OutboxRecord& record) {
  const std::string reuse = text_in(record.action, "reuse");
  if (rejects_reuse(record)) {
    body.text("workflowIdReusePolicy", "WORKFLOW_ID_REUSE_POLICY_REJECT_DUPLICATE");
  } else if (reuse == "failed_only") {
    body.text("workflowIdReusePolicy", "WORKFLOW_ID_REUSE_POLICY_ALLOW_DUPLICATE_FAILED_ONLY");
  } else if (!reuse.empty() && reuse != "allow") {
    return wrong("reuse: \"" + printable(reuse) + "\" is not allow, failed_only or reject");
  }
  const std::string running = text_in(record.action, "if_running");
  if (running == "use_existing") {
    body.text("workflowIdConflictPolicy", "WORKFLOW_ID_CONFLICT_POLICY_USE_EXISTING");
  } else if (running == "terminate_existing") {
    body.text("workflowIdConflictPolicy", "WORKFLOW_ID_CONFLICT_POLICY_TERMINATE_EXISTING");
  } else if (running == "fail" && record.kind == ActionKind::signal_with_start) {
    return wrong("if_running: a signal_with_start signals the workflow that runs; \"fail\" is not for it");
  } else if (!running.empty() && running != "fail") {
    return wrong("if_running: \"" + printable(running) +
                 "\" is not fail, use_existing or terminate_existing");
  }
  return {};
}

// What start and signal_with_start have in common.
Result<void> put_start(Body& body, const Sender& sender, const OutboxRecord& record) {
  const Map& action = record.action;
  const std::string type = text_in(action, "workflow");
  if (type.empty()) return wrong("workflow: the type of the workflow is missing");
  const std::string queue = text_in(action, "task_queue");
  body.named("workflowType", type);
  body.named("taskQueue", queue.empty() ? sender.task_queue : queue);
  body.text("requestId", record.request_id);
  body.text("identity", sender.identity);
  for (const auto& put :
       {put_policies(body, record), put_memo(body, sender, record),
        put_duration(body, "workflowExecutionTimeout", action, "execution_timeout"),
        put_duration(body, "workflowRunTimeout", action, "run_timeout"),
        put_duration(body, "workflowStartDelay", action, "start_delay"), put_retry(body, action),
        put_map(body, "searchAttributes", "indexedFields", action, "search_attributes"),
        put_headers(body, record)}) {
    if (!put) return put;
  }
  return {};
}

Result<Call> post(const Result<std::string>& path, std::string_view tail, Body& body) {
  if (!path) return path.error();
  Call call;
  call.method = "POST";
  call.path = *path;
  call.path += tail;
  call.body = body.take();
  return call;
}

Result<std::string> signal_tail(const Map& action, std::string_view verb) {
  const std::string name = text_in(action, "name");
  if (auto fine = check_id("the signal's name", name); !fine) return fine.error();
  return fmt::format("/{}/{}", verb, percent_encode(name));
}

Result<void> put_failure(Body& body, const Map& action, const PayloadCodec* codec) {
  const Value* value = action.find("failure");
  Body failure;
  Body info;
  if (value != nullptr && value->is<Map>()) {
    const Map& table = *value->get_if<Map>();
    failure.text("message", text_in(table, "message"));
    info.text("type", text_in(table, "type"));
    const Value* final = table.find("non_retryable");
    if (final != nullptr && final->is<bool>()) info.raw("nonRetryable", json::write(*final));
    if (auto put = put_value(info, "details", table, "details", codec); !put) return put;
    if (const Value* sealed = sealed_in(action, "failure_details")) {
      info.raw("details", "{\"payloads\":[" + json::write(*sealed) + "]}");
    }
  } else if (value != nullptr) {
    failure.text("message", value->text() != nullptr ? *value->text() : json::write(*value));
  }
  failure.text("source", "sundial");
  failure.raw("applicationFailureInfo", info.take());
  body.raw("failure", failure.take());
  return {};
}

// One run is meant, not whichever is the present one: only the command line can say so.
void put_run(Body& body, const std::string& run_id) {
  if (!run_id.empty()) body.raw("workflowExecution", "{\"runId\":" + json::quote(run_id) + "}");
}

std::string_view activity_verb(ActionKind kind) {
  if (kind == ActionKind::complete) return "complete";
  return kind == ActionKind::fail ? "fail" : "heartbeat";
}

}  // namespace

std::string text_in(const Map& action, std::string_view key) {
  const Value* value = action.find(key);
  return value != nullptr && value->text() != nullptr ? *value->text() : "";
}

std::string name_space_path(const Sender& sender) {
  return "/api/v1/namespaces/" + percent_encode(sender.name_space);
}

Result<std::string> workflow_path(const Sender& sender, const std::string& workflow_id) {
  if (auto fine = check_id("the workflow's id", workflow_id); !fine) return fine.error();
  return name_space_path(sender) + "/workflows/" + percent_encode(workflow_id);
}

// Temporal refuses "reject" together with "terminate_existing": where only the latter is written, it stands.
bool rejects_reuse(const OutboxRecord& record) {
  const std::string reuse = text_in(record.action, "reuse");
  if (!reuse.empty()) return reuse == "reject";
  return record.id_names_event && text_in(record.action, "if_running") != "terminate_existing";
}

std::string start_id(const OutboxRecord& record, const DeliveryMemory& memory) {
  return memory.renamed_id.empty() ? text_in(record.action, "id") : memory.renamed_id;
}

Result<Call> start_call(const Sender& sender, const OutboxRecord& record, const DeliveryMemory& memory) {
  Body body;
  if (auto put = put_start(body, sender, record); !put) return put.error();
  if (auto put = put_list(body, "input", record.action, "args", sender.codec); !put) return put.error();
  return post(workflow_path(sender, start_id(record, memory)), "", body);
}

Result<Call> signal_call(const Sender& sender, const OutboxRecord& record, const std::string& run_id) {
  const auto tail = signal_tail(record.action, "signal");
  if (!tail) return tail.error();
  Body body;
  put_run(body, run_id.empty() ? text_in(record.action, "run_id") : run_id);
  body.text("requestId", record.request_id);
  body.text("identity", sender.identity);
  if (auto put = put_list(body, "input", record.action, "args", sender.codec); !put) return put.error();
  if (auto put = put_headers(body, record); !put) return put.error();
  return post(workflow_path(sender, text_in(record.action, "id")), *tail, body);
}

Result<Call> signal_with_start_call(const Sender& sender, const OutboxRecord& record) {
  const auto tail = signal_tail(record.action, "signal-with-start");
  if (!tail) return tail.error();
  Body body;
  if (auto put = put_start(body, sender, record); !put) return put.error();
  if (auto put = put_list(body, "input", record.action, "start_args", sender.codec); !put) return put.error();
  if (auto put = put_list(body, "signalInput", record.action, "args", sender.codec); !put) return put.error();
  return post(workflow_path(sender, text_in(record.action, "id")), *tail, body);
}

Result<Call> stop_call(const Sender& sender, const OutboxRecord& record, const DeliveryMemory& memory) {
  Body body;
  put_run(body, text_in(record.action, "run_id"));
  body.text("firstExecutionRunId", memory.first_run_id);
  body.text("reason", text_in(record.action, "reason"));
  body.text("identity", sender.identity);
  const bool cancel = record.kind == ActionKind::cancel;
  if (cancel) body.text("requestId", record.request_id);
  return post(workflow_path(sender, text_in(record.action, "id")), cancel ? "/cancel" : "/terminate", body);
}

Result<Call> activity_call(const Sender& sender, const OutboxRecord& record, ActivityRoutes routes) {
  const std::string workflow = text_in(record.action, "workflow_id");
  const std::string activity = text_in(record.action, "activity_id");
  const auto path = workflow_path(sender, workflow);
  if (!path) return path.error();
  if (auto fine = check_id("the activity's id", activity); !fine) return fine.error();
  Body body;
  Result<void> put;
  if (record.kind == ActionKind::complete) {
    put = put_value(body, "result", record.action, "result", sender.codec);
  } else if (record.kind == ActionKind::heartbeat) {
    put = put_value(body, "details", record.action, "details", sender.codec);
  } else {
    put = put_failure(body, record.action, sender.codec);
  }
  if (!put) return put.error();
  body.text("identity", sender.identity);
  const std::string_view verb = activity_verb(record.kind);
  if (routes == ActivityRoutes::by_path) {
    return post(path, fmt::format("/activities/{}/{}", percent_encode(activity), verb), body);
  }
  body.text("workflowId", workflow);
  body.text("activityId", activity);
  return post(name_space_path(sender), fmt::format("/activities/{}-by-id", verb), body);
}

}  // namespace sundial::temporal

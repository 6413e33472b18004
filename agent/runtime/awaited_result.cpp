// A start's `result_to` between the start's answer and the workflow's end.
#include "agent/runtime/awaited_result.hpp"

#include "agent/api/errors.hpp"
#include "agent/core/actions/actions.hpp"
#include "agent/core/engine/recorder.hpp"
#include "platform/json/json.hpp"

namespace sundial::runtime {
namespace {

constexpr int kNoResult = 409;  // as the HTTP surface answers when it is asked for such a result

std::string text_of(const Value& document, std::string_view key) {
  const Value* member = document.find(key);
  return member == nullptr || member->text() == nullptr ? std::string() : *member->text();
}

std::optional<model::OriginKind> origin_kind(std::string_view name) {
  for (const auto kind : {model::OriginKind::rule, model::OriginKind::schedule, model::OriginKind::http,
                          model::OriginKind::command_line}) {
    if (model::name_of(kind) == name) return kind;
  }
  return std::nullopt;
}

// What `{result}` is of a workflow that did not complete.
Value error_object(const WorkflowResult& result) {
  const Value body = api::error_body(
      kNoResult, result.status, "the workflow has ended without a result: " + result.status, result.failure);
  return *body.find("error");
}

}  // namespace

AwaitedResult awaited_result(const model::OutboxRecord& record, const std::string& workflow_id,
                             const std::string& run_id) {
  return {workflow_id, run_id, record.request_id, record.origin, record.priority, *record.result_to};
}

std::string write_awaited(const AwaitedResult& awaited) {
  Map map;
  map.append("workflow_id", awaited.workflow_id);
  map.append("run_id", awaited.run_id);
  map.append("request_id", awaited.request_id);
  map.append("origin", model::name_of(awaited.origin.kind));
  map.append("origin_id", awaited.origin.id);
  map.append("origin_key", awaited.origin.key);
  map.append("origin_event", awaited.origin.event);
  map.append("origin_trace", awaited.origin.trace);
  map.append("priority", awaited.priority);
  map.append("result_to", awaited.result_to);
  return json::write(map);
}

std::optional<AwaitedResult> read_awaited(std::string_view text) {
  const auto document = json::parse(text);
  if (!document) return std::nullopt;
  const auto kind = origin_kind(text_of(*document, "origin"));
  const Value* result_to = document->find("result_to");
  if (!kind || result_to == nullptr) return std::nullopt;
  AwaitedResult awaited;
  awaited.workflow_id = text_of(*document, "workflow_id");
  awaited.run_id = text_of(*document, "run_id");
  awaited.request_id = text_of(*document, "request_id");
  awaited.origin = {*kind, text_of(*document, "origin_id"), text_of(*document, "origin_key"),
                    text_of(*document, "origin_event"), text_of(*document, "origin_trace")};
  const Value* priority = document->find("priority");
  if (priority != nullptr && priority->is<std::int64_t>()) {
    awaited.priority = static_cast<int>(*priority->get_if<std::int64_t>());
  }
  awaited.result_to = *result_to;
  return awaited;
}

Result<model::OutboxRecord> message_of(const AwaitedResult& awaited, const WorkflowResult& result,
                                       Moment now) {
  const Value value = result.status == "completed" ? result.result : error_object(result);
  auto message = actions::bind_result(awaited.result_to, value, result.status);
  if (!message) return message.error();
  actions::RenderedAction action;
  action.kind = model::ActionKind::publish;
  action.action.append("topic", std::move(message->topic));
  action.action.append("payload", std::move(message->payload));
  action.action.append("qos", std::int64_t{1});
  action.priority = awaited.priority;
  engine::Cause cause;
  cause.origin = awaited.origin;
  cause.identity = awaited.request_id;
  cause.decided = now;
  return engine::record_of(cause, "result", std::move(action));
}

}  // namespace sundial::runtime

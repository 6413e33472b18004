// Paths of the reads, and what is remembered of the server.
#include "agent/adapters/temporal/frontend.hpp"

#include "agent/adapters/temporal/json_access.hpp"
#include "platform/base/text.hpp"

namespace sundial::temporal {

Exchange Frontend::send(const Call& call) {
  Exchange exchange;
  exchange.reply = transport_.send(call);
  if (exchange.reply.date) clock_.heard(*exchange.reply.date);
  exchange.sorted = sort_answer(exchange.reply);
  return exchange;
}

Exchange Frontend::get(const std::string& path) {
  Call call;
  call.method = "GET";
  call.path = name_space_path(sender_) + path;
  return send(call);
}

Exchange Frontend::describe_namespace() {
  Exchange exchange = get("");
  if (exchange.ok()) {
    const auto seconds = seconds_at(exchange.sorted.body, {"config", "workflowExecutionRetentionTtl"});
    if (seconds) retention_ = Millis(*seconds).count();
  }
  return exchange;
}

std::optional<Instant> Frontend::server_now() {
  // One that names no time would be asked before each call, in vain.
  if (!clock_.now() && !timeless_) timeless_ = describe_namespace().ok() && !clock_.now();
  return clock_.now();
}

std::optional<Millis> Frontend::retention() {
  if (retention_ < 0) describe_namespace();
  const Millis::rep known = retention_;
  if (known < 0) return std::nullopt;
  return Millis(known);
}

Exchange Frontend::describe(const std::string& workflow_id, const std::string& run_id) {
  std::string path = "/workflows/" + percent_encode(workflow_id) + "?noPayloadShorthand";
  if (!run_id.empty()) path += "&execution.runId=" + percent_encode(run_id);
  return get(path);
}

Run Frontend::read_run(const Value& description, const std::string& request_id) {
  Run run;
  run.run_id = text_at(description, {"workflowExecutionInfo", "execution", "runId"});
  run.first_run_id = text_at(description, {"workflowExecutionInfo", "firstRunId"});
  run.start = time_at(description, {"workflowExecutionInfo", "startTime"});
  run.close = time_at(description, {"workflowExecutionInfo", "closeTime"});
  run.holds_request = !request_id.empty() &&
                      at(description, {"workflowExtendedInfo", "requestIdInfos", request_id}) != nullptr;
  return run;
}

}  // namespace sundial::temporal

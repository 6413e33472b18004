// The five ends of a run, and continue-as-new.
#include "agent/adapters/temporal/failures.hpp"

#include <array>

#include "agent/adapters/temporal/json_access.hpp"
#include "agent/adapters/temporal/payloads.hpp"

namespace sundial::temporal {
namespace {

constexpr int kDeepestCause = 20;

constexpr std::array<std::pair<std::string_view, std::string_view>, 8> kInfos{{
    {"timeoutFailureInfo", "TimeoutError"},
    {"canceledFailureInfo", "CancelledError"},
    {"terminatedFailureInfo", "TerminatedError"},
    {"serverFailureInfo", "ServerError"},
    {"resetWorkflowFailureInfo", "ResetWorkflow"},
    {"activityFailureInfo", "ActivityError"},
    {"childWorkflowExecutionFailureInfo", "ChildWorkflowError"},
    {"nexusOperationExecutionFailureInfo", "NexusOperationError"},
}};

std::string type_of(const Value& failure) {
  std::string own = text_at(failure, {"applicationFailureInfo", "type"});
  if (!own.empty()) return own;
  for (const auto& [info, type] : kInfos) {
    if (failure.find(info) != nullptr) return std::string(type);
  }
  return "";
}

Value read_level(const Value& failure, const PayloadCodec* codec, int depth) {
  Map shown;
  shown.set("message", text_at(failure, {"message"}));
  shown.set("type", type_of(failure));
  const Value* details = at(failure, {"applicationFailureInfo", "details"});
  if (details != nullptr) {
    auto values = decode_values(details, codec);
    if (values && !values->is_null()) shown.set("details", std::move(*values));
  }
  const Value* cause = failure.find("cause");
  if (cause != nullptr && depth < kDeepestCause) shown.set("cause", read_level(*cause, codec, depth + 1));
  return shown;
}

Value simple_failure(std::string message, std::string type) {
  Map failure;
  failure.set("message", std::move(message));
  failure.set("type", std::move(type));
  return failure;
}

WorkflowEnd unhappy(std::string status, Value failure) {
  WorkflowEnd end;
  end.result.status = std::move(status);
  end.result.failure = std::move(failure);
  return end;
}

WorkflowEnd read_canceled(const Value& attributes, const PayloadCodec* codec) {
  WorkflowEnd end = unhappy("canceled", simple_failure("the workflow was cancelled", "CancelledError"));
  auto details = decode_values(attributes.find("details"), codec);
  if (details && !details->is_null()) end.result.failure.get_if<Map>()->set("details", std::move(*details));
  return end;
}

}  // namespace

Value read_failure(const Value& failure, const PayloadCodec* codec) {
  return read_level(failure, codec, 0);
}

Result<std::optional<WorkflowEnd>> read_end(const Value& event, const PayloadCodec* codec) {
  std::optional<WorkflowEnd> end;
  if (const Value* completed = event.find("workflowExecutionCompletedEventAttributes")) {
    auto result = decode_values(completed->find("result"), codec);
    if (!result) return result.error();
    end.emplace();
    end->result.status = "completed";
    end->result.result = std::move(*result);
    end->next_run = text_at(*completed, {"newExecutionRunId"});
  } else if (const Value* failed = event.find("workflowExecutionFailedEventAttributes")) {
    const Value* failure = failed->find("failure");
    end = unhappy("failed", read_failure(failure == nullptr ? Value(Map()) : *failure, codec));
    end->next_run = text_at(*failed, {"newExecutionRunId"});
  } else if (const Value* timed_out = event.find("workflowExecutionTimedOutEventAttributes")) {
    end = unhappy("timed_out", simple_failure("the workflow ran out of time", "TimeoutError"));
    end->next_run = text_at(*timed_out, {"newExecutionRunId"});
  } else if (const Value* canceled = event.find("workflowExecutionCanceledEventAttributes")) {
    end = read_canceled(*canceled, codec);
  } else if (const Value* terminated = event.find("workflowExecutionTerminatedEventAttributes")) {
    const std::string reason = text_at(*terminated, {"reason"});
    end = unhappy("terminated",
                  simple_failure(reason.empty() ? "the workflow was terminated" : reason, "TerminatedError"));
  } else if (const Value* continued = event.find("workflowExecutionContinuedAsNewEventAttributes")) {
    end.emplace();
    end->result.status = "continued_as_new";
    end->next_run = text_at(*continued, {"newExecutionRunId"});
  }
  if (end) end->result.ended = time_at(event, {"eventTime"});
  return end;
}

}  // namespace sundial::temporal

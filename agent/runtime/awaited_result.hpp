// A start's `result_to` between the start's answer and the workflow's end.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "agent/core/model/action.hpp"
#include "agent/ports/workflow_service.hpp"

namespace sundial::runtime {

struct AwaitedResult {
  std::string workflow_id, run_id;  // no run id: the present run
  std::string request_id;           // the start's: the message's own follows from it
  model::Origin origin;
  int priority = 0;
  Value result_to;  // as the record carries it
};

// Of a start that has a run now.
AwaitedResult awaited_result(const model::OutboxRecord& record, const std::string& workflow_id,
                             const std::string& run_id);

// As the store keeps it, and back.
std::string write_awaited(const AwaitedResult& awaited);
std::optional<AwaitedResult> read_awaited(std::string_view text);

// The message that tells the end. An error: the template asks for what the result does not have.
Result<model::OutboxRecord> message_of(const AwaitedResult& awaited, const WorkflowResult& result,
                                       Moment now);

}  // namespace sundial::runtime

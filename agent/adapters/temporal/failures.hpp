// Failures and ends of workflows as people read them.
#pragma once

#include <optional>
#include <string>

#include "agent/ports/payload_codec.hpp"
#include "agent/ports/workflow_service.hpp"
#include "platform/base/value.hpp"

namespace sundial::temporal {

// Temporal's failure as {message, type, details, cause}, as deep as it goes (bounded).
Value read_failure(const Value& failure, const PayloadCodec* codec);

struct WorkflowEnd {
  WorkflowResult result;
  std::string next_run;  // it goes on there: continued as new, or tried again
};

// Of the history's last event; nothing where that is no end.
Result<std::optional<WorkflowEnd>> read_end(const Value& event, const PayloadCodec* codec);

}  // namespace sundial::temporal

// A call that goes straight to a workflow, as a record of the outbox.
#pragma once

#include <string>

#include "agent/api/agent_control.hpp"
#include "agent/core/model/action.hpp"
#include "platform/base/result.hpp"

namespace sundial::runtime {

// Checks keys and types as for the configuration; texts are values, braces and all. `call_id` names
// this call: a start without an id is made one of it.
Result<model::OutboxRecord> record_of(const api::DirectCall& call, const std::string& device,
                                      const std::string& call_id, Moment now);

}  // namespace sundial::runtime

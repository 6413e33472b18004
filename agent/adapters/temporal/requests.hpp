// Records as requests of Temporal's HTTP API: which path, which body. Pure.
#pragma once

#include <string>
#include <string_view>

#include "agent/adapters/temporal/transport.hpp"
#include "agent/core/model/action.hpp"
#include "agent/ports/payload_codec.hpp"
#include "agent/ports/workflow_service.hpp"
#include "platform/base/result.hpp"

namespace sundial::temporal {

// What every request of one service shares.
struct Sender {
  std::string name_space;
  std::string task_queue;  // of starts that name none
  std::string device;      // for the memo
  std::string identity;
  const PayloadCodec* codec = nullptr;
};

// The routes for activities were changed in February 2026.
enum class ActivityRoutes { by_body, by_path };

// "/api/v1/namespaces/NAME"
std::string name_space_path(const Sender& sender);
// The same with "/workflows/ID"; an id that can't be addressed is an error.
Result<std::string> workflow_path(const Sender& sender, const std::string& workflow_id);

// The workflow's id under which a start goes now.
std::string start_id(const model::OutboxRecord& record, const DeliveryMemory& memory);

// Whether Temporal itself keeps a second run from being started under the id.
bool rejects_reuse(const model::OutboxRecord& record);

// An error is the record's own fault: it is dead.
Result<Call> start_call(const Sender& sender, const model::OutboxRecord& record,
                        const DeliveryMemory& memory);
// Pinned to a run where `run_id` is not empty.
Result<Call> signal_call(const Sender& sender, const model::OutboxRecord& record, const std::string& run_id);
Result<Call> signal_with_start_call(const Sender& sender, const model::OutboxRecord& record);
Result<Call> stop_call(const Sender& sender, const model::OutboxRecord& record, const DeliveryMemory& memory);
Result<Call> activity_call(const Sender& sender, const model::OutboxRecord& record, ActivityRoutes routes);

// A text of the action's table, or "".
std::string text_in(const Map& action, std::string_view key);

}  // namespace sundial::temporal
